using Jumpbag.Core.Events;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Loading;

namespace Jumpbag.Loading;

/// <summary>Shows how far a load is, five times a second, and asks the server what it is doing when one thing takes long, or nothing moves.</summary>
internal sealed class LoadMonitor : IDisposable
{
    private static readonly TimeSpan Stalled = TimeSpan.FromSeconds(5), Again = TimeSpan.FromSeconds(2);

    private readonly ILoad load;
    private readonly DumpIndex? index;
    private readonly EventSink events;
    private readonly Timer timer;
    private readonly Lock gate = new();
    private TimeSpan asked;
    private IReadOnlyList<string> answer = [];
    private bool over;

    public LoadMonitor(ILoad load, DumpIndex? index, EventSink events)
    {
        this.load = load;
        this.index = index;
        this.events = events;
        timer = new(_ => Show(), null, TimeSpan.FromSeconds(0.4), TimeSpan.FromMilliseconds(200));
    }

    public void Dispose()
    {
        lock (gate)
            over = true;
        timer.Dispose();
    }

    private void Show()
    {
        // A look that the server keeps waiting must not gather more of them behind it.
        if (!gate.TryEnter())
            return;
        try
        {
            if (over)
                return;
            LoadProgress progress = load.Progress;
            TimeSpan elapsed = progress.Elapsed;
            bool isSilent = progress.Silence >= Stalled;
            if (elapsed - asked >= Again && (isSilent || progress.Running.Any(what => elapsed - what.Since >= Stalled)))
            {
                asked = elapsed;
                answer = load.AskServer();
            }
            string? said = isSilent && answer.Count > 0 ? "server: " + string.Join(", ", answer.Distinct()) : null;
            IReadOnlyList<(string What, TimeSpan Since, double? Percent, string? Phase)> running = progress.Running;
            string activity = running.Count == 0 ? "load" : string.Join(", ", running.Select(Describe).Distinct());
            LoadEstimate? estimate = index is null ? null : LoadEstimate.Of(load, index);
            events(new Progressed(new(activity, progress.Rows, estimate?.Rows, progress.Bytes, estimate?.Bytes, progress.Elapsed)
            {
                Unit = "rows",
                Share = estimate?.Share,
                // Nobody knows when a lock will be given back.
                Estimate = isSilent && answer.Any(IsWait) ? Timeout.InfiniteTimeSpan : estimate?.Remaining,
                Stall = progress.WaitsFor ?? said,
                Note = $"{running.Count} {(running.Count == 1 ? "connection" : "connections")}",
            }));
        }
        finally
        {
            gate.Exit();
        }
    }

    private static bool IsWait(string state) => state.StartsWith("wait", StringComparison.OrdinalIgnoreCase);

    private static string Describe((string What, TimeSpan Since, double? Percent, string? Phase) running) =>
        $"{running.What}{(running.Phase is { } phase ? $", {phase}" : "")}{(running.Percent is { } percent ? $" {percent:0}%" : "")}";
}
