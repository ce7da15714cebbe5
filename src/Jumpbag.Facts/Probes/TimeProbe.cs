using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;
using Jumpbag.Host;

namespace Jumpbag.Facts.Probes;

/// <summary>Whether something keeps the clock right, by the kernel's own word, and which of the clocks it is.</summary>
internal static class TimeProbe
{
    /// <summary>This was written in that year. A machine whose battery is dead starts before it, and every certificate fails.</summary>
    private const int Written = 2026;

    public static void Run(ProbeContext context)
    {
        context.Info("now", "clock", $"{Since.Full(DateTimeOffset.UtcNow)} UTC, zone {Zone(context.Files)}", "clock_gettime", moves: true);
        if (context.Files.Line("/sys/devices/system/clocksource/clocksource0/current_clocksource") is { } source)
            context.Info("clockSource", "clock", source, "/sys/devices/system/clocksource/clocksource0");
        if (KernelState.Clock() is not var (synchronised, most, offset))
        {
            context.Failed("adjtimex does not answer");
            return;
        }
        if (!synchronised)
            context.Warning("unsynchronised", "clock", "nothing keeps it right: times of logs and certificates may be wrong", "adjtimex: STA_UNSYNC", "chronyc tracking, or timedatectl show-timesync; compare: date -u on two machines");
        else
            context.Add(most > TimeSpan.FromSeconds(2) || offset.Duration() > TimeSpan.FromMilliseconds(500) ? FactLevel.Warning : FactLevel.Info, "offset", "clock",
                $"synchronised, off by {offset.TotalMilliseconds:0.0} ms, at most {most.TotalMilliseconds:0} ms", "adjtimex", null, moves: true);
        if (DateTimeOffset.UtcNow.Year < Written)
            context.Critical("past", "clock", $"says {Since.Full(DateTimeOffset.UtcNow)}, which is past", "clock_gettime", "set it: date -u -s '…'; certificates fail meanwhile");
    }

    private static string Zone(IFiles files) => files.Target("/etc/localtime") is { } target && target.IndexOf("zoneinfo/", StringComparison.Ordinal) is >= 0 and var at ? FilesExtensions.Shown(target[(at + 9)..]) : files.Line("/etc/timezone") ?? "UTC";
}
