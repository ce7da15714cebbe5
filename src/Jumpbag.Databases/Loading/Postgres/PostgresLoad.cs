using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>
/// Loads a plain dump of PostgreSQL: definitions in their order on one connection, rows over several, indexes and constraints of many
/// tables at a time when their rows are in, and then what follows them.
/// </summary>
public sealed partial class PostgresLoad : ILoad
{
    private readonly LoadOptions options;
    private readonly byte[] identity;
    private readonly PostgresSelection selection;
    private readonly PostgresRewriter rewriter;
    private readonly PostgresPool pool;
    private readonly CancellationToken cancellation;
    private readonly CancellationTokenRegistration registration;
    private readonly ConcurrentDictionary<ObjectName, TableLoad> tables = [];
    private readonly List<string> databases = [];
    private readonly Dictionary<string, PostgresLedger> ledgers = [];
    private ServerAddress address;
    private PostgresMain main;
    private PostgresConnection? watcher;
    private bool isDone;

    /// <param name="index">What is in the dump; null where it comes through a pipe.</param>
    /// <param name="identity">Of the dump and of all that decides what a batch is.</param>
    public PostgresLoad(ServerAddress address, LoadOptions options, DumpIndex? index, byte[] identity, CancellationToken cancellation)
    {
        (this.address, this.options, this.identity, this.cancellation) = (address, options, identity, cancellation);
        selection = new(options);
        rewriter = new(options.Rename, index is null ? null : name => index.Objects.Exists(found => found.Name.Qualifier == ByteString.FromArgument(name)), Report);
        main = Open();
        try
        {
            pool = new(() =>
            {
                PostgresConnection connection = Connect(this.address);
                main.Ledger.Join(connection);
                return connection;
            }, options, Progress, Report, cancellation);
            registration = cancellation.Register(() => main.Connection.Abort("interrupted"));
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

    public bool Wants(DumpObject found) => selection.Wants(found);

    public ObjectName OnServer(DumpObject found) => rewriter.Map(found.Name);

    /// <summary>Here they have statements of their own.</summary>
    public bool DefersKeys(DumpObject table) => false;

    public void CheckTarget(DumpIndex index)
    {
        bool isHere = !index.Objects.Exists(found => found.Type == DumpObjectType.Database);
        if (isHere && !options.DataOnly && !options.Replace && !options.Resume)
        {
            HashSet<ObjectName> existing = PostgresCatalog.ReadRelations(main.Connection);
            foreach (DumpObject found in index.Objects)
                if (found.Type is DumpObjectType.Table or DumpObjectType.View or DumpObjectType.Sequence && Wants(found) && existing.Contains(OnServer(found)))
                    throw new UnsupportedException($"{OnServer(found)} is already there", $"--replace drops what the dump has, --rename {found.Name}={found.Name.Name}_restored loads it beside");
        }
        long needed = options.SchemaOnly ? 0 : index.Objects.Where(found => found.Type == DumpObjectType.Table && Wants(found)).Sum(found => found.Bytes);
        ServerSpace.Check(address, DataFolder, needed - main.Ledger.BytesBefore);
    }

    public void Begin() => main.Ledger.Make(main.Connection);

    public IReadOnlyList<string> AskServer()
    {
        try
        {
            watcher ??= PostgresConnection.Connect(address);
            IReadOnlyDictionary<int, int> sessions = pool.Sessions;
            string processes = string.Join(',', sessions.Keys.Append(main.Connection.ProcessId));
            foreach (byte[]?[] row in watcher.Query($"SELECT pid, 100.0 * blocks_done / blocks_total FROM pg_catalog.pg_stat_progress_create_index WHERE blocks_total > 0 AND pid IN ({processes})").Rows)
                if (sessions.TryGetValue(int.Parse(Encoding.ASCII.GetString(row[0]!), CultureInfo.InvariantCulture), out int worker))
                    Progress.Report(worker, double.Parse(Encoding.ASCII.GetString(row[1]!), CultureInfo.InvariantCulture));
            return [.. watcher.Query("SELECT CASE wait_event_type WHEN 'Lock' THEN 'waiting for a lock of process ' || pg_catalog.array_to_string(pg_catalog.pg_blocking_pids(pid), ', ') ELSE wait_event_type || ' ' || wait_event END "
                + $"FROM pg_catalog.pg_stat_activity WHERE pid IN ({processes}) AND state <> 'idle' AND wait_event IS NOT NULL").Rows.Select(row => new ByteString(row[0] ?? []).ToString())];
        }
        catch (JumpbagException)
        {
            // Only a look: if the server is gone, the load itself says so.
            watcher?.Dispose();
            watcher = null;
            return [];
        }
    }

    public void Handle(DumpStatement statement)
    {
        cancellation.ThrowIfCancellationRequested();
        if (IsEnded)
        {
            // Only to know where ledgers may be.
            if (statement is { Kind: StatementKind.Use, Name: { } next })
                databases.Add(next.Name.ToArgument());
            statement.Release?.Invoke();
            return;
        }
        main.Ledger.Make(main.Connection);
        Subject subject = statement.Kind is StatementKind.Copy or StatementKind.Insert ? default : Subject.Of(statement.Text.Span);
        if (selection.IsToBeUndone(subject))
        {
            statement = statement.With(statement.Name, statement.Table, PostgresSql.Join("DROP SEQUENCE ", rewriter.Map(subject.Name!.Value)));
            RunInPlace(statement, subject);
            statement.Release?.Invoke();
            return;
        }
        foreach (DumpStatement chosen in selection.Choose(statement, subject))
        {
            Subject about = ReferenceEquals(chosen, statement) ? subject : Subject.Of(chosen.Text.Span);
            Do(rewriter.Rewrite(chosen, about), about);
        }
    }

    public void Finish()
    {
        if (!IsEnded)
        {
            EndDatabase();
            main.Dispose();
            using PostgresConnection first = Connect(address.In(databases[0]));
            ledgers[databases[0]].Make(first);
            ledgers[databases[0]].End(first);
        }
        // The first one last: while it stands, --resume knows that all is loaded.
        foreach (string database in databases.Distinct().Reverse())
        {
            using PostgresConnection connection = Connect(address.In(database));
            new PostgresLedger(identity).Drop(connection);
        }
        isDone = true;
    }

    public void Dispose()
    {
        registration.Dispose();
        if (!isDone)
            pool.Fail(new OperationCanceledException());
        pool.Dispose();
        watcher?.Dispose();
        main.Dispose();
    }

    /// <summary>All was loaded by an earlier run, which could not clear away.</summary>
    private bool IsEnded => ledgers[databases[0]].IsEnded;

    private byte[]? DataFolder()
    {
        try
        {
            return main.Connection.Query("SHOW data_directory").Rows[0][0];
        }
        catch (ServerException)
        {
            // Only superusers are told.
            return null;
        }
    }

    private PostgresMain Open()
    {
        string database = address.Database ?? address.User;
        PostgresConnection connection = Connect(address);
        try
        {
            if (ledgers.TryGetValue(database, out PostgresLedger? ledger))
                ledger.Join(connection);
            else
            {
                ledger = new(identity);
                ledger.Open(connection, options, mustExist: databases.Count == 0);
                ledgers.Add(database, ledger);
            }
            databases.Add(database);
            return new(connection, ledger, options, Report);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static PostgresConnection Connect(ServerAddress address)
    {
        PostgresConnection connection = PostgresConnection.Connect(address);
        // A session whose jumpbag was killed shall end, rather than build an index to its end that the resumed load builds too.
        if (connection.Version.Number.Major >= 14)
            connection.Query("SET client_connection_check_interval = 1000");
        return connection;
    }
}
