using System.Diagnostics;
using Jumpbag.Core.Events;

namespace Jumpbag.FileSystems;

/// <summary>
/// Tells how far a copy or an archive is: after the first second, then five times a second, also while nothing moves. Only
/// what takes that long is counted, beside the work.
/// </summary>
public sealed class ProgressTimer : IDisposable
{
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly Timer timer;

    /// <param name="done">Files (directories included) and bytes that were dealt with.</param>
    internal ProgressTimer(string activity, TreeCount? count, EventSink events, Func<(long Files, long Bytes)> done)
    {
        timer = new(_ =>
        {
            count?.CountBeside();
            bool known = count is { Counted: true };
            (long files, long bytes) = done();
            events(new Progressed(new(activity, files, known ? count!.Files + count.Directories : null, bytes, known ? count!.Bytes : null, Elapsed)));
        }, null, 1000, 200);
    }

    /// <param name="done">How far it is; the time is added.</param>
    public ProgressTimer(EventSink events, Func<TimeSpan, Progress> done) => timer = new(_ => events(new Progressed(done(Elapsed))), null, 1000, 200);

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(started);

    /// <summary>Afterwards nothing more is told.</summary>
    public void Dispose()
    {
        using var ended = new ManualResetEvent(false);
        if (timer.Dispose(ended))
            ended.WaitOne();
    }
}
