using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Host.Lvm;

namespace Jumpbag.Snapshots;

/// <summary>A shell command of the person's that is run before or after a snapshot is made.</summary>
/// <param name="option">What it was given by.</param>
/// <param name="command">Null to do nothing.</param>
public sealed class ShellHook(string option, string? command, LiveSnapshot snapshot, CancellationToken stop)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10), Slice = TimeSpan.FromMilliseconds(200);

    /// <exception cref="FailedException">It ended with another status than 0.</exception>
    /// <exception cref="OperationCanceledException">It was ended, because the run is to stop.</exception>
    public void Run()
    {
        if (command is null)
            return;
        using Job job = Job.Start(new(Programs.Find("sh"), [.. new[] { "sh", "-c", command }.Select(ByteString.FromArgument)])
        {
            TakesTerminal = true,
            Environment = ["JUMPBAG_ORIGIN=" + snapshot.Plan.Origin.FullName, "JUMPBAG_SNAPSHOT=" + snapshot.FullName],
        });
        JobEnd? end;
        while ((end = job.Wait(Slice)) is null)
        {
            if (!stop.IsCancellationRequested)
                continue;
            job.Stop(Signals.Terminate, Grace);
            stop.ThrowIfCancellationRequested();
        }
        if (end.Value.Status != 0)
            throw new FailedException($"{option} {ShellWord.Quote(command)}: {end}");
    }
}
