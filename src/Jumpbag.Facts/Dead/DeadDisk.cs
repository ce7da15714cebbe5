using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Probes;
using Jumpbag.Facts.Texts;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;
using Jumpbag.Storage.Layers;

namespace Jumpbag.Facts.Dead;

/// <summary>
/// Reads the evidence of a machine that does not run from its disk. "The last day" is the one before its last sign of life: what happened since then
/// happened elsewhere.
/// </summary>
/// <param name="saw">Told of each fact as it is found.</param>
/// <param name="ended">Told of each part's end.</param>
public sealed class DeadDisk(EventSink events, Action<FactLine> saw, Action<ProbeResult> ended, bool wantsEvidence)
{
    private readonly List<Warning> warnings = [];

    /// <summary>What opens its places: warnings become facts.</summary>
    public EventSink Opening => happened =>
    {
        if (happened is Warning warning)
            warnings.Add(warning);
        else
            events(happened);
    };

    /// <param name="budget">After which no further part is begun.</param>
    /// <exception cref="JumpbagException">The disk has no root filesystem that can be read.</exception>
    public void Read(PlaceOpener places, string locator, TimeSpan budget)
    {
        long begin = Stopwatch.GetTimestamp();
        Place place = places.Open(locator);
        var files = new TreeFiles(place.Tree, (path, damage) => events(new FileDamaged(place.Show(path), damage)));
        DateTimeOffset end = LastSignOfLife(files) ?? DateTimeOffset.UtcNow;
        TimeZoneInfo? zone = ZoneOf(files);
        (string Name, Action<ProbeContext> Run)[] parts =
        [
            ("machine", context => Machine(context, zone)),
            ("filesystems", context => FileSystems(context, places, locator)),
            ("logs", context => DeadLogs.Run(context, zone ?? TimeZoneInfo.Utc)),
            ("crashes", CrashesProbe.Run),
            ("changes", context => ChangesProbe.OfDisk(context, zone ?? TimeZoneInfo.Utc)),
            ("logins", context => LoginsProbe.OfDisk(context, zone ?? TimeZoneInfo.Utc)),
        ];
        foreach ((string name, Action<ProbeContext> run) in parts)
        {
            if (Stopwatch.GetElapsedTime(begin) > budget)
                ended(new(name, ProbeOutcome.Timeout, $"not begun: {budget.TotalSeconds:0} s were over", 0));
            else
                Part(name, run, files, end, place.Prefix);
        }
    }

    private void Part(string name, Action<ProbeContext> run, TreeFiles files, DateTimeOffset end, string prefix)
    {
        long begin = Stopwatch.GetTimestamp();
        var context = new ProbeContext(name, files, end, line =>
        {
            if (line.Type is "fact" or "evidence")
                saw(name is "machine" or "filesystems" ? line : line with { Next = NextHere(line, prefix) });
        }, wantsEvidence);
        try
        {
            run(context);
        }
        catch (JumpbagException e)
        {
            context.Failed(e.Message);
        }
        ended(new(name, context.Outcome, context.Reason, Stopwatch.GetElapsedTime(begin).TotalSeconds));
    }

    /// <summary>What a live machine's programs would be asked has to be taken off the disk here.</summary>
    private static string? NextHere(FactLine line, string prefix) =>
        line.Level is not ("warning" or "critical") ? null
        : line.Source is { } source && source.StartsWith('/') && !source.Contains(',', StringComparison.Ordinal) ? $"jumpbag cp -r {ShellWord.Quote($"{prefix}:{source}")} ."
        : line.Next is { } next && !next.Contains("--only", StringComparison.Ordinal) ? next : null;

    /// <summary>The last time at which something was written that a running machine writes again and again. Clocks go wrong, so none from the future counts.</summary>
    internal static DateTimeOffset? LastSignOfLife(IFiles files)
    {
        DateTimeOffset latest = DateTimeOffset.UtcNow.AddDays(1);
        IEnumerable<FileEntry> written = files.List("/var/log").Concat(files.List("/etc")).Concat(files.List("/var/log/journal").SelectMany(folder => files.List(folder.Path)))
            .Concat(new[] { "/var/lib/systemd/timesync/clock", "/var/lib/systemd/random-seed", "/var/lib/dpkg/status", "/var/lib/chrony/drift", "/etc/mtab" }.Select(files.Stat).OfType<FileEntry>());
        DateTimeOffset[] times = [.. written.Where(file => file.IsRegular).Select(file => file.Touched).Where(time => time <= latest)];
        return times.Length > 0 ? times.Max() : null;
    }

    /// <summary>By its name, for the times in logs; null where this machine does not know that zone.</summary>
    private static TimeZoneInfo? ZoneOf(IFiles files)
    {
        string? name = files.Target("/etc/localtime") is { } target && target.IndexOf("zoneinfo/", StringComparison.Ordinal) is >= 0 and var at ? target[(at + "zoneinfo/".Length)..] : files.Line("/etc/timezone");
        return name is not null && TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone) ? zone : null;
    }

    private static void Machine(ProbeContext context, TimeZoneInfo? zone)
    {
        IFiles files = context.Files;
        string host = files.Line("/etc/hostname") is { } name ? FilesExtensions.Shown(name) : "unnamed";
        string release = context.Text("/etc/os-release") ?? context.Text("/usr/lib/os-release") ?? "";
        context.Info("release", host, $"{FilesExtensions.Shown(OsRelease.PrettyName(release) ?? "unknown system")}, on a disk", "/etc/os-release");
        context.Info("boot", host, $"last sign of life {Since.Full(context.Now)} UTC", "newest of /var/log and others");
        if (zone is null && files.Stat("/etc/localtime") is not null)
            context.Info("zone", host, "its time zone is not known here: times in logs are taken for UTC", "/etc/localtime");
        if (files.Stat("/run/reboot-required") is not null)
            context.Changed("reboot", host, "a reboot was wanted by packages that were updated", "/run/reboot-required");
    }

    private void FileSystems(ProbeContext context, PlaceOpener places, string locator)
    {
        string fstab = context.Text("/etc/fstab") ?? "";
        if (fstab.Length == 0)
            context.Info("fstab", "/etc/fstab", "there is none", "/etc/fstab");
        foreach (FstabEntry entry in Fstab.Parse(System.Text.Encoding.UTF8.GetBytes(fstab)))
            context.Info("fstab", entry.MountPoint.ToString(), $"{entry.Device} {entry.Type} {string.Join(',', entry.Options)}", "/etc/fstab");
        Layer start = places.OpenLayer(locator.Split(":/", 2)[0], out Locator parsed);
        FileSystemOpener opener = places.Source(parsed.Source);
        foreach (Layer layer in start.Walk().Where(FileSystemOpener.CanRead).Take(64))
        {
            try
            {
                Look(context, layer.Locator, opener.Open(layer).Summary);
            }
            catch (JumpbagException e)
            {
                context.Critical("unreadable", layer.Locator, FilesExtensions.Shown(e.Message), "its superblock", $"jumpbag fsck {layer.Locator}");
            }
        }
        // What was warned of when the tree was joined: filesystems of fstab that are not there, journals that could not be replayed.
        foreach (Warning warning in warnings.DistinctBy(warning => warning.Message))
            context.Warning("warning", MessageGroups.Shown(warning.Message, 60), FilesExtensions.Shown(warning.Message), locator, warning.Hint);
    }

    private static void Look(ProbeContext context, string name, FileSystems.FileSystemSummary summary)
    {
        string[] states = summary.State.Split(',', StringSplitOptions.TrimEntries);
        if (states.Contains("errors"))
            context.Critical("errors", name, $"its superblock says that errors were found ({summary.State})", "superblock: s_state", $"copy off what matters, then jumpbag fsck {name}");
        if (states.Contains("dirty"))
            context.Warning("dirty", name, $"was not unmounted: power, crash, or it was copied while in use ({summary.Opened})", "superblock and journal", $"what is read here has the journal replayed; to repair: jumpbag fsck {name}");
        long percent = summary.UsedPercent ?? 100, inodes = ByteSize.Percent(summary.Inodes - summary.FreeInodes, summary.Inodes) ?? 0;
        context.Add(percent >= 100 ? FactLevel.Critical : percent >= 95 ? FactLevel.Warning : FactLevel.Info, "space", name, $"{percent}% full, {ByteSize.Format(summary.Available)} left of {ByteSize.Format(summary.Capacity)}{(summary.Label is { } label ? $", label {FilesExtensions.Shown(label)}" : "")}", "group descriptors",
            percent >= 95 ? $"what is large: jumpbag find {name}:/ -size +100M" : null);
        context.Add(inodes >= 99 ? FactLevel.Critical : inodes >= 90 ? FactLevel.Warning : FactLevel.Info, "inodes", name, $"{inodes}% of inodes used, {summary.FreeInodes} left of {summary.Inodes}", "group descriptors");
    }
}
