namespace Jumpbag.Snapshots;

/// <summary>
/// Filesystems that the kernel may mount beside their origin: by blkid's name, the kernel's name and the options. btrfs is not among
/// them: it tells devices by the filesystem's UUID, which a snapshot shares with its origin.
/// </summary>
public static class KernelFormats
{
    public static (string Type, string Options)? Of(string format) => format switch
    {
        "ext2" or "ext3" or "ext4" => ("ext4", ""),
        "xfs" => ("xfs", "nouuid"), // XFS refuses a second one with the UUID of one that is mounted.
        "vfat" or "exfat" or "f2fs" or "jfs" or "reiserfs" or "squashfs" or "erofs" or "iso9660" or "udf" => (format, ""),
        "ntfs" => ("ntfs3", ""),
        _ => null,
    };
}
