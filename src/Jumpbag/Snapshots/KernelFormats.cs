using Jumpbag.FileSystems;
using Jumpbag.Storage;
using Jumpbag.Storage.Layers;

namespace Jumpbag.Snapshots;

/// <summary>How the kernel mounts a filesystem of a snapshot: as which type, with which options, from where on the snapshot's device.</summary>
public sealed record KernelFormat(string Type, string Options, long Offset, long Length);

/// <summary>
/// Filesystems that the kernel may mount beside their origin, where they lie in one piece on the snapshot or in a partition of it.
/// btrfs is not among them: it tells devices by the filesystem's UUID, which a snapshot shares with its origin.
/// </summary>
public static class KernelFormats
{
    /// <summary>
    /// Null where it is not the kernel's: an array, a format that is not known to be safe. Of a guest's own volume group only what
    /// we cannot read is: a loop device on the volume's own bytes shows nobody the group.
    /// </summary>
    public static KernelFormat? Of(Layer layer)
    {
        if (layer.Signature is not { } signature || Type(signature.Format) is not { } type)
            return null;
        if (layer.Volume is not null && FileSystemFormats.CanRead(signature.Format))
            return null;
        return Slice.Whole(layer.Device) is (FileSource, long offset) ? new(type, signature.Format == "xfs" ? "nouuid" : "", offset, layer.Size) : null;
    }

    /// <summary>The kernel's name for blkid's.</summary>
    private static string? Type(string format) => format switch
    {
        "ext2" or "ext3" or "ext4" => "ext4",
        "xfs" or "vfat" or "exfat" or "f2fs" or "jfs" or "reiserfs" or "squashfs" or "erofs" or "iso9660" or "udf" => format,
        "ntfs" => "ntfs3",
        _ => null,
    };
}
