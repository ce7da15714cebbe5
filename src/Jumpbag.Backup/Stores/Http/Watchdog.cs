namespace Jumpbag.Backup.Stores.Http;

/// <summary>Breaks an exchange off when nothing has moved for some time.</summary>
internal sealed class Watchdog(StoreOptions options) : IDisposable
{
    /// <summary>Slower than that is as good as dead.</summary>
    private const int LeastBytesPerSecond = 100;

    private readonly CancellationTokenSource source = new(options.Silence, options.Clock);
    private long begin = options.Clock.GetTimestamp();
    private long moved;

    public CancellationToken Token => source.Token;

    public void Start() => source.CancelAfter(options.Silence);

    public void Stop() => source.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <summary>So many bytes came.</summary>
    /// <exception cref="TransientException">They trickle.</exception>
    public void Came(int bytes)
    {
        moved += bytes;
        double seconds = options.Clock.GetElapsedTime(begin).TotalSeconds;
        if (seconds > options.Silence.TotalSeconds)
        {
            if (moved < seconds * LeastBytesPerSecond)
                throw new TransientException($"only {moved} bytes came in {seconds:0} s");
            (begin, moved) = (options.Clock.GetTimestamp(), 0);
        }
        Start();
    }

    public void Dispose() => source.Dispose();
}
