using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading;

public enum RenamedType
{
    /// <summary>MariaDB and MySQL: a database; PostgreSQL: one that the dump goes to by \connect.</summary>
    Database,

    /// <summary>PostgreSQL: a schema.</summary>
    Schema,

    /// <summary>Of one database or schema, or wherever it is.</summary>
    Table,

    /// <summary>A dump that comes through a pipe doesn't tell in time.</summary>
    Unknown,
}

/// <summary>What --rename means by an old name. Names may have dots in themselves, so what is in the dump decides.</summary>
public readonly record struct RenamedName(RenamedType Type, ObjectName Name)
{
    /// <param name="index">Null where the dump comes through a pipe: up to the first dot it is the database's or schema's name.</param>
    public static RenamedName Of(string old, DumpIndex? index)
    {
        if (index is not null && Find(old, index) is { } found)
            return found;
        int dot = old.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 ? new(RenamedType.Table, At(old, dot)) : new(RenamedType.Unknown, new(null, ByteString.FromArgument(old)));
    }

    /// <summary>Null where nothing in the dump is called so.</summary>
    public static RenamedName? Find(string old, DumpIndex index)
    {
        var whole = new ObjectName(null, ByteString.FromArgument(old));
        if (index.Objects.Exists(found => found.Type == DumpObjectType.Database && found.Name.Name == whole.Name || found.Database == whole.Name))
            return new(RenamedType.Database, whole);
        if (index.Objects.Exists(found => found.Name.Qualifier == whole.Name))
            return new(RenamedType.Schema, whole);
        if (index.Objects.Exists(found => found.Name.Name == whole.Name))
            return new(RenamedType.Table, whole);
        for (int dot = old.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = old.IndexOf('.', dot + 1))
            if (At(old, dot) is var name && index.Objects.Exists(found => found.Name == name))
                return new(RenamedType.Table, name);
        return null;
    }

    private static ObjectName At(string name, int dot) => new(ByteString.FromArgument(name[..dot]), ByteString.FromArgument(name[(dot + 1)..]));
}
