using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// Whether what the person chose and renamed is in the dump. A misspelled name must not load nothing and look done, nor load what was to
/// be left out, nor replace the living table beside which another was to be.
/// </summary>
public static class Choice
{
    /// <exception cref="NotFoundException">A name fits nothing in the dump.</exception>
    /// <exception cref="UsageException">Two of the dump would get one name.</exception>
    public static void Check(LoadOptions options, DumpIndex index, Dialect dialect)
    {
        foreach (string pattern in options.Tables)
            MustBe("--tables", pattern, index, found => IsNamed(pattern, found));
        // Of PostgreSQL also types and the like can be left out, which the index does not hold.
        foreach (string pattern in dialect == Dialect.Postgres ? [] : options.Exclude)
            MustBe("--exclude", pattern, index, found => IsNamed(pattern, found));
        foreach (string pattern in options.Databases)
            MustBe("--databases", pattern, index, found => Within(found).Any(name => Selection.Fits(pattern, name, null)));
        foreach ((string old, _) in options.Rename)
            if (RenamedName.Find(old, index) is null)
                throw Nothing("--rename", old);
    }

    /// <exception cref="UsageException">Two objects would get the same name.</exception>
    public static void CheckNames(ILoad load, DumpIndex index)
    {
        var names = new Dictionary<(ByteString? Catalog, ObjectName Name), DumpObject>();
        foreach (DumpObject found in index.Objects)
            if (found.Type is DumpObjectType.Table or DumpObjectType.View or DumpObjectType.Sequence && load.Wants(found) && !names.TryAdd((load.DatabaseOnServer(found), load.OnServer(found)), found))
                throw new UsageException($"{names[(load.DatabaseOnServer(found), load.OnServer(found))].FullName} and {found.FullName} would both be {load.OnServer(found)}", "--rename gives each a name of its own");
    }

    /// <summary>Adding rows to a table that is there may be what is wanted, and is to be said.</summary>
    public static UnsupportedException RowsOnly(ObjectName table) =>
        new($"{table} is already there, and the dump has only rows for it", "--data-only adds them to those that it has");

    private static void MustBe(string option, string name, DumpIndex index, Predicate<DumpObject> fits)
    {
        if (!index.Objects.Exists(fits))
            throw Nothing(option, name);
    }

    private static NotFoundException Nothing(string option, string name) =>
        new($"{option} {name}: nothing in the dump is called so; nothing was changed", "jumpbag load --list shows what is in it");

    private static bool IsNamed(string pattern, DumpObject found) =>
        found.Type != DumpObjectType.Database && Selection.Fits(pattern, (found.Table ?? found.Name).Name, found.Name.Qualifier);

    /// <summary>The names of the databases and the schema that it is, or is in.</summary>
    private static IEnumerable<ByteString> Within(DumpObject found) =>
        new[] { found.Type == DumpObjectType.Database ? found.Name.Name : found.Name.Qualifier, found.Database }.OfType<ByteString>();
}
