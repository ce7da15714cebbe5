using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;
using Jumpbag.Databases.Servers;
using Tokens = Jumpbag.Databases.Dumps.Scanning.SqlTokens;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>Which statement goes where: the plan.</summary>
public sealed partial class PostgresLoad
{
    private const string Drops = "DROP: what the dump makes is dropped with --replace, when it is made";

    private const long MostPostponed = 16 << 20;

    private readonly HashSet<ObjectName> known = [], ordered = [];
    private readonly Dictionary<ObjectName, List<ByteString>> counting = [];
    private readonly HashSet<(string Type, ByteString Identity)> made = [];
    private readonly List<DumpStatement> rows = [];
    private readonly List<(DumpStatement Statement, Subject Subject)> postponed = [];
    private readonly List<BuiltPart> built = [];
    private ByteString? dumped;
    private long gathered, postponedBytes;

    private void Do(DumpStatement statement, Subject subject)
    {
        switch (statement.Kind)
        {
            case StatementKind.Insert or StatementKind.Copy when !main.IsInTransaction:
                TakeRows(statement);
                return;
            case StatementKind.Insert or StatementKind.Copy when statement.HasRest:
                throw new UnsupportedException(LoadReport.Describe(statement, "a row that is too long to be held stands within the dump's own transaction"), "take BEGIN and COMMIT out of the dump: each statement is then committed with its note");
            case StatementKind.CreateIndex when !main.IsInTransaction && statement.Table is { } table:
                EndRows();
                built.AddRange(BuiltPart.Of(statement));
                if (!main.Ledger.IsDone(statement))
                {
                    pool.Send(new(Table(table), main.Session, [statement], main.Ledger.Note(statement)));
                    return;
                }
                Table(table).CountIndex();
                break;
            case StatementKind.Set:
                if (subject.Verb == "SET" && options.DropDefiners && PostgresSession.Variable(statement.Text.Span) is "session authorization")
                    break;
                // What was postponed was to run in the session as it is now.
                if (postponed.Count > 0)
                    Barrier();
                EndRows();
                main.Set(statement);
                break;
            case StatementKind.SetGlobal:
                Report.LeaveOut("ALTER SYSTEM: the server's own settings are not the dump's to change");
                break;
            case StatementKind.Use:
                Use(statement.Name!.Value.Name);
                break;
            case StatementKind.Begin:
                Barrier();
                main.Begin(statement);
                return;
            case StatementKind.Commit:
                main.Commit(statement);
                break;
            case StatementKind.Account when options.DropDefiners && statement.Text.Span.IndexOf(" OWNER TO "u8) > 0:
                break;
            case StatementKind.AddForeignKey or StatementKind.CreateTrigger or StatementKind.Other when !main.IsInTransaction && MayWait(statement.Kind, subject):
                postponed.Add((statement, subject));
                postponedBytes += statement.Length;
                if (postponedBytes > MostPostponed)
                    Barrier();
                return;
            default:
                RunInPlace(statement, subject);
                break;
        }
        statement.Release?.Invoke();
    }

    /// <summary>What no index can depend on waits for those that are being built, rather than keep the next ones waiting; foreign keys wait for each other.</summary>
    private bool MayWait(StatementKind kind, Subject subject) => kind == StatementKind.AddForeignKey
        || ((postponed.Count > 0 || pool.IsBuilding) && ((kind == StatementKind.CreateTrigger && subject.Type == "TRIGGER") || subject is { Verb: "COMMENT" } or { Verb: "ALTER", Type: "INDEX" }));

    /// <summary>Where the client would run it: after all that stands before it.</summary>
    private void RunInPlace(DumpStatement statement, Subject subject)
    {
        Barrier();
        Run(statement, subject);
    }

    private void Barrier()
    {
        EndRows();
        pool.Drain();
        foreach ((DumpStatement statement, Subject subject) in postponed)
        {
            cancellation.ThrowIfCancellationRequested();
            Run(statement, subject);
            statement.Release?.Invoke();
        }
        postponed.Clear();
        postponedBytes = 0;
        CheckForeignKeys();
    }

    private void Run(DumpStatement statement, Subject subject)
    {
        if (IsLeftOut(statement, subject))
            return;
        if (statement.Kind == StatementKind.AddForeignKey && !main.IsInTransaction)
        {
            AddForeignKey(statement);
            return;
        }
        byte[]? before = subject.Verb switch
        {
            "CREATE" => Create(statement, subject),
            "LARGE OBJECT" when options.Replace && Argument(statement.Text.Span, "lo_create"u8) is { } oid =>
                PostgresSql.Join("SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = ", oid),
            _ => null,
        };
        Progress.Begin(options.Jobs, Shown(statement, subject));
        if (statement.Kind == StatementKind.SetSequenceValue && options.Resume && main.Ledger.IsDone(statement) && statement.Name is { } sequence && PostgresCatalog.IsUnlogged(main.Connection, sequence))
            main.RunAgain(statement);
        else if (main.Run(statement, before))
            Follow(statement);
        Progress.End(options.Jobs);
        if (statement.Kind is StatementKind.Insert or StatementKind.Copy)
            Table(statement.Name!.Value).Count(statement.Rows, statement.Length);
        Progress.Acknowledge(statement.Rows, statement.Rows > 0 ? statement.Length : 0, TimeSpan.Zero);
    }

    private bool IsLeftOut(DumpStatement statement, Subject subject)
    {
        if (subject is { Verb: "CREATE", Type: "SCHEMA", Name: { } schema } && !main.Ledger.IsDone(statement) && PostgresCatalog.HasSchema(main.Connection, rewriter.MapSchema(schema.Name)))
        {
            Report.LeaveOut("CREATE SCHEMA of schemas that are there");
            return true;
        }
        bool drops = subject.Verb == "DROP" || (subject.Verb == "LARGE OBJECT" && statement.Text.Span.IndexOf("lo_unlink"u8) > 0)
            || (statement.Kind == StatementKind.AlterTable && !options.DataOnly && statement.Text.Span.IndexOf(" DROP "u8) > 0)
            || IsEmptied(statement);
        if (!drops || (subject.Type == "DATABASE" && options.Replace && options.Exclude.Count == 0) || (subject.Name is { } name && made.Contains((subject.Type, ByteString.Own(PostgresSql.Join(rewriter.Map(name)))))))
            return false;
        Report.LeaveOut(Drops);
        return true;
    }

    /// <summary>pg_dump --clean takes what a view depends on out of it before it drops both. A stand-in that it makes later has no OR REPLACE.</summary>
    private static bool IsEmptied(DumpStatement statement) =>
        statement.Kind == StatementKind.CreateView && statement.Text.Span.StartsWith("CREATE OR REPLACE VIEW "u8) && statement.Text.Span.IndexOf(" AS\nSELECT\n    NULL::"u8) > 0;

    /// <summary>What must go before an object is made; null for nothing.</summary>
    private byte[]? Create(DumpStatement statement, Subject subject)
    {
        ObjectName? name = subject.Name is { } dumped ? rewriter.Map(dumped) : null;
        if (subject.Type == "TABLE" && name is { } table)
            Table(table);
        byte[] identity = Replacement.Identity(statement.Text.Span, subject, name);
        bool isNew = identity.Length > 0 && made.Add((subject.Type, ByteString.Own(identity)));
        return isNew && options.Replace ? PostgresSql.Join("DROP ", subject.Type, " IF EXISTS ", identity, " CASCADE") : null;
    }

    /// <summary>Keeps in mind what is to be looked for at the end.</summary>
    private void Follow(DumpStatement statement)
    {
        if (statement.Kind is StatementKind.AddForeignKey or StatementKind.CreateIndex or StatementKind.AlterTable)
            built.AddRange(BuiltPart.Of(statement));
        if (statement.Kind == StatementKind.AlterTable && statement.Text.Span.IndexOf("VALIDATE CONSTRAINT"u8) > 0)
            built.RemoveAll(part => part.Table == statement.Name && !part.IsValid);
    }

    private static string Shown(DumpStatement statement, Subject subject) => statement.Kind switch
    {
        StatementKind.AddForeignKey => $"{statement.Table}: foreign key {statement.Name?.Name}",
        StatementKind.RefreshView => $"{statement.Name}: refresh",
        _ => (subject.Table ?? subject.Name)?.ToString() ?? "definitions",
    };

    private void Use(ByteString database)
    {
        EndDatabase();
        main.Dispose();
        watch.Dispose();
        dumped = database;
        address = address.In(rewriter.MapDatabase(database).ToArgument());
        main = Open();
        pool.Reconnect();
    }

    /// <summary>All of the dump for this database was handled: waits for it, and looks whether everything is there.</summary>
    private void EndDatabase()
    {
        Barrier();
        List<string> missing = PostgresCatalog.Missing(main.Connection, built);
        if (missing.Count > 0 && options.OnError == OnError.Stop)
            throw new FailedException($"{missing.Count} indexes and constraints are missing or not valid at the end, such as {missing[0]}", "psql's \\d tells which are there");
        made.Clear();
        known.Clear();
        ordered.Clear();
        counting.Clear();
        built.Clear();
    }

    private TableLoad Table(ObjectName name) => tables.GetOrAdd((dumped, name), static key => new TableLoad(key.Name));

    private void TakeRows(DumpStatement statement)
    {
        ObjectName name = statement.Name!.Value;
        if (statement.HasRest || statement.IsRest)
        {
            TakePart(statement);
            return;
        }
        if (rows.Count > 0 && (rows[0].Name != name || rows[0].Kind != statement.Kind || rows[0].File != statement.File))
            EndRows();
        if (known.Add(name))
            Look(name);
        if (counting.TryGetValue(name, out List<ByteString>? columns) && !ordered.Contains(name) && columns.Exists(column => IsLeftToCount(statement, column)))
        {
            EndRows();
            ordered.Add(name);
        }
        rows.Add(statement);
        gathered += statement.Length;
        if (statement.Kind == StatementKind.Copy || gathered >= options.BatchSize * 3L / 4)
            EndRows();
    }

    /// <summary>Before the first rows of a table: whether their order matters, and whether what an earlier run put in is still there.</summary>
    private void Look(ObjectName name)
    {
        if (PostgresCatalog.HasTriggers(main.Connection, name))
            ordered.Add(name);
        else if (PostgresCatalog.CountingColumns(main.Connection, name) is { Count: > 0 } columns)
            counting.Add(name, columns);
        if (!options.Resume || !PostgresCatalog.IsUnlogged(main.Connection, name))
            return;
        pool.Drain();
        main.Connection.Query(PostgresSql.Join("TRUNCATE TABLE ", name, "; ", main.Ledger.Forget(name)));
    }

    private void EndRows()
    {
        if (rows.Count == 0)
            return;
        DumpStatement first = rows[0];
        ObjectName name = first.Name!.Value;
        TableLoad table = Table(name);
        long count = rows.Sum(statement => statement.Rows);
        var job = new PostgresJob(table, main.Session, [.. rows], main.Ledger.Note(name, first.File, first.Offset, gathered, count));
        bool isDone = main.Ledger.IsDone(first.File, first.Offset, gathered);
        rows.Clear();
        gathered = 0;
        if (isDone)
        {
            table.RowsBefore += job.Rows;
            table.BytesBefore += job.Bytes;
            job.Release();
            return;
        }
        if (!ordered.Contains(name))
        {
            pool.Send(job);
            return;
        }
        // Triggers and foreign keys see the rows as the client would have put them in: alone and in order.
        pool.Drain();
        pool.Send(job);
        pool.Drain();
    }

    /// <summary>Whether a statement lists its columns and this is not among them.</summary>
    private static bool IsLeftToCount(DumpStatement statement, ByteString column)
    {
        var tokens = new Tokens(statement.Text.Span, new PostgresLexer());
        tokens.Next();
        while (!tokens.IsSymbol('('))
        {
            if (tokens.Kind == TokenKind.End || tokens.Is("VALUES"u8))
                return false;
            tokens.Next();
        }
        for (; !tokens.IsSymbol(')') && tokens.Kind != TokenKind.End; tokens.Next())
            if (tokens.IsName && tokens.Unquote() == column)
                return false;
        return true;
    }

    /// <summary>What stands in the brackets of SELECT pg_catalog.function(…); null where it is another one.</summary>
    private static byte[]? Argument(ReadOnlySpan<byte> text, ReadOnlySpan<byte> function)
    {
        int at = text.IndexOf(function), open = at < 0 ? -1 : text[at..].IndexOf((byte)'('), close = text.LastIndexOf((byte)')');
        return open < 0 || close < at + open ? null : text[(at + open + 1)..close].ToArray();
    }
}
