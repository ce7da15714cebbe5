namespace Jumpbag.Facts.Files;

/// <summary>The disks that the kernel knows, from sysfs alone: nothing is asked of a disk, so none wakes.</summary>
public static class BlockDevices
{
    private static readonly string[] NoDisks = ["loop", "ram", "zram", "dm-", "md", "nbd", "sr", "fd", "drbd", "zd", "bcache", "rbd"];

    public static IEnumerable<FileEntry> Disks(ProbeContext context) =>
        context.List("/sys/block").Where(device => !NoDisks.Any(kind => device.Name.StartsWith(kind, StringComparison.Ordinal)));

    /// <summary>"WDC WD40EFRX, 4T".</summary>
    public static string Describe(IFiles files, FileEntry disk)
    {
        string model = string.Join(' ', new[] { files.Line($"{disk.Path}/device/vendor"), files.Line($"{disk.Path}/device/model") }.Where(text => text is not (null or "ATA")));
        long? sectors = files.Number($"{disk.Path}/size");
        string kind = files.Number($"{disk.Path}/queue/rotational") == 1 ? "rotating" : "solid state";
        return $"{(model.Length > 0 ? FilesExtensions.Shown(model) : "disk")}, {(sectors is { } count ? Core.ByteSize.Format(count * 512) : "?")}, {kind}";
    }

    /// <summary>Whether the kernel has put it to sleep: to open it would wake it.</summary>
    public static bool IsSuspended(IFiles files, FileEntry disk) => files.Line($"{disk.Path}/device/power/runtime_status") is "suspended" or "suspending";
}
