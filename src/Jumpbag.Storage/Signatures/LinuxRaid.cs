using System.Buffers.Binary;
using Jumpbag.Storage.Partitions;

namespace Jumpbag.Storage.Signatures;

/// <summary>
/// Members of Linux software arrays. Version 0.90 and 1.0 keep their superblock near the end of the device, so that the
/// array's content begins where the device does; 1.1 at its start, 1.2 at 4 KiB.
/// Linux include/uapi/linux/raid/md_p.h, mdp_super_t and struct mdp_superblock_1.
/// <code>
/// 0.90: 0 md_magic  4 major  8 minor  12 patch  20 set_uuid0  28 level  32 size (KiB)  40 raid_disks  52 set_uuid1..3
/// 1.x:  0 magic  4 major_version  8 feature_map  16 set_uuid  32 set_name[32]  72 level  80 size  92 raid_disks
///       128 data_offset  136 data_size  144 super_offset  160 dev_number  168 device_uuid
/// </code>
/// </summary>
internal static class LinuxRaid
{
    public const uint Magic = 0xA92B_4EFC;

    private const int Reserved = 64 * 1024;

    public static Signature? Probe(ProbeWindow window)
    {
        if (window.Length > Reserved)
        {
            if (ProbeVersion0(window, (window.Length & ~(Reserved - 1L)) - Reserved) is { } old)
                return old;
            if (ProbeVersion1(window, (window.Length & ~0xFFFL) - 0x2000, "1.0") is { } atEnd)
                return atEnd;
        }
        return ProbeVersion1(window, 0, "1.1") ?? ProbeVersion1(window, 0x1000, "1.2");
    }

    private static Signature? ProbeVersion0(ProbeWindow window, long offset)
    {
        ReadOnlySpan<byte> b = window.At(offset, 64);
        if (b.IsEmpty || (b.Le32(0) != Magic && b.Be32(0) != Magic))
            return null;
        bool little = b.Le32(0) == Magic;
        long size = (long)(little ? b.Le32(32) : b.Be32(32)) * 1024;
        if (offset < size || window.Length < size + Reserved)
            return null;
        // The superblock at the end of a disk's last partition stands at the end of the disk as well.
        if (PartitionTable.Parse(window)?.Partitions.Any(p => p.Offset > 0 && p.Offset <= offset - size && p.Offset + p.Length > offset) == true)
            return null;
        var uuid = new byte[16];
        int[] words = [20, 52, 56, 60];
        uint minor = little ? b.Le32(8) : b.Be32(8);
        for (int i = 0; i < (minor >= 90 ? 4 : 1); i++)
            BinaryPrimitives.WriteUInt32BigEndian(uuid.AsSpan(i * 4), little ? b.Le32(words[i]) : b.Be32(words[i]));
        string version = little ? $"{b.Le32(4)}.{b.Le32(8)}.{b.Le32(12)}" : $"{b.Be32(4)}.{b.Be32(8)}.{b.Be32(12)}";
        int level = (int)(little ? b.Le32(28) : b.Be32(28));
        uint disks = little ? b.Le32(40) : b.Be32(40);
        return Signature.Raid("linux_raid_member", null, Tags.Uuid(uuid), size > 0 ? size : null,
            ("VERSION", version), ("LEVEL", Level(level)), ("DEVICES", Tags.Number(disks)));
    }

    private static Signature? ProbeVersion1(ProbeWindow window, long offset, string version)
    {
        ReadOnlySpan<byte> b = window.At(offset, 256);
        return IsVersion1(b) && b.Le64(144) == (ulong)offset / 512 ? Describe(b, version) : null;
    }

    public static bool IsVersion1(ReadOnlySpan<byte> b) => b.Length >= 256 && b.Le32(0) == Magic && b.Le32(4) == 1;

    public static Signature Describe(ReadOnlySpan<byte> b, string version) =>
        Signature.Raid("linux_raid_member", Tags.Label(b.Slice(32, 32)), Tags.Uuid(b.Slice(16, 16)), Fields.Size(b.Le64(136), 512),
            ("VERSION", version), ("UUID_SUB", Tags.Uuid(b.Slice(168, 16))), ("LEVEL", Level((int)b.Le32(72))),
            ("DEVICES", Tags.Number(b.Le32(92))));

    private static string Level(int level) => level switch
    {
        -1 => "linear",
        -4 => "multipath",
        -5 => "faulty",
        _ => $"raid{level}",
    };
}
