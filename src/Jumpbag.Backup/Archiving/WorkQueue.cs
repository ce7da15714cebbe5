namespace Jumpbag.Backup.Archiving;

/// <summary>
/// Work for a few threads, in order. Who adds waits while there is much; work that is cut off from running work goes first, and
/// only where a thread will soon take it.
/// </summary>
internal sealed class WorkQueue : IDisposable
{
    private const int Most = 256;

    private readonly LinkedList<Action> waiting = new();
    private readonly object gate = new();
    private readonly Thread[] threads;
    private readonly Action<Exception> failed;
    private int running, urgent;
    private bool isClosed;

    /// <param name="failed">Told what a piece of work threw; the others go on.</param>
    public WorkQueue(int threads, Action<Exception> failed)
    {
        this.failed = failed;
        this.threads = [.. Enumerable.Range(0, threads).Select(_ => new Thread(Work) { IsBackground = true })];
        foreach (Thread thread in this.threads)
            thread.Start();
    }

    public void Add(Action work)
    {
        lock (gate)
        {
            while (waiting.Count >= Most)
                Monitor.Wait(gate);
            waiting.AddLast(work);
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>False where all threads have enough to do: then the caller does it.</summary>
    public bool TryAddUrgent(Action work)
    {
        lock (gate)
        {
            if (urgent >= threads.Length)
                return false;
            urgent++;
            waiting.AddFirst(() =>
            {
                try
                {
                    work();
                }
                finally
                {
                    lock (gate)
                        urgent--;
                }
            });
            Monitor.PulseAll(gate);
            return true;
        }
    }

    /// <summary>Waits until all is done, also what running work adds.</summary>
    public void Drain()
    {
        lock (gate)
            while (waiting.Count > 0 || running > 0)
                Monitor.Wait(gate);
    }

    public void Dispose()
    {
        lock (gate)
        {
            isClosed = true;
            Monitor.PulseAll(gate);
        }
        foreach (Thread thread in threads)
            thread.Join();
    }

    private void Work()
    {
        while (true)
        {
            Action? work;
            lock (gate)
            {
                while (waiting.Count == 0 && !isClosed)
                    Monitor.Wait(gate);
                if (waiting.Count == 0)
                    return;
                work = waiting.First!.Value;
                waiting.RemoveFirst();
                running++;
                Monitor.PulseAll(gate);
            }
            try
            {
                work();
            }
            catch (Exception e)
            {
                failed(e);
            }
            lock (gate)
            {
                running--;
                Monitor.PulseAll(gate);
            }
        }
    }
}
