using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;

namespace Jumpbag.Facts.Probes;

/// <summary>Who came in, in the last day, who failed to, what was done with sudo, and whether the last boot came without a shutdown.</summary>
internal static class LoginsProbe
{
    private const int MostOfFile = 4 << 20, MostListed = 100, ManyFailures = 500;

    private static readonly string[] Logs = ["/var/log/auth.log", "/var/log/secure"];

    public static void Run(ProbeContext context)
    {
        Came(context);
        var lines = new List<LogLine>(FromFiles(context, TimeZoneInfo.Local));
        if (lines.Count == 0 && (context.Files.Stat("/var/log/journal") is not null || context.Files.Stat("/run/log/journal") is not null)
            && context.Run("journalctl", TimeSpan.FromSeconds(8), "--quiet", "--no-pager", "_COMM=sudo", "--since", "-24h", "-n", "500", "-o", "short-iso") is { Succeeded: true } run)
            lines.AddRange(run.Output.Split('\n').Select(line => LogLine.Parse(line, context.Now, TimeZoneInfo.Local)).OfType<LogLine>());
        Sudo(context, lines);
    }

    /// <summary>The same of a dead machine's disk, where no program can be asked.</summary>
    public static void OfDisk(ProbeContext context, TimeZoneInfo zone)
    {
        Came(context);
        Sudo(context, FromFiles(context, zone));
    }

    private static LogLine[] FromFiles(ProbeContext context, TimeZoneInfo zone) =>
        [.. Logs.SelectMany(log => LogFiles.Since(context, log, context.Yesterday)).SelectMany(file => file.Text.Split('\n')).Select(line => LogLine.Parse(line, context.Now, zone)).OfType<LogLine>().Where(line => line.Time >= context.Yesterday)];

    private static void Came(ProbeContext context)
    {
        Utmp[] all = [.. Records(context, "/var/log/wtmp")];
        Utmp[] came = [.. all.Where(record => record.Kind == Utmp.CameIn && record.Time >= context.Yesterday && record.User.Length > 0).OrderByDescending(record => record.Time)];
        if (came.Length > 0)
            context.Changed("logins", "logins", $"{came.Length}, last {Since.Clock(came[0].Time, context.Now)}: {ChangesProbe.Few([.. came.Select(Who).Distinct()])}", "/var/log/wtmp", "last -F | head");
        foreach (Utmp record in came.Take(MostListed))
            context.Info("login", $"{Who(record)} {record.Line}", Since.Full(record.Time), "/var/log/wtmp");
        Boots(context, [.. all.OrderBy(record => record.Time)]);
        Utmp[] failed = [.. Records(context, "/var/log/btmp").Where(record => record.Time >= context.Yesterday)];
        if (failed.Length > 0)
            context.Add(failed.Length >= ManyFailures ? FactLevel.Warning : FactLevel.Info, "failedLogins", "logins", $"{failed.Length} failed in the last day, most from {failed.GroupBy(record => record.Host).MaxBy(group => group.Count())!.Key}", "/var/log/btmp",
                failed.Length >= ManyFailures ? "lastb | head; someone tries passwords" : null, moves: true);
    }

    private static string Who(Utmp record) => record.Host.Length > 0 ? $"{record.User} from {record.Host}" : $"{record.User} on {record.Line}";

    /// <summary>A boot before which nothing shut down: power, a crash, a hard reset.</summary>
    private static void Boots(ProbeContext context, Utmp[] all)
    {
        bool closed = true, first = true;
        Utmp? last = null;
        foreach (Utmp record in all)
        {
            if (record.Kind == Utmp.RunLevel && record.User == "shutdown")
                closed = true;
            if (record.Kind != Utmp.Boot)
                continue;
            if (!closed && !first && record.Time >= context.Yesterday)
                context.Warning("unclean", $"boot {Since.Clock(record.Time, context.Now)}", $"booted {Since.Full(record.Time)} UTC without a shutdown before: power, crash or reset", "/var/log/wtmp", "journalctl -b -1 -e; jumpbag facts --only crashes; the provider's or BMC's log");
            (closed, first, last) = (false, false, record);
        }
        if (last is not null)
            context.Info("lastBoot", "boot", $"{Since.Full(last.Time)} UTC, kernel {last.Host}", "/var/log/wtmp");
    }

    private static IEnumerable<Utmp> Records(ProbeContext context, string file)
    {
        try
        {
            return context.Files.Read(file, MostOfFile / Utmp.Size * Utmp.Size, fromEnd: true) is { } bytes ? Utmp.Parse(bytes) : [];
        }
        catch (UnauthorizedAccessException)
        {
            context.Denied($"{file} cannot be read by this user");
            return [];
        }
    }

    private static void Sudo(ProbeContext context, IReadOnlyList<LogLine> lines)
    {
        SudoLine[] commands = [.. lines.Select(SudoLine.Of).OfType<SudoLine>().OrderByDescending(line => line.Time)];
        if (commands.Length == 0)
            return;
        string what = FilesExtensions.Shown(commands[0].Command.Length > 60 ? commands[0].Command[..60] + "…" : commands[0].Command);
        context.Changed("sudo", "sudo", $"{commands.Length} {(commands.Length == 1 ? "command" : "commands")} by {ChangesProbe.Few([.. commands.Select(line => FilesExtensions.Shown(line.User)).Distinct()])}, last {Since.Clock(commands[0].Time, context.Now)}: {what}", "auth.log or journal", "journalctl _COMM=sudo --since -24h");
        foreach (SudoLine command in commands.Take(MostListed))
            context.Info("sudoCommand", $"{FilesExtensions.Shown(command.User)} {Since.Full(command.Time)}", FilesExtensions.Shown(command.Command), "auth.log or journal");
    }
}
