using System.Diagnostics;

namespace Jumpbag.Piping;

/// <summary>
/// Holds a copy to an amount a second: time fills a bucket, what is moved empties it. It holds a tenth of a second's worth, so
/// a copy that was held up does not make up for it in a burst.
/// </summary>
public sealed class RateLimit(long perSecond)
{
    private readonly double capacity = Math.Max(1, perSecond / 10.0);
    private double allowed;
    private long last = Stopwatch.GetTimestamp();

    /// <summary>Waits until something may be moved, half of the bucket where it gets that full; how much, at least 1.</summary>
    public long Wait()
    {
        double wanted = Math.Max(1, capacity / 2);
        while (true)
        {
            long now = Stopwatch.GetTimestamp();
            allowed = Math.Min(capacity, allowed + (now - last) * (double)perSecond / Stopwatch.Frequency);
            last = now;
            if (allowed >= wanted)
                return (long)allowed;
            Thread.Sleep(Math.Clamp((int)Math.Ceiling((wanted - allowed) / perSecond * 1000), 1, 1000));
        }
    }

    public void Took(long amount) => allowed -= amount;
}
