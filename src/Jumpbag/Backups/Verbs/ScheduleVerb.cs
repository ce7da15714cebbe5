using System.CommandLine;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup schedule: prints systemd units that run, check and practise by themselves.</summary>
internal static class ScheduleVerb
{
    private static readonly Option<string> Time = new("--at") { HelpName = "HH:MM", Description = "when the backup runs (default: 02:30)" };

    public static Command Make() => TierOptions.Make("schedule", Run, Time);

    private static int Run(BackupDesk desk)
    {
        string time = desk.Parsed.GetValue(Time) ?? "02:30";
        if (!TimeOnly.TryParseExact(time, "HH:mm", out TimeOnly at))
            throw new Core.UsageException($"--at {time}: is no time of day", "such as --at 02:30");
        string program = Environment.ProcessPath ?? "/usr/local/bin/jumpbag", config = Path.GetFullPath(desk.Config.File);
        desk.Out.WriteLine("# Each part goes into the file that its first line names; then: systemctl daemon-reload && systemctl enable --now jumpbag-backup.timer jumpbag-verify.timer jumpbag-drill.timer");
        Write("backup", "Backup", $"*-*-* {at:HH:mm}:00", ["run", "forget"]);
        Write("verify", "Verification of the backups' data", $"Sun *-*-* {at.AddHours(3):HH:mm}:00", ["verify --data", "prune"]);
        Write("drill", "Restore drill", $"*-*-01 {at.AddHours(6):HH:mm}:00", ["drill", "policy"]);
        return desk.Session.Status;

        void Write(string name, string what, string when, string[] verbs)
        {
            desk.Out.WriteLine();
            desk.Out.WriteLine($"# /etc/systemd/system/jumpbag-{name}.service");
            desk.Out.WriteLine("[Unit]");
            desk.Out.WriteLine($"Description={what} (jumpbag)");
            desk.Out.WriteLine("Wants=network-online.target");
            desk.Out.WriteLine("After=network-online.target");
            desk.Out.WriteLine();
            desk.Out.WriteLine("[Service]");
            desk.Out.WriteLine("Type=oneshot");
            desk.Out.WriteLine("Nice=10");
            desk.Out.WriteLine("IOSchedulingClass=idle");
            foreach (string verb in verbs)
                desk.Out.WriteLine($"ExecStart={Quote(program)} backup {verb} --config {Quote(config)}");
            desk.Out.WriteLine();
            desk.Out.WriteLine($"# /etc/systemd/system/jumpbag-{name}.timer");
            desk.Out.WriteLine("[Unit]");
            desk.Out.WriteLine($"Description={what} (jumpbag)");
            desk.Out.WriteLine();
            desk.Out.WriteLine("[Timer]");
            desk.Out.WriteLine($"OnCalendar={when}");
            desk.Out.WriteLine("RandomizedDelaySec=15min");
            desk.Out.WriteLine("Persistent=true");
            desk.Out.WriteLine();
            desk.Out.WriteLine("[Install]");
            desk.Out.WriteLine("WantedBy=timers.target");
        }
    }

    /// <summary>As systemd reads a command line: % begins a specifier, $ a variable.</summary>
    private static string Quote(string word)
    {
        string plain = word.Replace("%", "%%", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal);
        return plain.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_' or '%' or '$') ? plain : $"\"{plain.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }
}
