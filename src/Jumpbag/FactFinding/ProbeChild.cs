using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Facts;
using Jumpbag.Facts.Files;
using Jumpbag.Host;

namespace Jumpbag.FactFinding;

/// <summary>
/// The process that one probe runs in: "jumpbag facts --probe NAME [--evidence] [WANTED]…". It is started by "jumpbag facts" and by nobody else, so it
/// has no command line to explain and no part in any journal. Each line goes out as it is found: what was said before a probe got stuck counts.
/// </summary>
internal static class ProbeChild
{
    public const string Option = "--probe", EvidenceOption = "--evidence";

    /// <summary>What it is started with, before the probe's name.</summary>
    public static IReadOnlyList<string> Command(bool evidence) => evidence ? ["jumpbag", "facts", Option, EvidenceOption] : ["jumpbag", "facts", Option];

    public static bool IsMeant(string[] arguments) => arguments is ["facts", Option, ..];

    public static int Run(string[] arguments)
    {
        KernelState.EndWithParent();
        bool evidence = arguments.Length > 2 && arguments[2] == EvidenceOption;
        string[] words = arguments[(evidence ? 3 : 2)..];
        using var output = new StandardStream(1);
        long begin = Stopwatch.GetTimestamp();
        if (words.Length == 0 || Probe.Find(words[0]) is not { } probe)
            return CommandLine.ExitStatus.Usage;
        var context = new ProbeContext(probe.Name, new LiveFiles(), DateTimeOffset.UtcNow, line => output.Write(line.ToBytes()), evidence) { Wanted = words[1..] };
        try
        {
            context.At(context.Wanted is [var wanted] ? wanted : probe.Asks);
            probe.Run(context);
        }
        catch (IOException e) when (e.HResult == (int)Errno.BrokenPipe)
        {
            return CommandLine.ExitStatus.BrokenPipe;
        }
        catch (UnauthorizedAccessException e)
        {
            context.Denied(e.Message);
        }
        catch (Exception e) when (e is JumpbagException or IOException)
        {
            context.Failed(e.Message);
        }
        catch (Exception e)
        {
            context.Failed($"a defect of jumpbag: {(Environment.GetEnvironmentVariable("JUMPBAG_TRACE") is null or "" ? $"{e.GetType().Name}: {e.Message}" : e)}");
        }
        output.Write(FactLine.Of(new ProbeResult(probe.Name, context.Outcome, context.Reason, Stopwatch.GetElapsedTime(begin).TotalSeconds)).ToBytes());
        return CommandLine.ExitStatus.Done;
    }
}
