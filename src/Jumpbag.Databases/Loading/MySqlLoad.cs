using System.Collections.Concurrent;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// Loads a dump into MariaDB or MySQL: definitions at once and in order on one connection, rows over several, indexes when a table's
/// rows are in, everything that would act on rows or needs all tables at the end.
/// </summary>
public sealed partial class MySqlLoad : ILoad
{
    /// <summary>Tables with fewer bytes of rows are made whole: another ALTER TABLE costs more than it saves.</summary>
    private const int SmallTable = 512 << 10;

    /// <summary>Rows of more bytes are sent at once and alone, so that the connections' queue holds little.</summary>
    private const int MostQueued = 8 << 20;

    private readonly MySqlConnection main;
    private readonly LoadOptions options;
    private readonly DumpIndex? index;
    private readonly Selection selection;
    private readonly StatementRewriter rewriter;
    private readonly SessionFollower follower;
    private readonly ServerObjects existing;
    private readonly LoadIdentity identity;
    private readonly EventSink events;
    private readonly Batcher batcher;
    private readonly ServerWatch watch;
    private readonly CancellationToken cancellation;
    private readonly CancellationTokenRegistration registration;
    private readonly ConcurrentDictionary<ObjectName, TableLoad> tables = [];
    private readonly MainConnection runner;
    private readonly LastStatements last;
    private readonly DeferredKeys keys;
    private readonly HugeStatements huge;
    /// <summary>A table that is made when it is known how many rows it gets, in the session in which its definition stands.</summary>
    private (DumpStatement Statement, TableLoad Table)? pending;
    private TableLoad? current;

    /// <summary>The first statement that a resumed load does not find noted is the one at which the broken run may have ended.</summary>
    private bool mayBeDone;
    private LoadLedger? ledger;
    private WorkerPool? pool;
    private ReplicaWatch? replicas;

    /// <param name="index">What is in the dump; null where it comes through a pipe.</param>
    public MySqlLoad(ServerAddress address, LoadOptions options, DumpIndex? index, LoadIdentity identity, EventSink events, CancellationToken cancellation)
    {
        this.options = options;
        this.index = index;
        this.identity = identity;
        this.events = events;
        this.cancellation = cancellation;
        mayBeDone = options.Resume;
        selection = new(options);
        rewriter = new(options.Rename.Select(rename => (RenamedName.Of(rename.Old, index), rename.New)), options.DropDefiners);
        batcher = new(options.BatchSize);
        watch = new(address);
        main = Connect(address);
        try
        {
            huge = new(() => Connect(address), options, Progress, Report);
            registration = cancellation.Register(() =>
            {
                main.Abort("interrupted");
                huge.Abort();
            });
            follower = new(main);
            if (options.Database is { } database)
                follower.HasSelected(database);
            existing = ServerObjects.Read(main);
            runner = new(main, options, Report, existing);
            last = new(runner, options, Report, existing);
            keys = new(main, follower, options, Report);
        }
        catch
        {
            main.Dispose();
            throw;
        }
    }

    public LoadProgress Progress { get; } = new();

    public LoadReport Report { get; } = new();

    public IReadOnlyCollection<TableLoad> Tables => (IReadOnlyCollection<TableLoad>)tables.Values;

    public IEnumerable<string> Unmatched => selection.Unmatched;

    public bool Wants(DumpObject found) => selection.Wants(found) && (found.Type != DumpObjectType.Database || IsNeeded(found.Name.Name));

    public ObjectName OnServer(DumpObject found)
    {
        if (found.Type == DumpObjectType.Database)
            return new(null, rewriter.Map(found.Name.Name));
        ObjectName name = found.Table is { } table ? rewriter.MapTrigger(found.Name, table) : rewriter.Map(found.Name);
        return name.Qualifier is null ? new(options.Database, name.Name) : name;
    }

    public ByteString? DatabaseOnServer(DumpObject found) => null;

    public TableLoad? Find(DumpObject table) => tables.GetValueOrDefault(OnServer(table));

    public bool DefersKeys(DumpObject table) => options.DeferIndexes && table.Shape.CanDefer && table.Bytes >= SmallTable;

    public void CheckTarget(DumpIndex index)
    {
        if (index.Objects.Find(found => found.Type != DumpObjectType.Database && Wants(found) && OnServer(found).Qualifier is null) is { } homeless)
            throw NoDatabase(homeless.Name);
        if (!options.Resume && !options.Replace)
            LoadLedger.CheckNone(main, options.Database, identity);
        foreach (DumpObject found in index.Objects)
            if (Wants(found) && !options.DataOnly && !options.Replace && !options.Resume && existing.InTheWay(found.Type, OnServer(found)) is { } kind)
                throw found.IsDefined ? MainConnection.AlreadyThere(OnServer(found), kind) : Choice.RowsOnly(OnServer(found));
        long needed = options.SchemaOnly ? 0 : index.Objects.Where(found => found.Type == DumpObjectType.Table && Wants(found)).Sum(found => found.Bytes);
        if (!options.Resume)
            ServerSpace.Check(main, needed);
    }

    public void Begin()
    {
        // First: a load that may not begin for want of a replica leaves nothing behind.
        replicas = options.MaxReplicaLag is { } lag ? Watch(lag) : null;
        ledger = LoadLedger.Open(main, options.Database, identity, options.Resume, options.Replace, events, cancellation);
        pool = new(() => Connect(main.Address), ledger, options, Progress, Report, cancellation);
    }

    public IReadOnlyList<string> AskServer() => watch.Ask([.. pool?.ConnectionIds ?? [], main.ThreadId]);

    public void Handle(DumpStatement statement)
    {
        cancellation.ThrowIfCancellationRequested();
        if (statement.IsRest)
        {
            huge.Part(statement);
            return;
        }
        if (!selection.Wants(statement) || (statement.Kind is StatementKind.Use or StatementKind.CreateDatabase or StatementKind.DropDatabase or StatementKind.AlterDatabase && !IsNeeded(statement.Name!.Value.Name)))
        {
            huge.PassOver(statement);
            return;
        }
        if (rewriter.Concerns(statement.Kind))
            statement = statement.HasRest && statement.Kind != StatementKind.Insert ? throw TooLongToRename(statement) : rewriter.Rewrite(statement, follower.State());
        // Of a file that is known before; of a pipe here, and then nothing has been loaded that the notes would tell of.
        if (statement is { Kind: StatementKind.CreateTable or StatementKind.Insert, Name: { Qualifier: null } homeless } && follower.Database is null && tables.IsEmpty && !options.Resume)
        {
            Ledger.Drop(main);
            throw NoDatabase(homeless);
        }
        switch (statement.Kind)
        {
            case StatementKind.Insert:
                TakeRows(statement);
                return;
            case StatementKind.CreateTable:
                EndTable();
                TableLoad made = Table(statement.Name!.Value, isNew: true);
                made.DefinedIn = follower.State();
                pending = (statement, made);
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
            case StatementKind.Use when statement.Name!.Value.Name == follower.Database:
                break; // of mydumper's files each has one: a table's rows still follow its definition
            case StatementKind.Use:
                EndTable();
                main.SelectDatabase(statement.Name.Value.Name.Span);
                follower.HasSelected(statement.Name.Value.Name);
                break;
            case StatementKind.DisableKeys or StatementKind.EnableKeys:
                Keys(statement);
                break;
            case StatementKind.DropDatabase when !options.Replace || options.Tables.Count + options.Exclude.Count > 0 || statement.Name?.Name == Ledger.Database:
                Report.LeaveOut("DROP DATABASE: only with --replace, when all of it is loaded, and never the one that the address names: tables are replaced one by one");
                break;
            case StatementKind.DropTable or StatementKind.DropSequence:
                Drop(statement);
                return;
            case StatementKind.CreateView or StatementKind.DropView or StatementKind.CreateTrigger or StatementKind.DropTrigger
                or StatementKind.CreateRoutine or StatementKind.DropRoutine or StatementKind.CreateEvent or StatementKind.DropEvent:
                last.Keep(statement, follower.State());
                return;
            case StatementKind.CreateSequence:
                runner.CheckNotThere(statement, follower.Database);
                if (options.Replace || options.Resume)
                    main.Query(Sql.Join("DROP SEQUENCE IF EXISTS ", statement.Name!.Value));
                runner.Run(statement);
                break;
            case StatementKind.SetSequenceValue:
                runner.Run(statement); // on a resumed load too: the sequence was made anew
                break;
            case StatementKind.AlterTable when !statement.HasRest && MadeHere(statement) is { } altered && TableAlteration.IsOfItself(statement.Text.Span, follower.State().Lexer()):
                EndTable();
                Alter(altered, statement);
                return;
            default:
                // Whatever it does, the client would have done it after all that stands before it.
                EndTable();
                Pool.Drain();
                if (statement.HasRest)
                {
                    mayBeDone = false;
                    huge.Begin(statement, null, Ledger, follower.State());
                    return;
                }
                RunOnce(statement);
                break;
        }
        statement.Release?.Invoke();
    }

    public void Settle() => Pool.Drain();

    public void Finish()
    {
        EndTable();
        Pool.Drain();
        keys.AddForeignKeys();
        last.Run(follower.State(), cancellation);
        keys.Verify();
        last.WarnOfDefiners();
        Ledger.Drop(main);
    }

    public void Dispose()
    {
        registration.Dispose();
        pool?.Dispose();
        watch.Dispose();
        replicas?.Dispose();
        huge.Dispose();
        main.Dispose();
    }

    private LoadLedger Ledger => ledger ?? throw new InvalidOperationException("the load has not begun");

    private WorkerPool Pool => pool ?? throw new InvalidOperationException("the load has not begun");

    private MySqlConnection Connect(ServerAddress address)
    {
        MySqlConnection connection = MySqlConnection.Connect(address);
        try
        {
            if (options.NoBinlog)
                connection.Query("SET SESSION sql_log_bin=0");
            return connection;
        }
        catch (ServerException e)
        {
            connection.Dispose();
            throw new FailedException($"--no-binlog: {e.Message}", "take an account with that privilege, or leave --no-binlog out: the load is then written to the binary log", e);
        }
    }

    private ReplicaWatch Watch(TimeSpan lag)
    {
        try
        {
            return new(main, lag);
        }
        catch (ServerException e)
        {
            throw new FailedException($"--max-replica-lag: {e.Message}", e.Hint ?? "take an account with that privilege, or leave --max-replica-lag out: nothing was changed", e);
        }
    }

    private static UnsupportedException TooLongToRename(DumpStatement statement) => new(
        LoadReport.Describe(statement, $"in a statement of more than {ByteSize.Format(statement.Length)} no name can be changed"), "load it without --rename, or leave the table out with --exclude");

    private static UsageException NoDatabase(ObjectName name) =>
        new($"{name}: the dump does not say in which database, and neither does the address", "name it there: mysql://root@localhost/DATABASE");

    /// <summary>Whether anything is wanted of a database of the dump. One of which nothing is must not be made, nor dropped.</summary>
    private bool IsNeeded(ByteString database) =>
        index is null || options.Tables.Count == 0 || index.Objects.Exists(found => found.Type != DumpObjectType.Database && found.Name.Qualifier == database && selection.Wants(found));

    private ObjectName Full(ObjectName name) => name.Qualifier is null ? new(follower.Database, name.Name) : name;

    private void Set(DumpStatement statement)
    {
        List<string> assigned = SessionFollower.Assigned(statement.Text.Span);
        if (assigned.Contains("sql_log_bin"))
            Report.LeaveOut("SET sql_log_bin: whether replicas get the load is said with --no-binlog");
        if (assigned.Count > 0 && assigned.All(name => name is "autocommit" or "sql_log_bin"))
            return;
        runner.Run(statement);
        follower.HasSet(statement.Text.Span);
    }

    /// <summary>
    /// A statement that is noted when it was run, and then never run again. Rows that it changes are committed with the note; a
    /// definition commits itself, so the broken run may have ended between the two.
    /// </summary>
    private void RunOnce(DumpStatement statement)
    {
        if (Ledger.IsCommitted(statement.File, statement.Offset, statement.Length))
            return;
        main.Query("START TRANSACTION");
        if (mayBeDone && statement.Kind != StatementKind.Change)
            runner.RunUnlessDone(statement);
        else
            runner.Run(statement);
        mayBeDone = false;
        main.Query(Ledger.NoteStatement(statement, MadeHere(statement)));
        main.Query("COMMIT");
    }
}
