using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Jumpbag.Host;

/// <summary>Whether a file or block device is on a disk that has to move its head, so that the order of reads matters.</summary>
public static unsafe class RotatingDisk
{
    /// <summary>A disk of a virtual machine says that it rotates for want of knowing better: what is behind it is not told, and mostly does not.</summary>
    private static readonly string[] Unknowing = ["/virtio", "/vbd-", "/VMBUS"];

    /// <summary>False too where nothing is known: a filesystem in memory or on the network.</summary>
    public static bool Holds(SafeHandle file)
    {
        bool added = false;
        file.DangerousAddRef(ref added);
        try
        {
            byte* buffer = stackalloc byte[FileStatus.Length];
            byte empty = 0;
            if (Libc.statx((int)file.DangerousGetHandle(), &empty, Libc.AtEmptyPath, FileStatus.Mask, buffer) < 0)
                return false;
            // struct statx: 0x1C u16 stx_mode · 0x80 u32 stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor.
            var status = new ReadOnlySpan<byte>(buffer, FileStatus.Length);
            int at = (BinaryPrimitives.ReadUInt16LittleEndian(status[0x1C..]) & 0xF000) == 0x6000 ? 0x80 : 0x88;
            uint major = BinaryPrimitives.ReadUInt32LittleEndian(status[at..]), minor = BinaryPrimitives.ReadUInt32LittleEndian(status[(at + 4)..]);
            return major != 0 && IsRotating($"/sys/dev/block/{major}:{minor}", levels: 8);
        }
        finally
        {
            file.DangerousRelease();
        }
    }

    /// <param name="device">Its folder in sysfs, or a link to that.</param>
    /// <param name="levels">Of devices on devices (LVM, arrays, encryption) that are looked through.</param>
    public static bool IsRotating(string device, int levels)
    {
        try
        {
            string folder = Directory.ResolveLinkTarget(device, returnFinalTarget: true)?.FullName ?? device;
            if (Array.Exists(Unknowing, bus => folder.Contains(bus, StringComparison.Ordinal)))
                return false;
            if (File.Exists(Path.Combine(folder, "partition")))
                folder = Path.GetDirectoryName(folder)!;
            string below = Path.Combine(folder, "slaves");
            string[] members = levels > 0 && Directory.Exists(below) ? Directory.GetFileSystemEntries(below) : [];
            return members.Length > 0
                ? Array.Exists(members, member => IsRotating(member, levels - 1))
                : File.ReadAllText(Path.Combine(folder, "queue", "rotational")).StartsWith('1');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without sysfs, or for what has no queue, nothing is known.
            return false;
        }
    }
}
