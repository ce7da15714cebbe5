using Jumpbag.Core;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Board.Feed;

/// <summary>An incident as it was at one moment. Streams share it.</summary>
/// <param name="Version">Grows with each change of the state.</param>
/// <param name="Events">In the order in which they came.</param>
/// <param name="Json">The state, for the page.</param>
/// <param name="RunningVersion">Grows with each change of the running operations.</param>
/// <param name="Running">These, for the page.</param>
public sealed record Snapshot(long Version, IReadOnlyList<Entry> Events, IncidentState State, byte[] Json, long RunningVersion, byte[] Running)
{
    private readonly Lazy<Entry[]> timeline = new(() => [.. Events.Select(entry => (State.Corrections.Apply(entry) ?? entry).When).Zip(Events).OrderBy(pair => pair.First).ThenBy(pair => pair.Second.Id, StringComparer.Ordinal).Select(pair => pair.Second)]);

    public string Head => Events[^1].Hash;

    /// <summary>In the order in which they happened.</summary>
    public IReadOnlyList<Entry> Timeline => timeline.Value;
}

/// <summary>Follows a journal, and wakes those who show it.</summary>
public sealed class BoardFeed(BoardJournal journal, RunningList running) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RunningPause = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource stopping = new();
    private readonly List<Entry> events = [];
    private readonly Dictionary<string, int> places = [];
    private readonly Lock gate = new();
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Snapshot? now;
    private string? problem, failing;
    private Task? work;
    private long looks;

    public Snapshot Now => Volatile.Read(ref now)!;

    /// <summary>Reads what there is, and begins to follow.</summary>
    /// <exception cref="JumpbagException">There is no journal that can be read.</exception>
    public void Start()
    {
        Take(journal.Follow(DateTimeOffset.UtcNow));
        if (events.Count == 0)
            throw new NotFoundException($"{journal.Path}: {(File.Exists(journal.Path) ? "holds no event" : "no such journal")}", "is the medium that it is on there?");
        Publish(isNew: true);
        work = Task.Run(Work);
    }

    /// <summary>Done at the next change. Ask for it before looking at <see cref="Now"/>.</summary>
    public Task Changed
    {
        get
        {
            lock (gate)
                return changed.Task;
        }
    }

    /// <summary>Behind how many events this one stands; null where it isn't known.</summary>
    public int? PlaceAfter(string hash)
    {
        lock (gate)
            return places.TryGetValue(hash, out int place) ? place + 1 : null;
    }

    /// <summary>Waits until <see cref="Now"/> has all that stands in the journal at this moment.</summary>
    public async Task Fresh(CancellationToken cancelled)
    {
        // The look that is under way may have passed the place already.
        long wanted = Interlocked.Read(ref looks) + 2;
        while (Interlocked.Read(ref looks) < wanted && !stopping.IsCancellationRequested)
            await Task.Delay(10, cancelled).ConfigureAwait(false);
    }

    public void Dispose()
    {
        stopping.Cancel();
        work?.Wait(TimeSpan.FromSeconds(5));
        stopping.Dispose();
    }

    private async Task Work()
    {
        DateTimeOffset nextRunning = DateTimeOffset.MinValue;
        while (!stopping.IsCancellationRequested)
        {
            DateTimeOffset time = DateTimeOffset.UtcNow;
            string? trouble = null;
            bool isNew = false;
            try
            {
                IReadOnlyList<Entry> news = journal.Follow(time);
                Take(news);
                isNew = news.Count > 0;
                if (journal.IsCut)
                    trouble = "the end of the journal was cut off, or the file is gone: this board has seen more events than it holds";
            }
            catch (Exception e) when (e is JumpbagException or IOException or UnauthorizedAccessException)
            {
                trouble = "the journal can't be read: " + e.Message;
            }
            isNew |= trouble != problem;
            problem = trouble;
            if (isNew || time >= nextRunning)
            {
                TryPublish(isNew);
                nextRunning = time + RunningPause;
            }
            Interlocked.Increment(ref looks);
            await Task.Delay(Pause, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Whatever goes wrong stands on every page, which goes on with what it had: a board that stood still would be believed.</summary>
    private void TryPublish(bool isNew)
    {
        try
        {
            Publish(isNew);
            if (isNew)
                failing = null;
        }
        catch (Exception e)
        {
            string text = e is JumpbagException ? e.Message : $"a defect of the board: {e.GetType().Name}: {e.Message}";
            if (text == failing)
                return;
            failing = text;
            Show(Now with { Version = Now.Version + 1, Json = StateJson.Of(Now.State, failing, DateTimeOffset.UtcNow) });
        }
    }

    private void Take(IReadOnlyList<Entry> news)
    {
        lock (gate)
            foreach (Entry entry in news)
            {
                places[entry.Hash] = events.Count;
                events.Add(entry);
            }
    }

    private void Publish(bool isNew)
    {
        Snapshot? before = now;
        DateTimeOffset time = DateTimeOffset.UtcNow;
        Entry[]? all = isNew ? [.. events] : null;
        IncidentState state = all is null ? before!.State : IncidentState.Of(all, journal.Path);
        // What is next and who is overdue follows from the clock too.
        byte[] json = StateJson.Of(state, problem ?? failing, time), operations = running.Json(state, time);
        bool stateChanged = before is null || isNew || !json.AsSpan().SequenceEqual(before.Json), runningChanged = before is null || !operations.AsSpan().SequenceEqual(before.Running);
        if (!stateChanged && !runningChanged)
            return;
        Show(new((before?.Version ?? 0) + (stateChanged ? 1 : 0), all ?? before!.Events, state, json, (before?.RunningVersion ?? 0) + (runningChanged ? 1 : 0), operations));
    }

    private void Show(Snapshot next)
    {
        Volatile.Write(ref now, next);
        TaskCompletionSource waiting;
        lock (gate)
        {
            waiting = changed;
            changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        waiting.SetResult();
    }
}
