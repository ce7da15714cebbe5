using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Md.Format;

/// <summary>
/// The superblock of version 1, little-endian, in units of 512-byte sectors. Version 1.0 keeps it 8 KiB before the end, 1.1 at the start, 1.2
/// at 4 KiB. Linux include/uapi/linux/raid/md_p.h, struct mdp_superblock_1.
/// <code>
/// 0 magic  4 major_version  8 feature_map  16 set_uuid[16]  32 set_name[32]  72 level  76 layout  80 size  88 chunksize  92 raid_disks
/// 96 bitmap_offset (signed, from the superblock)  128 data_offset  136 data_size  144 super_offset  152 recovery_offset
/// 160 dev_number  168 device_uuid[16]  185 bblog_shift  186 bblog_size  188 bblog_offset (signed, from the superblock)
/// 200 events  208 resync_offset  216 sb_csum  220 max_dev  256 dev_roles[max_dev], 16 bits each
/// </code>
/// </summary>
internal static class MdSuperblock1
{
    public const int Length = 4096, HeadLength = 256, MostDevices = (Length - HeadLength) / 2;

    private const uint BitmapFeature = 1, RecoveryOffset = 2, ReshapeActive = 4, BadBlocksFeature = 8, Replacement = 16, NewOffset = 64,
        Journal = 512, PartialParity = 1024, ManyPartialParities = 2048, Raid0Layout = 4096, Known = 8191;

    /// <summary>The 1.x and the place of each, in the order in which they are looked for.</summary>
    public static IEnumerable<(string Version, long Offset)> Places(long deviceLength) =>
        [("1.0", (deviceLength & ~0xFFFL) - 0x2000), ("1.1", 0), ("1.2", 0x1000)];

    /// <param name="b">4 KiB, or what there is of them.</param>
    /// <param name="version">"1.2".</param>
    /// <param name="offset">Where they stand on the device.</param>
    /// <returns>Null where there is no such superblock.</returns>
    /// <exception cref="CorruptException">It contradicts itself.</exception>
    public static MdSuperblock? Parse(ReadOnlySpan<byte> b, string version, long offset)
    {
        if (!LinuxRaid.IsVersion1(b) || b.Le64(144) != (ulong)offset / 512)
            return null;
        uint features = b.Le32(8), devices = b.Le32(220), places = b.Le32(92), number = b.Le32(160);
        if (devices > MostDevices || HeadLength + (2 * devices) > b.Length)
            throw new CorruptException($"its superblock claims {devices} devices");
        if (Sum(b[..(int)(HeadLength + (2 * devices))]) != b.Le32(216))
            throw new CorruptException("its superblock has a wrong checksum");
        if (places == 0 || places > MostDevices)
            throw new CorruptException($"its superblock claims an array of {places} members");
        var roles = new int[devices];
        for (int i = 0; i < roles.Length; i++)
            roles[i] = b.Le16(HeadLength + (2 * i)) switch { 0xFFFF => MdRole.Spare, 0xFFFE => MdRole.Faulty, 0xFFFD => MdRole.Journal, var role => role < places ? role : MdRole.Spare };
        int level = (int)b.Le32(72);
        bool hasPartialParity = (features & (PartialParity | ManyPartialParities)) != 0;
        return new MdSuperblock
        {
            Version = version,
            Uuid = Tags.Uuid(b.Slice(16, 16)) ?? "",
            Name = Encoding.UTF8.GetString(b.Slice(32, 32)).Split('\0')[0],
            Level = level,
            Layout = (int)b.Le32(76),
            LayoutIsKnown = level != 0 || (features & Raid0Layout) != 0,
            ChunkSize = b.Le32(88) * 512L,
            Places = (int)places,
            UsedLength = Bytes(b.Le64(80), "size"),
            DataOffset = Bytes(b.Le64(128), "data_offset"),
            DataLength = Bytes(b.Le64(136), "data_size"),
            Events = b.Le64(200),
            SyncedTo = b.Le64(208) == ulong.MaxValue ? long.MaxValue : Bytes(b.Le64(208), "resync_offset"),
            Number = (int)Math.Min(number, int.MaxValue),
            DeviceUuid = Tags.Uuid(b.Slice(168, 16)),
            Roles = roles,
            RebuiltTo = (features & RecoveryOffset) == 0 ? long.MaxValue : Bytes(b.Le64(152), "recovery_offset"),
            IsReplacement = (features & Replacement) != 0,
            IsReshaping = (features & (ReshapeActive | NewOffset)) != 0,
            HasJournal = (features & Journal) != 0,
            BitmapOffset = (features & BitmapFeature) != 0 && !hasPartialParity ? offset + ((int)b.Le32(96) * 512L) : null,
            BadBlocks = (features & BadBlocksFeature) != 0 && b.Le16(186) > 0 ? (offset + ((int)b.Le32(188) * 512L), Math.Min(b.Le16(186) * 512, Length), b[185]) : null,
            UnknownFeatures = features & ~Known,
        };
    }

    private static long Bytes(ulong sectors, string field) => Fields.Size(sectors, 512)
        ?? throw new CorruptException($"its superblock claims a {field} of {sectors.ToString(CultureInfo.InvariantCulture)} sectors");

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        for (int i = 0; i + 4 <= bytes.Length; i += 4)
            sum += i == 216 ? 0 : bytes.Le32(i);
        if ((bytes.Length & 2) != 0)
            sum += bytes.Le16(bytes.Length - 2);
        return (uint)sum + (uint)(sum >> 32);
    }
}
