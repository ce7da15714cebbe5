using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Checking;

/// <summary>One run of a checker as a program of its own, on the terminal if there is one.</summary>
public static class CheckerRun
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(500), Grace = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Its output goes where ours goes (with --json to standard error, so that the result stays alone), what is typed goes to
    /// it, and so does Ctrl-C: e2fsck then ends in good order.
    /// </summary>
    public static CheckOutcome Run(Checker checker, string program, CheckMode mode, IEnumerable<string> options, string view, bool json, CancellationToken cancellation)
    {
        string[] words = [program, .. checker.Arguments(mode, options, view)];
        // Should this process be killed, the view is gone, and a checker that answers every failing read with yes goes on for long.
        if (Programs.TryFind("setpriv") is { } setpriv)
            words = [setpriv, "--pdeathsig", "KILL", .. words];
        using Job job = Job.Start(new(words[0], [.. words.Select(ByteString.FromArgument)]) { TakesTerminal = true, Output = json ? 2 : 1 });
        JobEnd? end = null;
        while (end is null)
        {
            end = cancellation.IsCancellationRequested ? job.Stop(Signals.Interrupt, Grace) : job.Wait(Slice);
            if (end is not null && cancellation.IsCancellationRequested)
                return CheckOutcome.Cancelled;
        }
        return end.Value.Signal switch
        {
            null => checker.Read(end.Value.Code, mode),
            Signals.Interrupt or Signals.Terminate or Signals.Hangup => CheckOutcome.Cancelled,
            _ => CheckOutcome.Broken,
        };
    }
}
