namespace Jumpbag.Databases.Loading;

/// <summary>
/// The threads of a load, each with a connection of its own. What they and whoever gives them work share is guarded by one lock; one
/// that fails ends the work of all, and whoever waits for something learns why it does not come.
/// </summary>
internal sealed class Workers : IDisposable
{
    private const string Ended = "the load was ended";

    private readonly object gate = new();
    private readonly List<Thread> threads = [];
    private readonly Dictionary<int, (long Session, Action<string> Abort)> connections = [];
    private readonly CancellationToken cancellation;
    private readonly CancellationTokenRegistration registration;
    private bool ending;
    private Exception? failure;

    public Workers(CancellationToken cancellation)
    {
        this.cancellation = cancellation;
        registration = cancellation.Register(() => Fail(new OperationCanceledException()));
    }

    /// <summary>The server's numbers of the sessions, each with the worker that has it.</summary>
    public Dictionary<long, int> Sessions => Look(() => connections.ToDictionary(entry => entry.Value.Session, entry => entry.Key));

    /// <param name="work">What the worker of this number does until it ends.</param>
    public void Start(int count, Action<int> work)
    {
        for (int i = 0; i < count; i++)
        {
            int number = i;
            var thread = new Thread(() => work(number)) { IsBackground = true, Name = $"load {number}" };
            threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>Under the lock; what it changes may be what others wait for.</summary>
    public void Change(Action change)
    {
        lock (gate)
        {
            change();
            Monitor.PulseAll(gate);
        }
    }

    public T Look<T>(Func<T> look)
    {
        lock (gate)
            return look();
    }

    /// <exception cref="Exception">What ended the work of all.</exception>
    public void WaitUntil(Func<bool> holds)
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

    /// <summary>The next work; null when there is none any more.</summary>
    /// <param name="next">Takes it out of what is queued, under the lock; null where nothing can be begun just now.</param>
    public T? Take<T>(Func<T?> next) where T : class
    {
        lock (gate)
        {
            while (true)
            {
                if (failure is not null)
                    return null;
                if (next() is { } found)
                {
                    Monitor.PulseAll(gate);
                    return found;
                }
                if (ending)
                    return null;
                Monitor.Wait(gate);
            }
        }
    }

    /// <summary>A worker has connected; if the work was ended meanwhile, the connection is too.</summary>
    public void Enter(int worker, long session, Action<string> abort)
    {
        lock (gate)
        {
            connections[worker] = (session, abort);
            if (failure is not null)
                abort(Ended);
        }
    }

    public void Leave(int worker)
    {
        lock (gate)
            connections.Remove(worker);
    }

    /// <summary>Ends the work of all: their statements are given up, what they had not committed is rolled back by the server.</summary>
    public void Fail(Exception cause)
    {
        lock (gate)
        {
            failure ??= cause;
            foreach ((_, Action<string> abort) in connections.Values)
                abort(Ended);
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Lets them do what is queued, and waits for them.</summary>
    public void Dispose()
    {
        registration.Dispose();
        Change(() => ending = true);
        foreach (Thread thread in threads)
            thread.Join();
    }
}
