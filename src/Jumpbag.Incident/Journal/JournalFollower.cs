namespace Jumpbag.Incident.Journal;

/// <summary>
/// Keeps a journal's file up with its store from a thread of its own, so that whoever follows need only read the file. What is added is seen at once
/// where the store tells of it, else within <see cref="Pause"/>; while the store is away it is tried again as often.
/// </summary>
public sealed class JournalFollower : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2), OneWait = TimeSpan.FromMilliseconds(250);

    private readonly FileJournal journal;
    private readonly Author author;
    private readonly Action<Synced> tell;
    private readonly ManualResetEventSlim stopped = new();
    private readonly Thread thread;

    /// <param name="tell">After each turn with the store, from the thread.</param>
    public JournalFollower(FileJournal journal, Author author, Action<Synced> tell)
    {
        (this.journal, this.author, this.tell) = (journal, author, tell);
        thread = new(Run, 1 << 20) { IsBackground = true, Name = "follows the store" };
        if (journal.Store is not null)
            thread.Start();
    }

    public void Dispose()
    {
        stopped.Set();
        if (thread.IsAlive)
            thread.Join();
        stopped.Dispose();
    }

    private void Run()
    {
        IStoreWatch? watch = null;
        while (!stopped.IsSet)
        {
            try
            {
                watch ??= journal.Store!.Watch();
                Turn();
                long end = Environment.TickCount64 + (long)Pause.TotalMilliseconds;
                while (!stopped.IsSet && Environment.TickCount64 < end && !watch.Wait(OneWait))
                {
                }
            }
            catch (PlaceException)
            {
                watch?.Dispose();
                watch = null;
                Turn();
                stopped.Wait(Pause);
            }
        }
        watch?.Dispose();
    }

    private void Turn()
    {
        if (journal.Sync(author) is { } synced)
            tell(synced);
    }
}
