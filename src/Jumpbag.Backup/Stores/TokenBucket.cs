namespace Jumpbag.Backup.Stores;

/// <summary>Holds all threads together to so many bytes a second, with a tenth of a second's worth at once. Without a limit it costs nothing.</summary>
internal sealed class TokenBucket(long? perSecond, TimeProvider clock)
{
    private static readonly TimeSpan Burst = TimeSpan.FromSeconds(0.1);

    private readonly Lock gate = new();
    private readonly long begin = clock.GetTimestamp();

    /// <summary>When all that was taken so far is paid for.</summary>
    private TimeSpan paid;

    /// <summary>The largest portion that moves smoothly: of a slow line a tenth of a second's.</summary>
    public int Portion(int most) => perSecond is { } rate ? (int)Math.Clamp(rate / 10, 1, most) : most;

    /// <summary>Takes the turn of so many bytes: how long it is until they may be moved.</summary>
    public TimeSpan Reserve(int bytes)
    {
        if (perSecond is not { } rate)
            return TimeSpan.Zero;
        lock (gate)
        {
            TimeSpan now = clock.GetElapsedTime(begin), earliest = now - Burst;
            paid = (paid < earliest ? earliest : paid) + TimeSpan.FromSeconds(bytes / (double)rate);
            return paid > now ? paid - now : TimeSpan.Zero;
        }
    }

    /// <summary>Waits until so many bytes may be moved.</summary>
    public void Take(int bytes)
    {
        TimeSpan wait = Reserve(bytes);
        if (wait > TimeSpan.Zero)
            Pause.For(wait, clock);
    }
}

internal static class Pause
{
    public static void For(TimeSpan time, TimeProvider clock) => Task.Delay(time, clock).GetAwaiter().GetResult();
}
