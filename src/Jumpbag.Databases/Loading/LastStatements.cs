using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// Views, triggers, routines and events: kept until all rows are in, since triggers would act on them and views need their tables,
/// and then made in the order of the dump, each in the session in which it stood there.
/// </summary>
internal sealed class LastStatements(MainConnection main, LoadOptions options, LoadReport report, ServerObjects existing)
{
    private readonly List<(DumpStatement Statement, SessionState State)> kept = [];

    public void Keep(DumpStatement statement, SessionState state) => kept.Add((statement, state));

    /// <param name="now">The state of the main connection.</param>
    public void Run(SessionState now, CancellationToken cancellation)
    {
        foreach ((DumpStatement statement, SessionState then) in kept)
        {
            cancellation.ThrowIfCancellationRequested();
            SessionFollower.Apply(main.Connection, now, then);
            now = then;
            Run(statement, then);
            statement.Release?.Invoke();
        }
    }

    /// <summary>Definers are kept as the client would keep them; those that this server does not know are told.</summary>
    public void WarnOfDefiners()
    {
        string[] schemas = [.. kept.Where(made => made.Statement.Kind is StatementKind.CreateView or StatementKind.CreateTrigger or StatementKind.CreateRoutine or StatementKind.CreateEvent)
            .Select(made => made.Statement.Name?.Qualifier ?? made.Statement.Database ?? options.Database).OfType<ByteString>().Distinct().Select(Sql.NameLiteral)];
        if (schemas.Length == 0)
            return;
        string within = string.Join(',', schemas);
        try
        {
            QueryResult unknown = main.Connection.Query("SELECT DEFINER, COUNT(*) FROM (SELECT DEFINER, TABLE_SCHEMA AS s FROM information_schema.VIEWS UNION ALL SELECT DEFINER, TRIGGER_SCHEMA FROM information_schema.TRIGGERS "
                + "UNION ALL SELECT DEFINER, ROUTINE_SCHEMA FROM information_schema.ROUTINES UNION ALL SELECT DEFINER, EVENT_SCHEMA FROM information_schema.EVENTS) made "
                + $"WHERE s IN ({within}) AND DEFINER NOT IN (SELECT CONCAT(User, '@', Host) FROM mysql.user) AND DEFINER NOT IN (SELECT CONCAT(User, '@') FROM mysql.user) GROUP BY DEFINER");
            foreach (byte[]?[] row in unknown.Rows)
                report.Note($"there is no account {new ByteString(row[0]!)} here, which {new ByteString(row[1]!)} of the views, triggers, routines and events run as: they fail until it is made; --definer drop makes you their definer");
        }
        catch (ServerException e) when (e.Code is 1142 or 1143 or 1044)
        {
            // Whoever may not read the accounts learns of a missing one from the server.
        }
    }

    private void Run(DumpStatement statement, SessionState session)
    {
        ByteString? database = statement.Database ?? options.Database;
        bool mayReplace = options.Replace || options.Resume;
        if (statement.Name is { } name)
        {
            ObjectName full = name.Qualifier is null ? new(database, name.Name) : name;
            if (!mayReplace && Created(statement.Kind) is { } made && existing.InTheWay(made, full) is not null)
                return;
            main.CheckNotThere(statement, database);
            if (mayReplace && Word(statement, session) is { } word)
                main.Connection.Query(Sql.Join("DROP ", word, " IF EXISTS ", name));
        }
        main.Run(statement);
    }

    /// <summary>Of a statement that drops an object: the kind of the one that makes it.</summary>
    private static StatementKind? Created(StatementKind kind) => kind switch
    {
        StatementKind.DropView => StatementKind.CreateView,
        StatementKind.DropTrigger => StatementKind.CreateTrigger,
        StatementKind.DropRoutine => StatementKind.CreateRoutine,
        StatementKind.DropEvent => StatementKind.CreateEvent,
        _ => null,
    };

    /// <summary>What DROP calls that which this statement makes; null where it makes nothing.</summary>
    private static string? Word(DumpStatement statement, SessionState session)
    {
        ReadOnlySpan<byte> sql = statement.Text.Span;
        switch (statement.Kind)
        {
            case StatementKind.CreateView:
                return "VIEW";
            case StatementKind.CreateTrigger:
                return "TRIGGER";
            case StatementKind.CreateEvent:
                return "EVENT";
            case StatementKind.CreateRoutine:
                foreach (StatementToken token in StatementTokens.Read(sql, session.Lexer()))
                    foreach (string word in (ReadOnlySpan<string>)["PROCEDURE", "FUNCTION", "PACKAGE"])
                        if (token.Is(sql, word))
                            return word;
                return null;
            default:
                return null;
        }
    }
}
