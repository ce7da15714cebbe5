using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;

namespace Jumpbag.Facts.Probes;

/// <summary>What was changed in the last day: packages, configuration, kernels, and what timers ran. Most causes are among these.</summary>
internal static class ChangesProbe
{
    private const int MostEntries = 50_000, MostNamed = 6, MostListed = 200, MaximumDepth = 12;

    /// <summary>Files in /etc that programs write again and again by themselves.</summary>
    private static readonly string[] Restless = ["/etc/mtab", "/etc/adjtime", "/etc/resolv.conf", "/etc/ld.so.cache", "/etc/.pwd.lock", "/etc/lvm/backup", "/etc/lvm/archive", "/etc/cups/subscriptions.conf"];

    /// <summary>Of this machine.</summary>
    public static void Run(ProbeContext context)
    {
        OfFiles(context, TimeZoneInfo.Local);
        Timers.OfManager(context);
    }

    /// <summary>Of a disk that no system runs from.</summary>
    /// <param name="zone">Of logs whose times say none.</param>
    public static void OfDisk(ProbeContext context, TimeZoneInfo zone)
    {
        OfFiles(context, zone);
        Timers.OfFiles(context);
    }

    private static void OfFiles(ProbeContext context, TimeZoneInfo zone)
    {
        Packages(context, zone);
        Configuration(context);
        Kernels(context);
        Crontabs(context);
    }

    private static void Packages(ProbeContext context, TimeZoneInfo zone)
    {
        var changes = new List<PackageChange>();
        foreach (string log in PackageLog.Files)
            foreach ((string _, string text) in LogFiles.Since(context, log, context.Yesterday))
                changes.AddRange(PackageLog.Parse(text, context.Now, zone).Where(change => change.Time >= context.Yesterday && change.Time <= context.Now.AddHours(1)));
        if (changes.Count == 0)
            return;
        string source = PackageLog.Files.First(log => context.Files.Stat(log) is not null);
        DateTimeOffset last = changes.Max(change => change.Time);
        string[] named = [.. changes.OrderByDescending(change => Weight(change.Package)).ThenByDescending(change => change.Time).Select(change => FilesExtensions.Shown(change.Package.Split(':')[0])).Distinct()];
        context.Changed("packages", "packages", $"{Count(changes, "install", "installed")}{Count(changes, "upgrade", "upgraded")}{Count(changes, "remove", "removed")}last {Since.Clock(last, context.Now)}: {Few(named)}", source, null);
        foreach (PackageChange change in changes.OrderByDescending(change => change.Time).Take(MostListed))
            context.Info("package", FilesExtensions.Shown($"{change.Package} {change.Version}"), $"{Since.Full(change.Time)} {change.Action}", source);
    }

    /// <summary>What more often breaks something is named first.</summary>
    private static int Weight(string package) =>
        package.StartsWith("linux-image", StringComparison.Ordinal) || package.StartsWith("kernel", StringComparison.Ordinal) ? 3
        : package.Contains("mariadb", StringComparison.Ordinal) || package.Contains("mysql", StringComparison.Ordinal) || package.Contains("postgres", StringComparison.Ordinal) || package.StartsWith("systemd", StringComparison.Ordinal)
            || package.StartsWith("libc6", StringComparison.Ordinal) || package.StartsWith("glibc", StringComparison.Ordinal) || package.StartsWith("openssl", StringComparison.Ordinal) ? 2
        : package.StartsWith("lib", StringComparison.Ordinal) ? 0 : 1;

    private static string Count(List<PackageChange> changes, string beginning, string word)
    {
        bool Is(PackageChange change) => change.Action.StartsWith(beginning, StringComparison.Ordinal)
            || (beginning == "upgrade" && change.Action is "updated" or "downgrade" or "downgraded" or "reinstall") || (beginning == "remove" && change.Action is "purge" or "erase" or "erased");
        int count = changes.Where(Is).Select(change => change.Package).Distinct().Count();
        return count > 0 ? $"{count} {word}, " : "";
    }

    private static void Configuration(ProbeContext context)
    {
        var changed = new List<FileEntry>();
        var ahead = new Stack<(string Folder, int Depth)>([("/etc", 0)]);
        int seen = 0;
        while (ahead.TryPop(out (string Folder, int Depth) next) && seen < MostEntries)
            foreach (FileEntry file in context.List(next.Folder))
            {
                seen++;
                if (file.IsDirectory && next.Depth < MaximumDepth)
                    ahead.Push((file.Path, next.Depth + 1));
                else if (!file.IsDirectory && file.Touched >= context.Yesterday && !Restless.Any(name => file.Path == name || file.Path.StartsWith(name + "/", StringComparison.Ordinal)))
                    changed.Add(file);
            }
        if (seen >= MostEntries)
            context.Truncated($"/etc has more than {MostEntries} files; the rest was not looked at");
        if (changed.Count == 0)
            return;
        changed.Sort((a, b) => b.Touched.CompareTo(a.Touched));
        context.Changed("etc", "/etc", $"{changed.Count} {(changed.Count == 1 ? "file" : "files")} changed, last {Since.Clock(changed[0].Touched, context.Now)}: {Few([.. changed.Select(file => FilesExtensions.Shown(file.Path["/etc/".Length..]))])}", "/etc, times of change", null);
        foreach (FileEntry file in changed.Take(MostListed))
            context.Info("file", FilesExtensions.Shown(file.Path), $"changed {Since.Full(file.Touched)}{(file.Changed - file.Modified > TimeSpan.FromMinutes(1) ? $", its content {Since.Full(file.Modified)}" : "")}", file.Path);
    }

    private static void Kernels(ProbeContext context)
    {
        FileEntry[] kernels = [.. context.List("/boot").Where(file => file.Name.StartsWith("vmlinu", StringComparison.Ordinal)).OrderByDescending(file => file.Changed)];
        foreach (FileEntry kernel in kernels)
            context.Info("kernel", kernel.Name, $"installed {Since.Full(kernel.Changed)}", kernel.Path);
        if (kernels is [var newest, ..] && newest.Changed >= context.Yesterday)
            context.Changed("kernel", "/boot", $"{FilesExtensions.Shown(newest.Name)} installed {Since.Clock(newest.Changed, context.Now)}", newest.Path, "does it boot? what runs now: uname -r");
        foreach (FileEntry file in context.List("/boot").Where(file => file.Name.StartsWith("initrd", StringComparison.Ordinal) || file.Name.StartsWith("initramfs", StringComparison.Ordinal)).Where(file => file.Modified >= context.Yesterday).Take(1))
            context.Changed("initrd", "/boot", $"{FilesExtensions.Shown(file.Name)} made {Since.Clock(file.Modified, context.Now)}", file.Path);
    }

    private static void Crontabs(ProbeContext context)
    {
        foreach (string folder in new[] { "/var/spool/cron/crontabs", "/var/spool/cron" })
            foreach (FileEntry table in context.List(folder).Where(file => file.IsRegular && file.Touched >= context.Yesterday))
                context.Changed("crontab", FilesExtensions.Shown(table.Name), $"crontab changed {Since.Clock(table.Touched, context.Now)}", table.Path, $"crontab -l -u {FilesExtensions.Shown(table.Name)}");
    }

    internal static string Few(IReadOnlyList<string> names) => names.Count <= MostNamed ? string.Join(", ", names) : $"{string.Join(", ", names.Take(MostNamed))} and {names.Count - MostNamed} more";
}
