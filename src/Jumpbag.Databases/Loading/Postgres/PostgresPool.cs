using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>
/// The connections that send rows and build indexes, one thread each. Jobs are taken in the order of the dump, but an index waits
/// until its table's rows are in, and a constraint until it has the table for itself, while other tables' jobs go ahead.
/// </summary>
internal sealed class PostgresPool : IDisposable
{
    private readonly Workers workers;
    private readonly LinkedList<PostgresJob> queue = new();
    private readonly List<PostgresJob> running = [];
    private readonly Func<PostgresConnection> connect;
    private readonly LoadProgress progress;
    private readonly PostgresWork work;
    private readonly long mostQueued;
    private long queued;
    private int database;

    /// <param name="connect">A connection to the database that the load is in now.</param>
    public PostgresPool(Func<PostgresConnection> connect, LoadOptions options, LoadProgress progress, LoadReport report, CancellationToken cancellation)
    {
        (this.connect, this.progress) = (connect, progress);
        work = new(options, progress, report);
        progress.Connections = options.Jobs;
        mostQueued = options.Jobs * 2L * options.BatchSize;
        workers = new(cancellation);
        workers.Start(options.Jobs, Work);
    }

    /// <summary>The server's numbers of the sessions, each with the worker that has it.</summary>
    public Dictionary<long, int> Sessions => workers.Sessions;

    /// <summary>Whether anything is to be built yet.</summary>
    public bool IsBuilding => workers.Look(() => queue.Any(job => job.IsBuild) || running.Exists(job => job.IsBuild));

    /// <summary>Hands a job out, which the pool releases; waits while enough is queued.</summary>
    public void Send(PostgresJob job)
    {
        workers.WaitUntil(() => queued < mostQueued);
        workers.Change(() =>
        {
            queued += job.Bytes;
            queue.AddLast(job);
        });
    }

    /// <summary>Throws what ended the work of all, if something did.</summary>
    public void Check() => workers.WaitUntil(() => true);

    /// <summary>Waits until all that was handed out is done.</summary>
    public void Drain() => workers.WaitUntil(() => queue.Count == 0 && running.Count == 0);

    /// <summary>Drained, the load goes on in another database.</summary>
    public void Reconnect() => workers.Change(() => database++);

    /// <summary>Ends the work of all.</summary>
    public void Fail(Exception cause) => workers.Fail(cause);

    public void Dispose()
    {
        workers.Dispose();
        foreach (PostgresJob job in queue)
            job.Release();
    }

    private void Work(int number)
    {
        PostgresConnection? connection = null;
        PostgresSession session = PostgresSession.Empty;
        int within = -1;
        try
        {
            while (workers.Take(Next) is { } job)
            {
                progress.Begin(number, job.Shown);
                try
                {
                    if (connection is null || within != database)
                    {
                        Close(connection, number);
                        connection = null;
                        connection = Open(number);
                        (within, session) = (database, PostgresSession.Empty);
                    }
                    job.Session.Apply(connection, session);
                    session = job.Session;
                    work.Do(connection, job);
                }
                catch (Exception e)
                {
                    // Before it counts as no longer running: whoever waits for that must learn that it failed.
                    workers.Fail(e);
                }
                finally
                {
                    progress.End(number);
                    job.Release();
                    workers.Change(() => running.Remove(job));
                }
            }
        }
        finally
        {
            Close(connection, number);
        }
    }

    private PostgresConnection Open(int number)
    {
        PostgresConnection connection;
        try
        {
            connection = connect();
        }
        catch (ServerException e)
        {
            throw new FailedException($"a further connection is refused: {e.Message}",
                e.SqlState == "53300" ? "go on with --resume and fewer --jobs" : "what was committed stays; when the server takes connections, --resume goes on from there", e);
        }
        workers.Enter(number, connection.ProcessId, connection.Abort);
        // A crash of the server may take the last commits away, and then their lines of the ledger with them; the last commit of the
        // load waits for all.
        connection.Query("SET synchronous_commit = off");
        return connection;
    }

    private void Close(PostgresConnection? connection, int number)
    {
        if (connection is null)
            return;
        workers.Leave(number);
        connection.Dispose();
    }

    private PostgresJob? Next()
    {
        for (LinkedListNode<PostgresJob>? node = queue.First; node is not null; node = node.Next)
        {
            if (!MayRun(node))
                continue;
            queue.Remove(node);
            running.Add(node.Value);
            queued -= node.Value.Bytes;
            return node.Value;
        }
        return null;
    }

    /// <summary>Rows may always; what is built follows all that stands before it for the same table, but indexes go together.</summary>
    private bool MayRun(LinkedListNode<PostgresJob> node)
    {
        PostgresJob job = node.Value;
        if (!job.IsBuild)
            return true;
        if (running.Exists(InTheWay))
            return false;
        for (LinkedListNode<PostgresJob>? before = node.Previous; before is not null; before = before.Previous)
            if (InTheWay(before.Value))
                return false;
        return true;

        bool InTheWay(PostgresJob other) => ReferenceEquals(other.Table, job.Table) && (!other.IsBuild || other.IsExclusive || job.IsExclusive);
    }
}
