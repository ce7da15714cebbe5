using Jumpbag.Core;
using Jumpbag.Facts.Files;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;

namespace Jumpbag.Facts.Probes;

/// <summary>Mounts that are full, out of inodes, read-only though they should not be, or whose filesystem has noted errors.</summary>
internal static class FileSystemsProbe
{
    /// <summary>What only shows the kernel's own state, has no space, or is always full.</summary>
    private static readonly HashSet<string> Unasked = new(StringComparer.Ordinal)
    {
        "proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "hugetlbfs", "debugfs", "tracefs", "securityfs", "pstore", "efivarfs", "bpf", "configfs", "fusectl", "binfmt_misc",
        "autofs", "rpc_pipefs", "nfsd", "selinuxfs", "nsfs", "ramfs", "squashfs", "iso9660", "erofs", "cramfs", "udf", "fuse.gvfsd-fuse", "fuse.portal", "fuse.lxcfs", "rootfs",
    };

    private static readonly string[] Remote =
        ["nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "afs", "ncpfs", "coda", "glusterfs", "lustre", "gpfs", "ocfs2", "gfs2", "virtiofs", "orangefs", "beegfs"];

    private const long Plenty = 20L << 30, Little = 200 << 20;

    public static void Run(ProbeContext context)
    {
        if (context.Text("/proc/self/mountinfo") is null || context.Files.Read("/proc/self/mountinfo", 4 << 20) is not { } table)
        {
            context.Missing("/proc/self/mountinfo is not there");
            return;
        }
        IReadOnlyList<FstabEntry> fstab = context.Text("/etc/fstab") is { } text ? Fstab.Parse(System.Text.Encoding.UTF8.GetBytes(text)) : [];
        IReadOnlyList<MountEntry> all = MountEntry.Parse(table), asked = Asked(all);
        foreach (MountEntry mount in asked.Where(mount => !MayHang(mount, all)))
            Look(context, mount, fstab);
        Errors(context, asked);
    }

    /// <summary>The one mount point that is wanted.</summary>
    public static void RunOne(ProbeContext context)
    {
        ByteString point = ByteString.FromArgument(context.Wanted[0]);
        if (context.Files.Read("/proc/self/mountinfo", 4 << 20) is { } table && MountEntry.Parse(table).LastOrDefault(mount => mount.MountPoint == point) is { } mount)
            Look(context, mount, []);
    }

    /// <summary>The mount points that need a process of their own, since they may never answer.</summary>
    public static IEnumerable<string> MountsThatMayHang(ReadOnlySpan<byte> mountinfo)
    {
        IReadOnlyList<MountEntry> all = MountEntry.Parse(mountinfo);
        return [.. Asked(all).Where(mount => MayHang(mount, all)).Select(mount => mount.MountPoint.ToArgument())];
    }

    /// <summary>Each filesystem once, where it is seen: of what is mounted at several places or covered, the last at the shortest path.</summary>
    internal static IReadOnlyList<MountEntry> Asked(IReadOnlyList<MountEntry> all)
    {
        var seen = new Dictionary<string, MountEntry>(StringComparer.Ordinal);
        foreach (MountEntry mount in all.GroupBy(mount => mount.MountPoint).Select(group => group.Last()).OrderBy(mount => mount.MountPoint.Length))
            if (!Unasked.Contains(mount.Type) && !IsOfContainer(mount))
                seen.TryAdd(mount.Device, mount);
        return [.. seen.Values];
    }

    internal static bool MayHang(MountEntry mount, IReadOnlyList<MountEntry> all) =>
        IsRemote(mount) || all.Any(other => IsRemote(other) && mount.MountPoint != other.MountPoint && mount.MountPoint.Span.StartsWith(other.MountPoint.Span)
            && (other.MountPoint.Length == 1 || mount.MountPoint.Span[other.MountPoint.Length] == (byte)'/'));

    private static bool IsRemote(MountEntry mount) => mount.Type.StartsWith("fuse", StringComparison.Ordinal) || Array.IndexOf(Remote, mount.Type) >= 0;

    /// <summary>A layer of a container shows the space of the filesystem that it lies on.</summary>
    private static bool IsOfContainer(MountEntry mount)
    {
        string point = mount.MountPoint.ToArgument();
        return mount.Type == "overlay" && point != "/" || point.StartsWith("/var/lib/kubelet/", StringComparison.Ordinal) && mount.Type == "tmpfs";
    }

    private static void Look(ProbeContext context, MountEntry mount, IReadOnlyList<FstabEntry> fstab)
    {
        string name = mount.MountPoint.ToString(), source = $"statvfs {name}";
        context.At(name);
        Errno error = FileSystemUse.Of(mount.MountPoint, out FileSystemUse use);
        if (error == Errno.AccessDenied || error == Errno.NotPermitted)
        {
            context.Denied($"{name}: {error.Describe()}");
            return;
        }
        if (error != Errno.None)
        {
            context.Critical("dead", name, $"{mount.Type} on {mount.Source} answers: {error.Describe()}", source, IsRemote(mount) ? "is its server up? 'umount -f -l' lets go of it" : "dmesg -T | tail; the filesystem or its disk is gone");
            return;
        }
        if (use.Size > 0)
            Space(context, mount, name, use, source);
        if (use.Inodes > 0)
            Inodes(context, mount, name, use, source);
        ReadOnly(context, mount, name, fstab);
    }

    private static void Space(ProbeContext context, MountEntry mount, string name, FileSystemUse use, string source)
    {
        long percent = use.UsedPercent ?? 100;
        bool small = use.Size < Little;
        FactLevel level = IsFixed(mount) ? FactLevel.Info
            : percent >= 100 || (percent >= 98 && use.Available < (small ? use.Size / 50 : Little)) ? FactLevel.Critical
            : percent >= 95 || (percent >= 90 && use.Available < Plenty) ? FactLevel.Warning : FactLevel.Info;
        string reserved = level != FactLevel.Info && use.Free - use.Available > 64 << 20 ? $" (root has {ByteSize.Format(use.Free - use.Available)} more)" : "";
        context.Add(level, "space", name, $"{percent}% full, {ByteSize.Format(use.Available)} left of {ByteSize.Format(use.Size)}{reserved}, {mount.Type} on {mount.Source}", source,
            level == FactLevel.Info ? null : $"du -xh --max-depth=2 {ShellWord.Quote(mount.MountPoint.ToArgument())} | sort -h | tail; deleted files: jumpbag facts --only deleted", moves: level == FactLevel.Info);
    }

    private static void Inodes(ProbeContext context, MountEntry mount, string name, FileSystemUse use, string source)
    {
        long percent = ByteSize.Percent(use.Inodes - use.FreeInodes, use.Inodes) ?? 0;
        FactLevel level = IsFixed(mount) ? FactLevel.Info : use.FreeInodes == 0 || percent >= 99 ? FactLevel.Critical : percent >= 90 ? FactLevel.Warning : FactLevel.Info;
        context.Add(level, "inodes", name, $"{percent}% of inodes used, {use.FreeInodes} left of {use.Inodes}", source,
            level == FactLevel.Info ? null : $"du -x --inodes --max-depth=3 {ShellWord.Quote(name)} | sort -n | tail", moves: level == FactLevel.Info);
    }

    private static void ReadOnly(ProbeContext context, MountEntry mount, string name, IReadOnlyList<FstabEntry> fstab)
    {
        // ext4 of newer kernels says it so, and is writable by all other signs.
        bool isBroken = mount.FileSystemOptions.Contains("emergency_ro") || mount.FileSystemOptions.Contains("shutdown");
        if (!IsReadOnly(mount) && !isBroken)
            return;
        FstabEntry? wanted = fstab.FirstOrDefault(entry => entry.MountPoint == mount.MountPoint);
        bool wantsReadOnly = wanted is not null && wanted.Options.Contains("ro");
        // The mount is for writing and the filesystem is not: the kernel has made it read-only.
        bool byKernel = mount.Options.Contains("rw") && mount.FileSystemOptions.Contains("ro");
        if (byKernel || isBroken)
            context.Critical("readOnly", name, "was made read-only by the kernel after an error", "/proc/self/mountinfo", "dmesg -T | grep -iE 'remount|error'; then copy off, and jumpbag fsck");
        else if (wanted is not null && !wantsReadOnly)
            context.Critical("readOnly", name, "is read-only, but fstab wants it writable", "/proc/self/mountinfo, /etc/fstab", "dmesg -T | grep -iE 'remount|error'; nothing can be written there");
        else
            context.Info("readOnly", name, "is mounted read-only", "/proc/self/mountinfo");
    }

    private static bool IsReadOnly(MountEntry mount) => mount.Options.Contains("ro") || mount.FileSystemOptions.Contains("ro");

    /// <summary>Nothing is ever put there, so it may be full: what we have mounted of a disk has the size of that.</summary>
    private static bool IsFixed(MountEntry mount) => IsReadOnly(mount) || mount.Type == "fuse.jumpbag";

    /// <summary>What ext4 and btrfs have counted.</summary>
    private static void Errors(ProbeContext context, IReadOnlyList<MountEntry> mounts)
    {
        foreach (FileEntry device in context.List("/sys/fs/ext4"))
        {
            if (context.Files.Number($"{device.Path}/errors_count") is not (> 0 and var count))
                continue;
            string? number = context.Files.Line($"/sys/class/block/{device.Name}/dev");
            MountEntry? mount = mounts.FirstOrDefault(mount => mount.Device == number);
            // A kernel that refuses to write after an error does not always show the mount as read-only.
            string writes = mount is not null && mount.FileSystemOptions.Contains("errors=remount-ro") ? "; after an error it takes no more writes (errors=remount-ro)" : "";
            context.Critical("errors", mount?.MountPoint.ToString() ?? device.Name, $"ext4 noted {count} {(count == 1 ? "error" : "errors")} in its superblock, last {Time(context, $"{device.Path}/last_error_time")} in {context.Files.Line($"{device.Path}/last_error_func") ?? "?"}{writes}",
                $"{device.Path}/errors_count", $"copy off what matters, then jumpbag fsck /dev/{device.Name}");
        }
        foreach (FileEntry filesystem in context.List("/sys/fs/btrfs").Where(entry => entry.Name.Contains('-', StringComparison.Ordinal)))
            foreach (FileEntry device in context.List($"{filesystem.Path}/devinfo"))
                if (context.Files.Text($"{device.Path}/error_stats") is { } stats && Texts.Counters.Of(stats).Where(pair => pair.Value > 0).ToArray() is { Length: > 0 } bad)
                    context.Critical("errors", $"btrfs {filesystem.Name[..8]} device {device.Name}", string.Join(", ", bad.Select(pair => $"{pair.Key} {pair.Value}")), $"{device.Path}/error_stats", "btrfs device stats; btrfs scrub status");
    }

    private static string Time(ProbeContext context, string file) =>
        context.Files.Number(file) is > 0 and var seconds && seconds < 253_402_300_799 ? Texts.Since.Clock(DateTimeOffset.FromUnixTimeSeconds(seconds), context.Now) : "at an unknown time";
}
