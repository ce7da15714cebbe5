using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>Questions to the server's catalogue. Names go and come in the session's encoding, as they stand in the dump.</summary>
internal static class PostgresCatalog
{
    private const string Relations = "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";

    public static HashSet<ByteString> ReadDatabases(PostgresConnection connection) =>
        [.. connection.Query("SELECT datname FROM pg_catalog.pg_database").Rows.Select(row => ByteString.Own(row[0]!))];

    /// <summary>Tables, views and sequences that are there.</summary>
    public static HashSet<ObjectName> ReadRelations(PostgresConnection connection) =>
        [.. connection.Query($"{Relations} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', '{PostgresLedger.Schema}')")
            .Rows.Select(row => new ObjectName(ByteString.Own(row[0]!), ByteString.Own(row[1]!)))];

    /// <summary>Whether a crash of the server empties a relation (UNLOGGED).</summary>
    public static bool IsUnlogged(PostgresConnection connection, ObjectName name) =>
        connection.Query(PostgresSql.Join("SELECT 1 FROM pg_catalog.pg_class WHERE relpersistence = 'u' AND oid = ", Oid(name))).Rows.Count > 0;

    /// <summary>Whether something acts on the rows of a table as they come: triggers, and with them foreign keys.</summary>
    public static bool HasTriggers(PostgresConnection connection, ObjectName table) =>
        connection.Query(PostgresSql.Join("SELECT 1 FROM pg_catalog.pg_trigger WHERE tgrelid = ", Oid(table), " LIMIT 1")).Rows.Count > 0;

    /// <summary>The columns that count by themselves where a row gives them no value.</summary>
    public static List<ByteString> CountingColumns(PostgresConnection connection, ObjectName table) =>
        [.. connection.Query(PostgresSql.Join("SELECT a.attname FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attnum > 0 AND a.attrelid = ",
            Oid(table), " AND (a.attidentity <> '' OR pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%')")).Rows.Select(row => ByteString.Own(row[0]!))];

    public static bool IsPartitioned(PostgresConnection connection, ObjectName table) =>
        connection.Query(PostgresSql.Join("SELECT 1 FROM pg_catalog.pg_class WHERE relkind = 'p' AND oid = ", Oid(table))).Rows.Count > 0;

    public static bool HasSchema(PostgresConnection connection, ByteString name) =>
        connection.Query(PostgresSql.Join("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = ", PostgresSql.Literal(name.Span))).Rows.Count > 0;

    private static byte[] Oid(ObjectName name) => PostgresSql.Join("pg_catalog.to_regclass(", PostgresSql.Literal(PostgresSql.Join(name)), ")");

    /// <summary>Those of the indexes and constraints that are not there, or not as valid as in the dump.</summary>
    public static List<string> Missing(PostgresConnection connection, IReadOnlyCollection<BuiltPart> parts)
    {
        if (parts.Count == 0)
            return [];
        // Of a partitioned table an index is valid when all partitions have theirs attached, which not every dump says.
        HashSet<ObjectName> indexes = [.. connection.Query(
            $"{Relations} JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid WHERE i.indisvalid OR c.relkind = 'I'").Rows.Select(row => new ObjectName(ByteString.Own(row[0]!), ByteString.Own(row[1]!)))];
        Dictionary<(ObjectName, ByteString), bool> constraints = connection.Query(
            "SELECT n.nspname, c.relname, k.conname, k.convalidated FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace")
            .Rows.ToDictionary(row => (new ObjectName(ByteString.Own(row[0]!), ByteString.Own(row[1]!)), ByteString.Own(row[2]!)), row => row[3] is [(byte)'t']);
        return [.. parts.Where(part => part.IsIndex ? !indexes.Contains(new(part.Table.Qualifier, part.Name)) : !constraints.TryGetValue((part.Table, part.Name), out bool valid) || valid != part.IsValid)
            .Select(part => $"{(part.IsIndex ? "index" : "constraint")} {part.Name} of {part.Table}")];
    }
}
