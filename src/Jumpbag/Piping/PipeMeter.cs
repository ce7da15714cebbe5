namespace Jumpbag.Piping;

/// <summary>What is known at the moment of one drawing. Amounts are bytes or lines; rates are per second.</summary>
public readonly record struct PipeMoment(long Done, long? Total, TimeSpan Elapsed, double Rate, double AverageRate, TimeSpan? Remaining, bool Final)
{
    /// <summary>Whole percents, rounded down, more than 100 where more came than was expected; null where the total is not known.</summary>
    public long? Percent => Total is > 0 ? (long)Int128.Min((Int128)Done * 100 / Total.Value, long.MaxValue) : null;
}

/// <summary>
/// Makes rates and the time to go from what was counted when. The rate is that since the last moment; the average that since
/// the start. The time to go follows the last half minute: what a cache gave at first, or a stall at night, says little about
/// the rest.
/// </summary>
public sealed class PipeMeter(long? total)
{
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    /// <summary>Samples a second apart at least, so that they stay few however often is drawn.</summary>
    private readonly Queue<(TimeSpan Time, long Done)> window = new([(TimeSpan.Zero, 0)]);
    private (TimeSpan Time, long Done) last;
    private TimeSpan sampled;

    /// <param name="done">Counted since the start.</param>
    /// <param name="elapsed">Time since the start; never less than at the last call.</param>
    /// <param name="final">After the end: the rate is then that of the whole.</param>
    public PipeMoment At(long done, TimeSpan elapsed, bool final)
    {
        double average = PerSecond(done, elapsed);
        double rate = final ? average : PerSecond(done - last.Done, elapsed - last.Time);
        last = (elapsed, done);
        while (window.Count > 1 && elapsed - window.Peek().Time > Window)
            window.Dequeue();
        (TimeSpan time, long before) = window.Peek();
        TimeSpan? remaining = total is > 0 ? Remaining(total.Value - done, PerSecond(done - before, elapsed - time)) : null;
        if (elapsed - sampled >= TimeSpan.FromSeconds(1))
        {
            window.Enqueue((elapsed, done));
            sampled = elapsed;
        }
        return new(done, total, elapsed, rate, average, remaining, final);
    }

    private static double PerSecond(long amount, TimeSpan time) => time > TimeSpan.Zero ? amount / time.TotalSeconds : 0;

    /// <summary>Null where nothing moves, or where it would take longer than anyone waits.</summary>
    private static TimeSpan? Remaining(long amount, double rate) =>
        amount <= 0 ? TimeSpan.Zero
        : rate > 0 && amount / rate < TimeSpan.FromDays(100_000).TotalSeconds ? TimeSpan.FromSeconds(amount / rate)
        : null;
}
