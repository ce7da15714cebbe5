using Jumpbag.Facts.Files;
using Jumpbag.Host;

namespace Jumpbag.Facts.Probes;

/// <summary>Failed units of systemd. Only its manager is asked, which runs already: nothing is started for the question.</summary>
internal static class UnitsProbe
{
    private const int MostShown = 8;

    public static void Run(ProbeContext context)
    {
        if (context.Files.Stat("/run/systemd/system") is null)
        {
            context.Missing("this machine was not booted by systemd");
            return;
        }
        if (context.Run("systemctl", TimeSpan.FromSeconds(6), "list-units", "--failed", "--plain", "--no-legend", "--no-pager", "--all") is { } run)
        {
            if (run.Succeeded)
                Failed(context, run.Output);
            else
                context.Failed($"systemctl: {run.Complaint}");
        }
        if (context.Run("systemctl", TimeSpan.FromSeconds(6), "list-jobs", "--plain", "--no-legend", "--no-pager") is { Succeeded: true } jobs)
            Jobs(context, jobs.Output);
    }

    internal static void Failed(ProbeContext context, string output)
    {
        // "nginx.service loaded failed failed A high performance web server and a reverse proxy server"
        (string Unit, string Title)[] failed = [.. output.Split('\n').Select(line => line.TrimStart('●', '*', '×', ' ').Split(' ', 5, StringSplitOptions.RemoveEmptyEntries)).Where(words => words is [_, _, "failed", ..])
            .Select(words => (FilesExtensions.Shown(words[0]), words.Length > 4 ? FilesExtensions.Shown(words[4].Trim()) : ""))];
        foreach ((string unit, string title) in failed.Take(MostShown))
            context.Warning("failed", unit, $"failed{(title.Length > 0 ? $": {title}" : "")}", "systemctl --failed", $"systemctl status {unit}; journalctl -u {unit} -n 50");
        if (failed.Length > MostShown)
            context.Warning("failed", "units", $"{failed.Length} units have failed in all", "systemctl --failed", "systemctl --failed");
        context.Info("failedCount", "units", $"{failed.Length} failed", "systemctl --failed");
    }

    private static void Jobs(ProbeContext context, string output)
    {
        string[] waiting = [.. output.Split('\n').Where(line => line.Contains(" waiting", StringComparison.Ordinal) || line.Contains(" running", StringComparison.Ordinal))];
        if (waiting.Length > 0)
            context.Info("jobs", "units", $"{waiting.Length} jobs wait or run: {FilesExtensions.Shown(string.Join(' ', waiting[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)))}", "systemctl list-jobs", moves: true);
    }
}
