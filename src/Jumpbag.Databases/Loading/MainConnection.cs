using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>The connection on which the dump's definitions run, with what the person wants done at a statement that the server refuses.</summary>
internal sealed class MainConnection(MySqlConnection connection, LoadOptions options, LoadReport report, ServerObjects existing)
{
    private const int DatabaseExists = 1007, TableExists = 1050, DuplicateColumn = 1060, DuplicateKey = 1061, SecondPrimaryKey = 1068, NothingToDrop = 1091,
        DuplicateConstraint = 1826;

    /// <summary>MariaDB's for a foreign key whose name the database has, on whatever table.</summary>
    private const int CannotMakeTable = 1005;

    public MySqlConnection Connection => connection;

    public void Run(DumpStatement statement) => Run(statement, statement.Text.Span);

    /// <summary>Runs a definition that may have been carried out already: that what it adds is there, or what it drops is not, is then no failure.</summary>
    public void RunUnlessDone(DumpStatement statement)
    {
        try
        {
            connection.Query(statement.Text.Span);
        }
        catch (ServerException e) when (MeansDone(e) || (e.Code == CannotMakeTable && HasForeignKeys(statement)))
        {
            // Each definition is carried out whole or not at all.
        }
        catch (ServerException)
        {
            Run(statement);
        }
    }

    /// <summary>Whether the server refuses a definition because what it adds is there, or what it drops is not.</summary>
    public static bool MeansDone(ServerException e) =>
        e.Code is DatabaseExists or TableExists or DuplicateColumn or DuplicateKey or SecondPrimaryKey or NothingToDrop or DuplicateConstraint;

    /// <param name="sql">What is sent instead of the statement as it stands.</param>
    public void Run(DumpStatement statement, ReadOnlySpan<byte> sql)
    {
        try
        {
            connection.Query(sql);
        }
        catch (ServerException e) when (e.Code == DatabaseExists)
        {
            // Of mydumper and phpMyAdmin: that its tables are not in the way was looked at before.
            report.LeaveOut("CREATE DATABASE of databases that are there");
        }
        catch (ServerException e)
        {
            if (options.OnError == OnError.Stop)
                throw LoadFailure.Of(statement, e);
            report.Skip(LoadReport.Describe(statement, e.Message));
        }
    }

    /// <param name="database">Where an object lies whose name does not say it.</param>
    /// <exception cref="UnsupportedException">The server had an object of this name before the load, and the person has not allowed to replace it.</exception>
    public void CheckNotThere(DumpStatement statement, ByteString? database)
    {
        if (options.Replace || options.Resume || statement.Name is not { } name)
            return;
        ObjectName full = name.Qualifier is null ? new(database, name.Name) : name;
        if (existing.InTheWay(statement.Kind, full) is { } kind)
            throw AlreadyThere(full, kind);
    }

    public static UnsupportedException AlreadyThere(ObjectName name, string kind) =>
        new($"{name} is already there (a {kind})", IsOfServer(name) ? $"--exclude '{name.Qualifier}.*' leaves this server's accounts and settings as they are, --replace puts those of the dump in their place"
            : kind.StartsWith("table", StringComparison.Ordinal)
            ? $"--replace drops what the dump has, --rename {name.Name}={name.Name}_restored loads it beside, --tables chooses others"
            : "--replace drops what the dump has, --tables and --exclude choose");

    /// <summary>Whether the table has the foreign keys that an ALTER TABLE names.</summary>
    private bool HasForeignKeys(DumpStatement statement)
    {
        if (statement is not { Kind: StatementKind.AlterTable, Name: { } table })
            return false;
        ReadOnlySpan<byte> sql = statement.Text.Span;
        var names = new List<string>();
        bool follows = false;
        foreach (StatementToken token in StatementTokens.Read(sql, new MariaDbLexer()))
        {
            if (follows && token.IsName)
                names.Add(Sql.NameLiteral(new(token.Identifier(sql))));
            follows = token.Is(sql, "CONSTRAINT");
        }
        string database = table.Qualifier is { } qualifier ? Sql.NameLiteral(qualifier) : "DATABASE()";
        return names.Count > 0 && connection.Query($"SELECT CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = {database} AND TABLE_NAME = {Sql.NameLiteral(table.Name)} AND CONSTRAINT_NAME IN ({string.Join(',', names)})")
            .Rows.Count == names.Count;
    }

    /// <summary>Of dumps of all databases.</summary>
    private static bool IsOfServer(ObjectName name) => name.Qualifier is { } database && (database == ByteString.FromText("mysql") || database == ByteString.FromText("sys"));
}
