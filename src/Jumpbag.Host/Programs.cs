using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>The programs of this machine that are driven: where they are, and which package brings one that is missing.</summary>
public static class Programs
{
    /// <summary>Program, Debian's package, Fedora's.</summary>
    private static readonly (string Program, string Debian, string Rpm)[] Packages =
    [
        ("lvm", "lvm2", "lvm2"),
        ("dmsetup", "dmsetup", "device-mapper"),
        ("sh", "dash", "bash"),
        ("mount", "mount", "util-linux"),
        ("umount", "mount", "util-linux"),
        ("losetup", "mount", "util-linux-core"),
        ("fusermount3", "fuse3", "fuse3"),
        ("e2fsck", "e2fsprogs", "e2fsprogs"),
        ("xfs_repair", "xfsprogs", "xfsprogs"),
        ("fsck.fat", "dosfstools", "dosfstools"),
        ("btrfs", "btrfs-progs", "btrfs-progs"),
        ("smartctl", "smartmontools", "smartmontools"),
        ("systemctl", "systemd", "systemd"),
        ("journalctl", "systemd", "systemd"),
        ("ssh", "openssh-client", "openssh-clients"),
    ];

    /// <summary>The file of a program: as named where the name has a slash, else from PATH and the administrator's folders; null where there is none.</summary>
    public static string? TryFind(string program)
    {
        if (program.Contains('/', StringComparison.Ordinal))
            return IsProgram(program) ? program : null;
        string folders = (Environment.GetEnvironmentVariable("PATH") ?? "") + ":/usr/sbin:/sbin:/usr/bin:/bin";
        return folders.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(IsProgram);
    }

    /// <exception cref="NotFoundException">It is missing; the hint names its packages.</exception>
    public static string Find(string program)
    {
        if (TryFind(program) is { } found)
            return found;
        throw new NotFoundException($"the program {program} is missing",
            PackagesOf(program) is var (debian, rpm) ? $"apt-get install {debian}, or dnf install {rpm}" : null);
    }

    /// <summary>Debian's package and Fedora's; null of a program that is not known here.</summary>
    public static (string Debian, string Rpm)? PackagesOf(string program) =>
        Packages.FirstOrDefault(known => known.Program == program) is { Program: not null } found ? (found.Debian, found.Rpm) : null;

    private static bool IsProgram(string path)
    {
        try
        {
            return File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
