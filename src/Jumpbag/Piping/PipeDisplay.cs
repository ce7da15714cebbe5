using System.Diagnostics;
using System.Globalization;
using Jumpbag.Core.Events;
using Jumpbag.Terminal;

namespace Jumpbag.Piping;

/// <summary>What is shown, and when.</summary>
/// <param name="Format">Null for numbers only.</param>
/// <param name="Lines">Whether lines are counted.</param>
public sealed record PipeDisplayStyle(PipeFormat? Format, bool NumberOfAmount, bool NumberWithTime, TimeSpan Interval, TimeSpan Delay, bool FromFirstByte, int? Width, bool Lines);

/// <summary>Draws at intervals, on a thread of its own: the copy is never held up by it, nor it by a copy that stands still.</summary>
public sealed class PipeDisplay : IDisposable
{
    private readonly PipeDisplayStyle style;
    private readonly PipeCounter counter;
    private readonly EventSink events;
    private readonly PipeMeter meter;
    private readonly Thread thread;
    private readonly ManualResetEventSlim ended = new();
    private readonly long opened = Stopwatch.GetTimestamp();
    private readonly bool onTerminal = Screen.IsTerminal(2);
    private int drawn;
    private int swing;

    public PipeDisplay(PipeDisplayStyle style, PipeCounter counter, long? total, EventSink events)
    {
        this.style = style;
        this.counter = counter;
        this.events = events;
        meter = new(total);
        thread = new(Run) { IsBackground = true };
        thread.Start();
    }

    /// <summary>Draws for the last time; that line stays.</summary>
    public void Dispose()
    {
        ended.Set();
        thread.Join();
        ended.Dispose();
        Draw(final: true);
    }

    private void Run()
    {
        TimeSpan next = style.Interval;
        while (true)
        {
            // In whole milliseconds, and never too early: the wait cuts the fraction off.
            double wait = (next - Stopwatch.GetElapsedTime(opened)).TotalMilliseconds;
            if (ended.Wait((int)Math.Clamp(Math.Ceiling(wait), 0, int.MaxValue)))
                return;
            TimeSpan now = Stopwatch.GetElapsedTime(opened);
            if (now < next)
                continue;
            Draw(final: false);
            // After a pause (a stopped process, a sleeping machine) the beat goes on from here.
            next += style.Interval * (1 + Math.Floor((now - next) / style.Interval));
        }
    }

    private void Draw(bool final)
    {
        long? started = style.FromFirstByte ? counter.FirstByte : opened;
        if (started is not { } start || Stopwatch.GetElapsedTime(opened) < style.Delay || (onTerminal && Screen.IsInBackground(2)))
            return;
        PipeMoment moment = meter.At(counter.Done, Stopwatch.GetElapsedTime(start), final);
        if (style.Format is not { } format)
        {
            events(new ProgressText(Number(moment), Kept: true, Told(moment)));
            return;
        }
        // Asked for each time: a window changes its size.
        int width = style.Width ?? Screen.Width() ?? 80;
        string line = format.Render(moment, width, DateTime.Now);
        events(new ProgressText(line.PadRight(Math.Min(drawn, width)), Kept: final, Told(moment)));
        drawn = line.Length;
    }

    private Progress Told(in PipeMoment moment) => style.Lines
        ? new("pipe", moment.Done, moment.Total, 0, null, moment.Elapsed) { Unit = "lines", Estimate = moment.Remaining }
        : new("pipe", 0, null, moment.Done, moment.Total, moment.Elapsed) { Estimate = moment.Remaining };

    private string Number(in PipeMoment moment)
    {
        string time = style.NumberWithTime ? moment.Elapsed.TotalSeconds.ToString("0.0000 ", CultureInfo.InvariantCulture) : "";
        if (style.NumberOfAmount)
            return time + moment.Done.ToString(CultureInfo.InvariantCulture);
        // Where the end is not known the number swings between 0 and 100, for the gauge that it is piped into.
        if (moment.Percent is null)
            swing = (swing + 2) % 200;
        long percent = moment.Percent ?? (swing > 100 ? 200 - swing : swing);
        return time + Math.Min(percent, 100).ToString(CultureInfo.InvariantCulture);
    }
}
