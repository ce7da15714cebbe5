using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.Checking;

/// <summary>
/// Filesystems that have a part of themselves on another device. Their checkers look for it among the devices of this
/// machine, where they would find, and write to, the real one.
/// </summary>
public static class OutsideData
{
    /// <summary>What lies elsewhere; null where all is in the device, or its superblock cannot tell.</summary>
    public static string? Of(string format, BlockDevice device) => format switch
    {
        // s_feature_compat 0x5C: has_journal; s_journal_inum 0xE0: 0 where the journal is a device.
        "ext3" or "ext4" => Bytes(device, 1024, 0xE4) is { } ext && Little16(ext, 0x38) == 0xEF53 && (Little32(ext, 0x5C) & 4) != 0 && Little32(ext, 0xE0) == 0
            ? "its journal is on another device" : null,

        // sb_logstart 0x30: 0 where the log is a device.
        "xfs" => Bytes(device, 0, 0x38) is { } xfs && xfs.AsSpan().StartsWith("XFSB"u8) && BinaryPrimitives.ReadInt64BigEndian(xfs.AsSpan(0x30)) == 0
            ? "its log is on another device" : null,

        // num_devices 0x88.
        "btrfs" => Bytes(device, 64 << 10, 0x90) is { } btrfs && btrfs.AsSpan(0x40).StartsWith("_BHRfS_M"u8) && BinaryPrimitives.ReadInt64LittleEndian(btrfs.AsSpan(0x88)) > 1
            ? "it lies on several devices" : null,
        _ => null,
    };

    /// <summary>Whether a journal of ext3 or ext4 waits to be replayed (s_feature_incompat 0x60: needs_recovery).</summary>
    public static bool NeedsReplay(string format, BlockDevice device) =>
        format is "ext3" or "ext4" && Bytes(device, 1024, 0x64) is { } ext && Little16(ext, 0x38) == 0xEF53 && (Little32(ext, 0x60) & 4) != 0;

    private static byte[]? Bytes(BlockDevice device, long offset, int count)
    {
        var bytes = new byte[count];
        try
        {
            device.Read(offset, bytes);
            return bytes;
        }
        catch (UnreadableException)
        {
            return null;
        }
    }

    private static int Little16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint Little32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
}
