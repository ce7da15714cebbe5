using System.Runtime.InteropServices;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Terminal;

namespace Jumpbag.CommandLine;

/// <summary>What one run of a command has at hand: where results go, where events go, and whether the person wants it to stop.</summary>
public sealed class Session(EventWriter events) : IDisposable
{
    private readonly CancellationTokenSource cancelled = new();
    private readonly List<PosixSignalRegistration> signals = [];
    private Output? output;

    public Output Out => output ??= Output.Standard();

    public EventSink Events => events.Show;

    /// <summary>Done, or partial where damage was told.</summary>
    public int Status => events.Damaged > 0 ? ExitStatus.Partial : ExitStatus.Done;

    /// <summary>
    /// From now on Ctrl-C, SIGTERM and a lost terminal ask to stop instead of ending the program: for commands that have
    /// something to clean up. A second Ctrl-C ends it at once. What nohup or a background job ignores stays ignored.
    /// </summary>
    /// <param name="always">The second does nothing either: what would be left behind does harm.</param>
    public CancellationToken CatchSignals(bool always = false)
    {
        if (signals.Count == 0)
            foreach ((PosixSignal signal, int number) in new[] { (PosixSignal.SIGINT, Signals.Interrupt), (PosixSignal.SIGTERM, Signals.Terminate), (PosixSignal.SIGHUP, Signals.Hangup) })
                if (!ProcessIdentity.Ignored(number))
                    signals.Add(CaughtSignal.Create(signal, context =>
                    {
                        context.Cancel = always || !cancelled.IsCancellationRequested;
                        cancelled.Cancel();
                    }));
        return cancelled.Token;
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in signals)
            signal.Dispose();
        output?.Dispose();
        cancelled.Dispose();
    }
}
