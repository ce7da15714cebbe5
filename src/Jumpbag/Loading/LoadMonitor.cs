using Jumpbag.Core.Events;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Loading;

namespace Jumpbag.Loading;

/// <summary>Shows how far a load is, five times a second, and asks the server what it is doing when nothing moves.</summary>
internal sealed class LoadMonitor : IDisposable
{
    private static readonly TimeSpan Stalled = TimeSpan.FromSeconds(5);

    private readonly ILoad load;
    private readonly DumpIndex? index;
    private readonly EventSink events;
    private readonly Timer timer;
    private readonly Lock gate = new();
    private TimeSpan asked;
    private string? answer;
    private bool over;

    public LoadMonitor(ILoad load, DumpIndex? index, EventSink events)
    {
        this.load = load;
        this.index = index;
        this.events = events;
        timer = new(_ => Show(), null, TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(200));
    }

    public void Dispose()
    {
        lock (gate)
            over = true;
        timer.Dispose();
    }

    private void Show()
    {
        lock (gate)
        {
            if (over)
                return;
            LoadProgress progress = load.Progress;
            IReadOnlyList<(string What, TimeSpan Since, double? Percent)> running = progress.Running;
            if (progress.Silence < Stalled)
            {
                answer = null;
            }
            else if (progress.Elapsed - asked > Stalled)
            {
                asked = progress.Elapsed;
                answer = load.AskServer() is { Count: > 0 } states ? "server: " + string.Join(", ", states.Distinct()) : null;
            }
            string activity = running.Count == 0 ? "load" : string.Join(", ", running.Select(what => what.Percent is { } percent ? $"{what.What} {percent:0}%" : what.What).Distinct());
            LoadEstimate? estimate = index is null ? null : LoadEstimate.Of(load, index);
            events(new Progressed(new(activity, progress.Rows, estimate?.Rows, progress.Bytes, estimate?.Bytes, progress.Elapsed)
            {
                Unit = "rows",
                Share = estimate?.Share,
                Estimate = estimate?.Remaining,
                Note = progress.WaitsFor ?? answer ?? $"{running.Count} {(running.Count == 1 ? "connection" : "connections")}",
            }));
        }
    }
}
