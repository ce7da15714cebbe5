using System.Globalization;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;
using Jumpbag.Host;

namespace Jumpbag.Facts.Probes;

/// <summary>Timers of systemd that ran in the last day: what a machine does by itself at night is among the first causes.</summary>
internal static class Timers
{
    private const string Stamps = "/var/lib/systemd/timers", Prefix = "stamp-";

    /// <summary>Each with the last time at which it ran, as the manager knows it; where that is not asked, as the files say.</summary>
    public static void OfManager(ProbeContext context)
    {
        const string Question = "systemctl show --all --property=Id,LastTriggerUSec *.timer";
        if (context.Files.Stat("/run/systemd/system") is not null && context.Run("systemctl", TimeSpan.FromSeconds(4), Question.Split(' ')[1..]) is { Succeeded: true } run)
            Report(context, Parse(run.Output, TimeZoneInfo.Local), Question);
        else
            OfFiles(context);
    }

    /// <summary>Only those that make up for what they missed leave a file: "Persistent=yes".</summary>
    public static void OfFiles(ProbeContext context) =>
        Report(context, context.List(Stamps).Where(file => file.Name.StartsWith(Prefix, StringComparison.Ordinal)).Select(file => (file.Name[Prefix.Length..], file.Modified)), Stamps);

    /// <summary>
    /// Blocks of "Id=apt-daily.timer" and "LastTriggerUSec=Fri 2026-11-27 06:12:01 CET", in an order of systemd's own; the time is empty of one that never ran.
    /// </summary>
    internal static IEnumerable<(string Timer, DateTimeOffset Ran)> Parse(string output, TimeZoneInfo zone) =>
        from block in output.Split("\n\n")
        let lines = block.Split('\n')
        let timer = Property(lines, "Id=")
        let words = Property(lines, "LastTriggerUSec=")?.Split(' ')
        where timer is not null && words is [_, _, _, ..]
        let ran = DateTime.TryParseExact($"{words[1]} {words[2]}", "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time) ? time : (DateTime?)null
        where ran is not null
        select (timer, LogLine.InZone(ran.Value, zone));

    private static string? Property(string[] lines, string name) => lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..];

    private static void Report(ProbeContext context, IEnumerable<(string Timer, DateTimeOffset Ran)> timers, string source)
    {
        (string Timer, DateTimeOffset Ran)[] recent = [.. timers.Where(timer => timer.Ran >= context.Yesterday && timer.Ran <= context.Now).OrderByDescending(timer => timer.Ran)];
        if (recent.Length > 0)
            context.Changed("timers", "timers", $"{recent.Length} ran, last {Since.Clock(recent[0].Ran, context.Now)}: {ChangesProbe.Few([.. recent.Select(timer => FilesExtensions.Shown(timer.Timer))])}", source, "systemctl list-timers --all");
        foreach ((string timer, DateTimeOffset ran) in recent.Take(200))
            context.Info("timer", FilesExtensions.Shown(timer), $"ran {Since.Full(ran)}", source, moves: true);
    }
}
