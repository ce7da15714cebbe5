using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Lvm.Format;

/// <summary>
/// What dm-raid keeps at the start of each member's metadata volume (lv_rmeta_N), little-endian, in sectors of 512 bytes. Linux
/// drivers/md/dm-raid.c, struct dm_raid_superblock.
/// <code>
/// 0 magic "DmRd"  4 compat_features  8 num_devices  12 array_position  16 events  24 failed_devices  32 disk_recovery_offset
/// 40 array_resync_offset  48 level  52 layout  56 stripe_sectors
/// with compat_features 1 also:  60 flags  64 reshape_position  72 new_level  76 new_layout  80 new_stripe_sectors  84 delta_disks
/// 88 array_sectors  96 data_offset  104 new_data_offset  112 sectors  120 extended_failed_devices[3]  144 incompat_features
/// </code>
/// </summary>
internal sealed record RaidSuperblock
{
    public const int Length = 512;

    private const uint Magic = 0x6452_6D44, Extended = 1;

    private readonly ulong[] failed;

    private RaidSuperblock(ulong[] failed) => this.failed = failed;

    public required uint Devices { get; init; }

    public required uint Position { get; init; }

    /// <summary>Raised with each change of the volume's state.</summary>
    public required ulong Events { get; init; }

    /// <summary>How far this member was rebuilt, in bytes of it.</summary>
    public required long RebuiltTo { get; init; }

    /// <summary>Up to where mirrors and parity are known to fit, in bytes of a member (RAID 10: of the whole).</summary>
    public required long SyncedTo { get; init; }

    public required int Level { get; init; }

    public required int Layout { get; init; }

    /// <summary>In bytes.</summary>
    public required long StripeSize { get; init; }

    /// <summary>Where on the member the data begins, in bytes: a reshape may have moved it.</summary>
    public required long DataOffset { get; init; }

    public required bool IsReshaping { get; init; }

    /// <summary>Features that must be known; none are so far.</summary>
    public required uint UnknownFeatures { get; init; }

    /// <summary>Whether the volume went on without the member in this place.</summary>
    public bool HasFailed(int position) => position / 64 < failed.Length && (failed[position / 64] >> (position % 64) & 1) != 0;

    /// <summary>Null where there is none: the member was never in use.</summary>
    /// <param name="b">512 bytes.</param>
    public static RaidSuperblock? Parse(ReadOnlySpan<byte> b)
    {
        if (b.Le32(0) != Magic)
            return null;
        bool isExtended = (b.Le32(4) & Extended) != 0;
        return new(isExtended ? [b.Le64(24), b.Le64(120), b.Le64(128), b.Le64(136)] : [b.Le64(24)])
        {
            Devices = b.Le32(8),
            Position = b.Le32(12),
            Events = b.Le64(16),
            RebuiltTo = Bytes(b.Le64(32)),
            SyncedTo = Bytes(b.Le64(40)),
            Level = (int)b.Le32(48),
            Layout = (int)b.Le32(52),
            StripeSize = b.Le32(56) * 512L,
            DataOffset = isExtended ? Bytes(b.Le64(96)) : 0,
            IsReshaping = isExtended && ((b.Le32(60) & 1) != 0 || b.Le64(64) != ulong.MaxValue || b.Le32(84) != 0 || b.Le64(96) != b.Le64(104)),
            UnknownFeatures = (b.Le32(4) & ~Extended) | (isExtended ? b.Le32(144) : 0),
        };
    }

    /// <summary>All ones stand for "all of it", and so does more than a device can have.</summary>
    private static long Bytes(ulong sectors) => Fields.Size(sectors, 512) ?? long.MaxValue;
}
