using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// Loads a dump into MariaDB or MySQL: definitions at once and in order on one connection, rows over several, indexes when a table's
/// rows are in, everything that would act on rows or needs all tables at the end.
/// </summary>
public sealed class MySqlLoad : ILoad
{
    /// <summary>Tables with fewer bytes of rows are made whole: another ALTER TABLE costs more than it saves.</summary>
    private const int SmallTable = 512 << 10;

    private readonly MySqlConnection main;
    private readonly LoadOptions options;
    private readonly Selection selection;
    private readonly StatementRewriter rewriter;
    private readonly SessionFollower follower;
    private readonly ServerObjects existing;
    private readonly LoadLedger ledger;
    private readonly WorkerPool pool;
    private readonly Batcher batcher;
    private readonly CancellationToken cancellation;
    private readonly CancellationTokenRegistration registration;
    private readonly Dictionary<ObjectName, TableLoad> tables = [];
    private readonly List<(DumpStatement Statement, SessionState State)> last = [];
    private (DumpStatement Statement, TableLoad Table)? pending;
    private TableLoad? current;
    private MySqlConnection? watcher;
    private readonly ReplicaWatch? replicas;
    private readonly List<(TableLoad Table, bool Checked)> withForeignKeys = [];

    /// <param name="identity">Of the dump and of all that decides what a batch is; see <see cref="LoadLedger"/>.</param>
    public MySqlLoad(ServerAddress address, LoadOptions options, Func<string, bool> isDatabaseOfDump, ReadOnlySpan<byte> identity, EventSink events, CancellationToken cancellation)
    {
        this.options = options;
        this.cancellation = cancellation;
        selection = new(options);
        rewriter = new(options.Rename, isDatabaseOfDump, options.DropDefiners);
        batcher = new(options.BatchSize);
        main = Connect(address);
        try
        {
            registration = cancellation.Register(() => main.Abort("interrupted"));
            follower = new(main);
            if (options.Database is { } database)
                follower.HasSelected(database);
            existing = ServerObjects.Read(main);
            ledger = LoadLedger.Open(main, options.Database, identity, options.Resume, options.Replace, events, cancellation);
            replicas = options.MaxReplicaLag is { } lag ? new(main, address, lag) : null;
            pool = new(() => Connect(address), ledger, options, Progress, Report, cancellation);
        }
        catch
        {
            main.Dispose();
            throw;
        }
    }

    public LoadProgress Progress { get; } = new();

    public LoadReport Report { get; } = new();

    public IReadOnlyCollection<TableLoad> Tables => tables.Values;

    public LoadLedger Ledger => ledger;

    /// <summary>Patterns that fitted nothing in the dump.</summary>
    public IEnumerable<string> Unmatched => selection.Unmatched;

    public bool Wants(DumpObject found) => selection.Wants(found);

    public ObjectName OnServer(DumpObject found)
    {
        ObjectName name = found.Table is { } table ? rewriter.MapTrigger(found.Name, table) : rewriter.Map(found.Name);
        return name.Qualifier is null ? new(options.Database, name.Name) : name;
    }

    public void CheckTarget(DumpIndex index)
    {
        foreach (DumpObject found in index.Objects)
            if (Wants(found) && !options.DataOnly && !options.Replace && !options.Resume && existing.InTheWay(StatementOf(found.Type), OnServer(found)) is { } kind)
                throw AlreadyThere(OnServer(found), kind);
        long needed = options.SchemaOnly ? 0 : index.Objects.Where(found => found.Type == DumpObjectType.Table && Wants(found)).Sum(found => found.Bytes);
        ServerSpace.Check(main, needed - ledger.BytesBefore);
    }

    public IReadOnlyList<string> AskServer()
    {
        try
        {
            watcher ??= MySqlConnection.Connect(main.Address);
            return [.. watcher.Query($"SELECT STATE FROM information_schema.PROCESSLIST WHERE ID IN ({string.Join(',', pool.ConnectionIds.Append(main.ThreadId))}) AND COMMAND <> 'Sleep' AND STATE <> ''")
                .Rows.Select(row => row[0] is { } state ? new ByteString(state).ToString() : "").Where(state => state.Length > 0)];
        }
        catch (JumpbagException)
        {
            // Only a look: if the server is gone, the load itself says so.
            watcher?.Dispose();
            watcher = null;
            return [];
        }
    }

    /// <summary>Takes the next statement of the dump, which it releases when it is done with it.</summary>
    public void Handle(DumpStatement statement)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!selection.Wants(statement))
        {
            statement.Release?.Invoke();
            return;
        }
        if (rewriter.Concerns(statement.Kind))
        {
            SessionState state = follower.State();
            statement = rewriter.Rewrite(statement, state.HasAnsiQuotes, state.HasBackslashEscapes);
        }
        switch (statement.Kind)
        {
            case StatementKind.Insert:
                TakeRows(statement);
                return;
            case StatementKind.CreateTable:
                EndTable();
                pending = (statement, Table(statement.Name!.Value, isNew: true));
                return;
            case StatementKind.LockTables or StatementKind.UnlockTables or StatementKind.Begin or StatementKind.Commit:
                break;
            case StatementKind.Set:
                Set(statement);
                break;
            case StatementKind.SetGlobal:
                Report.LeaveOut("SET GLOBAL and the like: the server's own settings are not the dump's to change");
                break;
            case StatementKind.Replication:
                Report.LeaveOut("GTID and replication positions: run them by hand where this server is to become a replica");
                break;
            case StatementKind.Use:
                EndTable();
                main.SelectDatabase(statement.Name!.Value.Name.Span);
                follower.HasSelected(statement.Name.Value.Name);
                break;
            case StatementKind.DisableKeys or StatementKind.EnableKeys:
                Keys(statement);
                break;
            case StatementKind.DropDatabase when !options.Replace:
                Report.LeaveOut("DROP DATABASE: only with --replace");
                break;
            case StatementKind.DropTable or StatementKind.DropSequence:
                Drop(statement);
                return;
            case StatementKind.CreateView or StatementKind.DropView or StatementKind.CreateTrigger or StatementKind.DropTrigger
                or StatementKind.CreateRoutine or StatementKind.DropRoutine or StatementKind.CreateEvent or StatementKind.DropEvent:
                last.Add((statement, follower.State()));
                return;
            case StatementKind.CreateSequence:
                CheckNotThere(statement);
                if (options.Replace || options.Resume)
                    main.Query(Sql.Join("DROP SEQUENCE IF EXISTS ", statement.Name!.Value));
                Run(statement);
                break;
            case StatementKind.CreateDatabase or StatementKind.AlterDatabase or StatementKind.SetSequenceValue:
                Run(statement);
                break;
            case StatementKind.Change:
                EndTable();
                pool.Drain();
                Change(statement);
                break;
            default:
                // Whatever it does, the client would have done it after all that stands before it.
                EndTable();
                pool.Drain();
                Run(statement);
                break;
        }
        statement.Release?.Invoke();
    }

    /// <summary>All statements were handled: waits for the rows, builds what was put off, and checks that it is there.</summary>
    public void Finish()
    {
        EndTable();
        pool.Drain();
        foreach ((TableLoad table, bool isChecked) in withForeignKeys)
            AddForeignKeys(table, isChecked);
        SessionState state = follower.State();
        foreach ((DumpStatement statement, SessionState then) in last)
        {
            cancellation.ThrowIfCancellationRequested();
            SessionFollower.Apply(main, state, then);
            state = then;
            RunLast(statement);
            statement.Release?.Invoke();
        }
        foreach (TableLoad table in tables.Values)
            if (table.Deferred is not null && MissingParts(table, table.Deferred) is { Keys: var keys, ForeignKeys: var foreignKeys } && keys.Count + foreignKeys.Count > 0 && options.OnError == OnError.Stop)
                throw new FailedException($"{table.Shown}: {keys.Count} of its indexes and {foreignKeys.Count} of its foreign keys are missing at the end", "SHOW CREATE TABLE tells which are there");
        WarnOfDefiners();
        ledger.Drop(main);
    }

    /// <summary>Definers are kept as the client would keep them; those that this server does not know are told.</summary>
    private void WarnOfDefiners()
    {
        string[] schemas = [.. last.Where(made => made.Statement.Kind is StatementKind.CreateView or StatementKind.CreateTrigger or StatementKind.CreateRoutine or StatementKind.CreateEvent)
            .Select(made => made.Statement.Name?.Qualifier ?? made.Statement.Database ?? options.Database).OfType<ByteString>().Distinct().Select(Sql.NameLiteral)];
        if (schemas.Length == 0)
            return;
        string within = string.Join(',', schemas);
        try
        {
            QueryResult unknown = main.Query("SELECT DEFINER, COUNT(*) FROM (SELECT DEFINER, TABLE_SCHEMA AS s FROM information_schema.VIEWS UNION ALL SELECT DEFINER, TRIGGER_SCHEMA FROM information_schema.TRIGGERS "
                + "UNION ALL SELECT DEFINER, ROUTINE_SCHEMA FROM information_schema.ROUTINES UNION ALL SELECT DEFINER, EVENT_SCHEMA FROM information_schema.EVENTS) made "
                + $"WHERE s IN ({within}) AND DEFINER NOT IN (SELECT CONCAT(User, '@', Host) FROM mysql.user) AND DEFINER NOT IN (SELECT CONCAT(User, '@') FROM mysql.user) GROUP BY DEFINER");
            foreach (byte[]?[] row in unknown.Rows)
                Report.Note($"there is no account {new ByteString(row[0]!)} here, which {new ByteString(row[1]!)} of the views, triggers, routines and events run as: they fail until it is made; --definer drop makes you their definer");
        }
        catch (ServerException e) when (e.Code is 1142 or 1143 or 1044)
        {
            // Whoever may not read the accounts learns of a missing one from the server.
        }
    }

    public void Dispose()
    {
        registration.Dispose();
        pool.Dispose();
        watcher?.Dispose();
        replicas?.Dispose();
        main.Dispose();
    }

    private static StatementKind StatementOf(DumpObjectType type) => type switch
    {
        DumpObjectType.Table => StatementKind.CreateTable,
        DumpObjectType.View => StatementKind.CreateView,
        DumpObjectType.Sequence => StatementKind.CreateSequence,
        DumpObjectType.Trigger => StatementKind.CreateTrigger,
        DumpObjectType.Routine => StatementKind.CreateRoutine,
        DumpObjectType.Event => StatementKind.CreateEvent,
        _ => StatementKind.CreateDatabase,
    };

    private MySqlConnection Connect(ServerAddress address)
    {
        MySqlConnection connection = MySqlConnection.Connect(address);
        if (options.NoBinlog)
            connection.Query("SET SESSION sql_log_bin=0");
        return connection;
    }

    private TableLoad Table(ObjectName name, bool isNew)
    {
        name = name.Qualifier is null ? new(follower.Database, name.Name) : name;
        if (tables.TryGetValue(name, out TableLoad? table))
            return table;
        tables.Add(name, table = new TableLoad(name));
        if (isNew)
            return table;
        table.IsTransactional = IsTransactionalOnServer(name);
        // What an earlier run put in without a transaction cannot be told from what it did not.
        if (options.Resume && !table.IsTransactional && !ledger.IsComplete(name))
            main.Query(Sql.Join("TRUNCATE TABLE ", name));
        return table;
    }

    private void TakeRows(DumpStatement statement)
    {
        TableLoad table = Table(statement.Name!.Value, isNew: false);
        if (!ReferenceEquals(table, current))
            Switch(table);
        if (!table.IsTransactional && ledger.IsComplete(table.Name))
        {
            statement.Release?.Invoke();
            return;
        }
        batcher.Add(table, follower.State(), statement);
        if (batcher.IsFull)
            SendBatch(isLast: false);
    }

    /// <summary>Rows of another table begin.</summary>
    private void Switch(TableLoad table)
    {
        if (pending is { Table: var awaited } && ReferenceEquals(awaited, table))
        {
            current = table;
            return;
        }
        EndTable();
        current = table;
    }

    /// <summary>No more rows are expected for the table at hand.</summary>
    private void EndTable()
    {
        SendBatch(isLast: true);
        if (current is { } done)
        {
            pool.Close(done);
            if (!done.IsTransactional && !ledger.IsComplete(done.Name))
            {
                pool.Drain(done);
                main.Query(ledger.NoteComplete(done));
            }
        }
        current = null;
    }

    private void SendBatch(bool isLast)
    {
        if (pending is { } awaited)
        {
            pending = null;
            Make(awaited.Statement, awaited.Table, isLast);
            return;
        }
        if (!batcher.IsEmpty)
            Send(batcher.Take());
    }

    private void Send(RowBatch batch)
    {
        if (batch.Statements.Count > 0 && batch.Table.IsTransactional && ledger.IsCommitted(batch.File, batch.Offset, batch.Bytes))
        {
            batch.Table.RowsBefore += batch.Rows;
            batch.Table.BytesBefore += batch.Bytes;
            batch.Release();
            return;
        }
        replicas?.Wait(reason => Progress.WaitsFor = reason, cancellation);
        pool.Send(batch);
    }

    private void Make(DumpStatement create, TableLoad table, bool isLast)
    {
        CheckNotThere(create);
        SessionState state = follower.State();
        table.DefinedIn = state;
        ReadOnlySpan<byte> sql = create.Text.Span;
        table.IsTransactional = NamesInnoDb(sql, state);
        bool begun = options.Resume && (table.IsTransactional ? ledger.IsBegun(table.Name) : ledger.IsComplete(table.Name));
        bool isBig = batcher.Bytes >= SmallTable && !batcher.NeedsKeys;
        TableDefinition? definition = options.DeferIndexes && (isBig || begun) ? TableDefinition.Split(sql, state.HasAnsiQuotes, state.HasBackslashEscapes) : null;
        bool dropFirst = options.Replace || options.Resume;
        if (begun)
        {
            if (definition is not null)
                Defer(table, MissingParts(table, definition));
        }
        else if (definition is null && !follower.ChecksForeignKeys && (isLast || batcher.IsEmpty))
        {
            // Small: whoever sends the rows makes the table too, so that many small tables are made in parallel.
            Send(batcher.IsEmpty ? new RowBatch(table, state, [], create) { DropFirst = dropFirst } : batcher.Take(create, dropFirst));
            return;
        }
        else
        {
            if (dropFirst)
                main.Query(Sql.Join("DROP TABLE IF EXISTS ", table.Name));
            RunSql(create, definition?.Reduced ?? sql);
            if (definition is not null)
                Defer(table, definition);
        }
        create.Release?.Invoke();
        if (!batcher.IsEmpty)
            Send(batcher.Take());
    }

    private void Defer(TableLoad table, TableDefinition definition)
    {
        table.Deferred = definition;
        if (definition.ForeignKeys.Count > 0)
            withForeignKeys.Add((table, follower.ChecksForeignKeys));
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
            Report.Skip(what);
        }
        finally
        {
            SessionFollower.Apply(main, table.DefinedIn!, follower.State());
        }
    }

    private void Set(DumpStatement statement)
    {
        List<string> assigned = SessionFollower.Assigned(statement.Text.Span);
        if (assigned.Contains("sql_log_bin"))
            Report.LeaveOut("SET sql_log_bin: whether replicas get the load is said with --no-binlog");
        if (assigned.Count > 0 && assigned.All(name => name is "autocommit" or "sql_log_bin"))
            return;
        Run(statement);
        follower.HasSet(statement.Text.Span);
    }

    /// <summary>DISABLE KEYS means something to engines without transactions only; there it is as the client would do it.</summary>
    private void Keys(DumpStatement statement)
    {
        if (statement.Kind == StatementKind.DisableKeys && pending is { } awaited)
        {
            if (NamesInnoDb(awaited.Statement.Text.Span, follower.State()))
                return;
            pending = null;
            Make(awaited.Statement, awaited.Table, isLast: false);
        }
        TableLoad table = Table(statement.Name!.Value, isNew: false);
        if (table.IsTransactional || ledger.IsComplete(table.Name))
            return;
        SendBatch(isLast: true);
        pool.Drain(table);
        Run(statement);
    }

    /// <summary>
    /// Dumps drop each table before they make it. Here that is done, if allowed, when the table is made; a table that this load has made
    /// already is a stand-in for a view, which comes at the end.
    /// </summary>
    private void Drop(DumpStatement statement)
    {
        if (statement.Name is { } name && tables.ContainsKey(name.Qualifier is null ? new(follower.Database, name.Name) : name))
            last.Add((statement, follower.State()));
        else
            statement.Release?.Invoke();
    }

    private void Change(DumpStatement statement)
    {
        if (ledger.IsCommitted(statement.File, statement.Offset, statement.Length))
            return;
        main.Query("START TRANSACTION");
        Run(statement);
        main.Query(ledger.NoteStatement(statement));
        main.Query("COMMIT");
    }

    private void RunLast(DumpStatement statement)
    {
        if (statement.Name is { } name)
        {
            ObjectName full = name.Qualifier is null ? new(statement.Database ?? options.Database, name.Name) : name;
            if (!options.Replace && !options.Resume && statement.Kind is StatementKind.DropView or StatementKind.DropTrigger or StatementKind.DropRoutine or StatementKind.DropEvent
                && existing.InTheWay(Created(statement.Kind), full) is not null)
                return;
            CheckNotThere(statement);
            if ((options.Replace || options.Resume) && statement.Kind is StatementKind.CreateTrigger or StatementKind.CreateEvent)
                main.Query(Sql.Join(statement.Kind == StatementKind.CreateTrigger ? "DROP TRIGGER IF EXISTS " : "DROP EVENT IF EXISTS ", name));
        }
        Run(statement);
    }

    private static StatementKind Created(StatementKind dropped) => dropped switch
    {
        StatementKind.DropView => StatementKind.CreateView,
        StatementKind.DropTrigger => StatementKind.CreateTrigger,
        StatementKind.DropRoutine => StatementKind.CreateRoutine,
        _ => StatementKind.CreateEvent,
    };

    private void CheckNotThere(DumpStatement statement)
    {
        if (options.Replace || options.Resume || statement.Name is not { } name)
            return;
        ObjectName full = name.Qualifier is null ? new(follower.Database, name.Name) : name;
        if (existing.InTheWay(statement.Kind, full) is { } kind)
            throw AlreadyThere(full, kind);
    }

    public static UnsupportedException AlreadyThere(ObjectName name, string kind) =>
        new($"{name} is already there (a {kind})", kind.StartsWith("table", StringComparison.Ordinal)
            ? $"--replace drops what the dump has, --rename {name.Name}={name.Name}_restored loads it beside, --tables chooses others"
            : "--replace drops what the dump has, --tables and --exclude choose");

    private void Run(DumpStatement statement) => RunSql(statement, statement.Text.Span);

    private void RunSql(DumpStatement statement, ReadOnlySpan<byte> sql)
    {
        try
        {
            main.Query(sql);
        }
        catch (ServerException e)
        {
            if (options.OnError == OnError.Stop)
                throw LoadFailure.Of(statement, e);
            Report.Skip(LoadReport.Describe(statement, e.Message));
        }
    }

    private TableDefinition MissingParts(TableLoad table, TableDefinition definition)
    {
        HashSet<ByteString> keys = Names("SELECT DISTINCT CAST(INDEX_NAME AS BINARY) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {0} AND TABLE_NAME = {1}");
        HashSet<ByteString> constraints = Names("SELECT CAST(CONSTRAINT_NAME AS BINARY) FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = {0} AND TABLE_NAME = {1} AND CONSTRAINT_TYPE = 'FOREIGN KEY'");
        return definition with
        {
            Keys = [.. definition.Keys.Where(key => !keys.Contains(ByteString.Own(key.Name!)))],
            ForeignKeys = [.. definition.ForeignKeys.Where(key => !constraints.Contains(ByteString.Own(key.Name!)))],
        };

        HashSet<ByteString> Names(string query) =>
            [.. main.Query(string.Format(System.Globalization.CultureInfo.InvariantCulture, query, Sql.NameLiteral(table.Name.Qualifier ?? default), Sql.NameLiteral(table.Name.Name)))
                .Rows.Select(row => ByteString.Own(row[0]!))];
    }

    private bool IsTransactionalOnServer(ObjectName name) =>
        main.Query($"SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = {Sql.NameLiteral(name.Qualifier ?? default)} AND TABLE_NAME = {Sql.NameLiteral(name.Name)}").Scalar == "InnoDB";

    private bool NamesInnoDb(ReadOnlySpan<byte> sql, SessionState state)
    {
        List<SqlToken> tokens = StatementTokens.Read(sql, state.HasAnsiQuotes, state.HasBackslashEscapes);
        for (int i = 0; i + 1 < tokens.Count; i++)
            if (tokens[i].Is(sql, "ENGINE") || tokens[i].Is(sql, "TYPE"))
                if (tokens[i + 1].Is(sql, '=') && i + 2 < tokens.Count)
                    return tokens[i + 2].Is(sql, "InnoDB");
        return main.Query("SELECT @@default_storage_engine").Scalar == "InnoDB";
    }
}
