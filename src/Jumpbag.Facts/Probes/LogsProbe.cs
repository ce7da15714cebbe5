using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;
using Jumpbag.Host;

namespace Jumpbag.Facts.Probes;

/// <summary>Errors in the logs of the last day: the journal's, by priority, and those of plain files, by their words. Files only: no service is asked.</summary>
internal static class LogsProbe
{
    private const int MostShown = 5, MostOfFile = 2 << 20;
    private const string MostLines = "2000";

    private static readonly string[] PlainLogs = ["/var/log/syslog", "/var/log/messages"];

    public static void Run(ProbeContext context)
    {
        bool any = false;
        if (context.Files.Stat("/var/log/journal") is not null || context.Files.Stat("/run/log/journal") is not null)
        {
            any = true;
            if (context.Run("journalctl", TimeSpan.FromSeconds(10), "--quiet", "--no-pager", "-p", "err", "--since", "-24h", "-n", MostLines, "-o", "short-iso") is { } run)
                Journal(context, run);
        }
        foreach (string log in PlainLogs)
            if (context.Text(log, MostOfFile, fromEnd: true, keep: false) is { } text)
            {
                any = true;
                Plain(context, log, text, TimeZoneInfo.Local);
            }
        if (!any && context.Outcome == ProbeOutcome.Ok)
            context.Missing("there is neither a journal nor /var/log/syslog or messages");
    }

    private static void Journal(ProbeContext context, ProgramRun run)
    {
        if (!run.Succeeded)
            context.Failed($"journalctl: {run.Complaint}");
        if (run.Errors.Contains("not seeing messages", StringComparison.OrdinalIgnoreCase) || run.Errors.Contains("insufficient permissions", StringComparison.OrdinalIgnoreCase))
            context.Denied("only this user's part of the journal can be read; root sees all");
        var groups = new MessageGroups();
        foreach (string line in run.Output.Split('\n'))
            // The kernel's are told by their own probe.
            if (LogLine.Parse(line, context.Now, TimeZoneInfo.Local) is { Program: not "kernel" } parsed)
                groups.Add(parsed.Said, 0, parsed.Time);
        Report(context, groups, "journalctl -p err --since -24h");
    }

    /// <summary>Of a plain log the lines of the last day that tell of errors.</summary>
    internal static void Plain(ProbeContext context, string log, string text, TimeZoneInfo zone)
    {
        var groups = new MessageGroups();
        var kept = new Queue<string>();
        foreach (string line in text.Split('\n'))
        {
            if (LogLine.Parse(line, context.Now, zone) is not { } parsed || parsed.Time < context.Yesterday || parsed.Program == "kernel" || !LogTrouble.Is(parsed))
                continue;
            kept.Enqueue(line);
            if (kept.Count > 500)
                kept.Dequeue();
            groups.Add(parsed.Said, 0, parsed.Time);
        }
        context.Keep($"errors in {log}", string.Join('\n', kept));
        Report(context, groups, log);
    }

    private static void Report(ProbeContext context, MessageGroups groups, string source)
    {
        int rank = 0;
        // The newest kinds first: an error that comes every hour since a year is not tonight's.
        foreach (MessageGroups.Group group in groups.Worst.Take(4 * MostShown))
            context.Add(rank++ < MostShown && context.Now - group.Last < TimeSpan.FromHours(2) ? FactLevel.Warning : FactLevel.Info, $"error {MessageGroups.Shown(MessageGroups.Pattern(group.Text), 60)}", "log",
                $"{MessageGroups.Shown(group.Text)} ({MessageGroups.Times(group, context.Now)})", source, null);
        context.Info("count", source, $"{groups.Messages} errors of {groups.Kinds} kinds", source, moves: true);
    }
}
