using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps;

/// <summary>
/// A table, view, routine or other object as a statement names it, unquoted. Names are bytes: a dump's character set may be any.
/// </summary>
/// <param name="Qualifier">The database (MariaDB, MySQL) or schema (PostgreSQL) that the statement names, or where it names none the
/// one that the dump is in; null where that is not known.</param>
public readonly record struct ObjectName(ByteString? Qualifier, ByteString Name)
{
    public override string ToString() => Qualifier is { } qualifier ? $"{qualifier}.{Name}" : Name.ToString();
}
