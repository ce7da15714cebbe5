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
    private readonly object gate = new();
    private readonly LinkedList<PostgresJob> queue = new();
    private readonly List<PostgresJob> running = [];
    private readonly List<Thread> threads = [];
    private readonly List<PostgresConnection> connections = [];
    private readonly Func<PostgresConnection> connect;
    private readonly LoadOptions options;
    private readonly LoadProgress progress;
    private readonly PostgresWork work;
    private readonly CancellationTokenRegistration registration;
    private readonly CancellationToken cancellation;
    private readonly long mostQueued;
    private readonly Dictionary<int, int> workerOf = [];
    private long queued;
    private int database;
    private bool ending;
    private Exception? failure;

    /// <param name="connect">A connection to the database that the load is in now.</param>
    public PostgresPool(Func<PostgresConnection> connect, LoadOptions options, LoadProgress progress, LoadReport report, CancellationToken cancellation)
    {
        (this.connect, this.options, this.progress, this.cancellation) = (connect, options, progress, cancellation);
        work = new(options, progress, report);
        progress.Connections = options.Jobs;
        mostQueued = options.Jobs * 2L * options.BatchSize;
        registration = cancellation.Register(() => Fail(new OperationCanceledException()));
        for (int i = 0; i < options.Jobs; i++)
        {
            int number = i;
            var thread = new Thread(() => Work(number)) { IsBackground = true, Name = $"load {number}" };
            threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>The server's numbers of the sessions, each with the worker that has it.</summary>
    public Dictionary<int, int> Sessions
    {
        get
        {
            lock (gate)
                return new Dictionary<int, int>(workerOf);
        }
    }

    /// <summary>Whether anything is to be built yet.</summary>
    public bool IsBuilding
    {
        get
        {
            lock (gate)
                return queue.Any(job => job.IsBuild) || running.Exists(job => job.IsBuild);
        }
    }

    /// <summary>Hands a job out, which the pool releases; waits while enough is queued.</summary>
    public void Send(PostgresJob job)
    {
        WaitUntil(() => queued < mostQueued);
        lock (gate)
        {
            queued += job.Bytes;
            queue.AddLast(job);
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Throws what ended the work of all, if something did.</summary>
    public void Check() => WaitUntil(() => true);

    /// <summary>Waits until all that was handed out is done.</summary>
    public void Drain() => WaitUntil(() => queue.Count == 0 && running.Count == 0);

    /// <summary>Drained, the load goes on in another database.</summary>
    public void Reconnect()
    {
        lock (gate)
            database++;
    }

    public void Dispose()
    {
        registration.Dispose();
        lock (gate)
        {
            ending = true;
            Monitor.PulseAll(gate);
        }
        foreach (Thread thread in threads)
            thread.Join();
        foreach (PostgresJob job in queue)
            job.Release();
    }

    /// <summary>Ends the work of all: their statements are given up, what they had not committed is rolled back by the server.</summary>
    public void Fail(Exception cause)
    {
        lock (gate)
        {
            failure ??= cause;
            foreach (PostgresConnection connection in connections)
                connection.Abort("the load was ended");
            Monitor.PulseAll(gate);
        }
    }

    private void WaitUntil(Func<bool> holds)
    {
        lock (gate)
        {
            while (true)
            {
                if (failure is not null)
                    throw failure is OperationCanceledException ? new OperationCanceledException(cancellation) : failure;
                if (holds())
                    return;
                Monitor.Wait(gate);
            }
        }
    }

    private void Work(int number)
    {
        PostgresConnection? connection = null;
        PostgresSession session = PostgresSession.Empty;
        int within = -1;
        try
        {
            while (Take() is { } job)
            {
                progress.Begin(number, job.Shown);
                try
                {
                    if (connection is null || within != database)
                    {
                        Close(connection);
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
                    Fail(e);
                }
                finally
                {
                    progress.End(number);
                    job.Release();
                    lock (gate)
                    {
                        running.Remove(job);
                        Monitor.PulseAll(gate);
                    }
                }
            }
        }
        finally
        {
            Close(connection);
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
        lock (gate)
        {
            connections.Add(connection);
            workerOf[connection.ProcessId] = number;
            if (failure is not null)
                connection.Abort("the load was ended");
        }
        // A crash of the server may take the last commits away, and then their lines of the ledger with them; the last commit of the
        // load waits for all.
        connection.Query("SET synchronous_commit = off");
        return connection;
    }

    private void Close(PostgresConnection? connection)
    {
        if (connection is null)
            return;
        lock (gate)
        {
            connections.Remove(connection);
            workerOf.Remove(connection.ProcessId);
        }
        connection.Dispose();
    }

    private PostgresJob? Take()
    {
        lock (gate)
        {
            while (true)
            {
                if (failure is not null)
                    return null;
                for (LinkedListNode<PostgresJob>? node = queue.First; node is not null; node = node.Next)
                {
                    if (!MayRun(node))
                        continue;
                    queue.Remove(node);
                    running.Add(node.Value);
                    queued -= node.Value.Bytes;
                    Monitor.PulseAll(gate);
                    return node.Value;
                }
                if (ending)
                    return null;
                Monitor.Wait(gate);
            }
        }
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
