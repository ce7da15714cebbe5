using System.Collections.Concurrent;
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
    private readonly DumpIndex? index;
    private readonly byte[] identity;
    private readonly PostgresSelection selection;
    private readonly PostgresRewriter rewriter;
    private readonly PostgresPool pool;
    private readonly CancellationToken cancellation;
    private readonly CancellationTokenRegistration registration;
    private readonly ConcurrentDictionary<(ByteString? Database, ObjectName Name), TableLoad> tables = [];
    private readonly List<string> databases = [];
    private readonly Dictionary<string, PostgresLedger> ledgers = [];
    private ServerAddress address;
    private PostgresMain main;
    private readonly PostgresWatch watch = new();
    private readonly ServerAddress home;
    private bool isDone;

    /// <summary>The dump is in a database of which nothing is wanted.</summary>
    private bool isElsewhere;

    /// <param name="index">What is in the dump; null where it comes through a pipe.</param>
    /// <param name="identity">Of the dump and of all that decides what a batch is.</param>
    public PostgresLoad(ServerAddress address, LoadOptions options, DumpIndex? index, byte[] identity, CancellationToken cancellation)
    {
        (home, this.address) = (address, address);
        (this.options, this.index, this.identity, this.cancellation) = (options, index, identity, cancellation);
        selection = new(options);
        rewriter = new(options.Rename.Select(rename => (RenamedName.Of(rename.Old, index), rename.New)), Report);
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

    public bool Wants(DumpObject found) => selection.Wants(found) && (found.Type != DumpObjectType.Database || IsNeeded(found.Name.Name));

    public ObjectName OnServer(DumpObject found) =>
        found.Type == DumpObjectType.Database ? new(null, rewriter.MapDatabase(found.Name.Name)) : rewriter.Map(found.Name);

    public ByteString? DatabaseOnServer(DumpObject found) => found.Database is { } database ? rewriter.MapDatabase(database) : null;

    public TableLoad? Find(DumpObject table) => tables.GetValueOrDefault((table.Database, OnServer(table)));

    /// <summary>Here they have statements of their own.</summary>
    public bool DefersKeys(DumpObject table) => false;

    public void CheckTarget(DumpIndex index)
    {
        if (!options.DataOnly && !options.Replace && !options.Resume)
            CheckNotThere(index);
        long needed = options.SchemaOnly ? 0 : index.Objects.Where(found => found.Type == DumpObjectType.Table && Wants(found)).Sum(found => found.Bytes);
        ServerSpace.Check(address, DataFolder, needed - main.Ledger.BytesBefore);
    }

    public void Begin() => main.Ledger.Make(main.Connection);

    public IReadOnlyList<string> AskServer()
    {
        Dictionary<long, int> sessions = pool.Sessions;
        sessions[main.Connection.ProcessId] = options.Jobs;
        return watch.Ask(address, sessions, Progress);
    }

    public void Handle(DumpStatement statement)
    {
        cancellation.ThrowIfCancellationRequested();
        if (IsEnded)
        {
            // Only to know where ledgers may be.
            if (statement is { Kind: StatementKind.Use, Name: { } next } && selection.Enter(next.Name) && IsNeeded(next.Name))
                databases.Add(rewriter.MapDatabase(next.Name).ToArgument());
            statement.Release?.Invoke();
            return;
        }
        main.Ledger.Make(main.Connection);
        if (statement.Kind == StatementKind.Use)
            isElsewhere = !selection.Enter(statement.Name!.Value.Name) || !IsNeeded(statement.Name!.Value.Name);
        if (statement is { Kind: StatementKind.CreateDatabase, Name: { } made } && !IsNeeded(made.Name))
        {
            statement.Release?.Invoke();
            return;
        }
        Subject subject = statement.Kind is StatementKind.Copy or StatementKind.Insert ? default : Subject.Of(statement.Text.Span);
        // What databases are told about themselves stands before the dump goes to them.
        if (isElsewhere && subject.Type != "DATABASE" && statement.Kind is not (StatementKind.Set or StatementKind.CreateDatabase or StatementKind.AlterDatabase))
        {
            statement.Release?.Invoke();
            return;
        }
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

    public void Settle()
    {
        row?.End();
        row = null;
        pool.Drain();
    }

    public void Finish()
    {
        if (!IsEnded)
        {
            // The dump is cut off within it.
            row?.End();
            row = null;
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
        row?.End();
        pool.Dispose();
        watch.Dispose();
        main.Dispose();
    }

    /// <summary>Whether anything is wanted of a database of the dump: of single tables it may be none.</summary>
    private bool IsNeeded(ByteString database) => options.Tables.Count == 0 || index is null
        || index.Objects.Exists(found => found.Type != DumpObjectType.Database && found.Database == database && selection.Wants(found));

    /// <summary>All was loaded by an earlier run, which could not clear away.</summary>
    private bool IsEnded => ledgers[databases[0]].IsEnded;

    /// <exception cref="UnsupportedException">The server has something that the dump makes.</exception>
    private void CheckNotThere(DumpIndex index)
    {
        // Single tables come into a database that is there, as on MariaDB.
        bool isPart = options.Tables.Count > 0;
        HashSet<ByteString> there = PostgresCatalog.ReadDatabases(main.Connection);
        HashSet<ByteString> made = [.. index.Objects.Where(found => found is { Type: DumpObjectType.Database, Bytes: > 0 }).Select(found => found.Name.Name)];
        foreach (IGrouping<ByteString?, DumpObject> part in index.Objects.Where(found => found.Type != DumpObjectType.Database || Wants(found))
            .GroupBy(found => found.Type == DumpObjectType.Database ? found.Name.Name : found.Database))
        {
            if (part.Key is not { } dumped)
                CheckNotThere(main.Connection, part);
            else if (!IsNeeded(dumped))
                continue;
            else if (rewriter.MapDatabase(dumped) is var database && made.Contains(dumped) == there.Contains(database) && !(isPart && made.Contains(dumped)))
                throw there.Contains(database) ? new UnsupportedException($"the database {database} is already there", $"--replace drops what the dump has in it, --rename {dumped}={dumped}_restored loads it beside; --databases chooses others")
                    : new NotFoundException($"the dump goes to the database {database}, which is not there and which it does not make", $"createdb {database}, or choose others with --databases");
            else if (there.Contains(database) && part.Any(found => found.Type != DumpObjectType.Database && Wants(found)))
            {
                using PostgresConnection connection = Connect(home.In(database.ToArgument()));
                CheckNotThere(connection, part);
            }
        }
    }

    private void CheckNotThere(PostgresConnection connection, IEnumerable<DumpObject> objects)
    {
        HashSet<ObjectName> existing = PostgresCatalog.ReadRelations(connection);
        foreach (DumpObject found in objects)
            if (found.Type is DumpObjectType.Table or DumpObjectType.View or DumpObjectType.Sequence && Wants(found) && existing.Contains(OnServer(found)))
                throw !found.IsDefined ? Choice.RowsOnly(OnServer(found)) : new UnsupportedException($"{(DatabaseOnServer(found) is { } database ? $"{database}." : "")}{OnServer(found)} is already there", $"--replace drops what the dump has, --rename {found.Name}={found.Name.Name}_restored loads it beside");
    }

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
