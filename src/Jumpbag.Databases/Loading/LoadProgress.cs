using System.Diagnostics;

namespace Jumpbag.Databases.Loading;

/// <summary>What the connections are doing and what the server has acknowledged. Written by the workers, read by whoever shows it.</summary>
public sealed class LoadProgress
{
    private readonly Lock gate = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Dictionary<int, (string What, TimeSpan Since, double? Percent, string? Phase)> running = [];
    private readonly List<(long Rows, int Keys, TimeSpan Time)> builds = [];
    private long rows;
    private long busyTicks;
    private long bytes;
    private TimeSpan lastAcknowledged;

    public TimeSpan Elapsed => clock.Elapsed;

    /// <summary>Acknowledged in this run.</summary>
    public long Rows => Interlocked.Read(ref rows);

    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Time that connections spent on rows, added up.</summary>
    public TimeSpan Busy => TimeSpan.FromTicks(Interlocked.Read(ref busyTicks));

    /// <summary>What the load waits for, of its own accord; null while it waits for nothing.</summary>
    public string? WaitsFor { get; set; }

    /// <summary>How many there are.</summary>
    public int Connections { get; set; } = 1;

    /// <summary>How long ago the server acknowledged something.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (gate)
                return clock.Elapsed - lastAcknowledged;
        }
    }

    /// <summary>What each busy connection does, since when, and where in it the server says that it is.</summary>
    public IReadOnlyList<(string What, TimeSpan Since, double? Percent, string? Phase)> Running
    {
        get
        {
            lock (gate)
                return [.. running.OrderBy(entry => entry.Key).Select(entry => entry.Value)];
        }
    }

    /// <summary>The index builds that are done: rows of the table, indexes, time.</summary>
    public IReadOnlyList<(long Rows, int Keys, TimeSpan Time)> Builds
    {
        get
        {
            lock (gate)
                return [.. builds];
        }
    }

    public void Acknowledge(long moreRows, long moreBytes, TimeSpan time)
    {
        Interlocked.Add(ref busyTicks, time.Ticks);
        Interlocked.Add(ref rows, moreRows);
        Interlocked.Add(ref bytes, moreBytes);
        lock (gate)
            lastAcknowledged = clock.Elapsed;
    }

    public void Begin(int worker, string what)
    {
        lock (gate)
            running[worker] = (what, clock.Elapsed, null, null);
    }

    /// <param name="phase">In the server's words.</param>
    public void Report(int worker, double? percent, string? phase = null)
    {
        lock (gate)
        {
            if (!running.TryGetValue(worker, out var now) || (now.Percent == percent && now.Phase == phase))
                return;
            running[worker] = now with { Percent = percent, Phase = phase };
            lastAcknowledged = clock.Elapsed;
        }
    }

    public void End(int worker)
    {
        lock (gate)
            running.Remove(worker);
    }

    public void Built(long tableRows, int keys, TimeSpan time)
    {
        lock (gate)
        {
            builds.Add((tableRows, keys, time));
            lastAcknowledged = clock.Elapsed;
        }
    }
}
