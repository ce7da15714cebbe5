using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>What was taken out of CREATE TABLE: the foreign keys are added when all tables are whole, and all of it is looked for at the end.</summary>
internal sealed class DeferredKeys(MySqlConnection main, SessionFollower follower, LoadOptions options, LoadReport report)
{
    private readonly List<(TableLoad Table, bool IsChecked)> tables = [];

    /// <param name="definition">What is to be added; the rest is there.</param>
    public void Defer(TableLoad table, TableDefinition definition)
    {
        table.Deferred = definition;
        tables.Add((table, follower.ChecksForeignKeys));
    }

    public void AddForeignKeys()
    {
        foreach ((TableLoad table, bool isChecked) in tables)
            if (table.Deferred!.ForeignKeys.Count > 0)
                AddForeignKeys(table, isChecked);
    }

    /// <exception cref="FailedException">An index or a foreign key is not there.</exception>
    public void Verify()
    {
        foreach ((TableLoad table, _) in tables)
            if (Missing(table, table.Deferred!) is { Keys: var keys, ForeignKeys: var foreignKeys } && keys.Count + foreignKeys.Count > 0 && options.OnError == OnError.Stop)
                throw new FailedException($"{table.Shown}: {keys.Count} of its indexes and {foreignKeys.Count} of its foreign keys are missing at the end", "SHOW CREATE TABLE tells which are there");
    }

    /// <summary>Of a definition, what the table on the server has not.</summary>
    public TableDefinition Missing(TableLoad table, TableDefinition definition)
    {
        HashSet<ByteString> keys = Names("SELECT DISTINCT CAST(INDEX_NAME AS BINARY) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {0} AND TABLE_NAME = {1}");
        HashSet<ByteString> constraints = Names("SELECT CAST(CONSTRAINT_NAME AS BINARY) FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = {0} AND TABLE_NAME = {1} AND CONSTRAINT_TYPE = 'FOREIGN KEY'");
        return definition with
        {
            Keys = [.. definition.Keys.Where(key => !keys.Contains(ByteString.Own(key.Name)))],
            ForeignKeys = [.. definition.ForeignKeys.Where(key => !constraints.Contains(ByteString.Own(key.Name)))],
        };

        HashSet<ByteString> Names(string query) =>
            [.. main.Query(string.Format(CultureInfo.InvariantCulture, query, Sql.NameLiteral(table.Name.Qualifier ?? default), Sql.NameLiteral(table.Name.Name)))
                .Rows.Select(row => ByteString.Own(row[0]!))];
    }

    private void AddForeignKeys(TableLoad table, bool isChecked)
    {
        SessionFollower.Apply(main, follower.State(), table.DefinedIn!);
        main.Query("SET foreign_key_checks=" + (isChecked ? "1" : "0"));
        try
        {
            WorkerPool.Alter(main, table, table.Deferred!.ForeignKeys);
        }
        catch (ServerException e)
        {
            string what = $"{table.Shown}: its foreign keys cannot be added: {e.Message}";
            if (options.OnError == OnError.Stop)
                throw new FailedException(what, "its rows are loaded; correct the cause and go on with --resume", e);
            report.Skip(what);
        }
        SessionFollower.Apply(main, table.DefinedIn!, follower.State());
    }
}
