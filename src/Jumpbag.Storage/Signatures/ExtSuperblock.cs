namespace Jumpbag.Storage.Signatures;

/// <summary>
/// The part of an ext2/3/4 superblock that tells what it is and where it belongs; the filesystem's reader has its own, complete one.
/// https://www.kernel.org/doc/html/latest/filesystems/ext4/super.html
/// </summary>
/// <remarks><code>
/// 0x00 s_inodes_count       0x04 s_blocks_count_lo     0x14 s_first_data_block   0x18 s_log_block_size
/// 0x20 s_blocks_per_group   0x28 s_inodes_per_group    0x38 s_magic              0x3E s_minor_rev_level
/// 0x4C s_rev_level          0x58 s_inode_size          0x5A s_block_group_nr     0x5C s_feature_compat
/// 0x60 s_feature_incompat   0x64 s_feature_ro_compat   0x68 s_uuid               0x78 s_volume_name
/// 0xD0 s_journal_uuid       0xFE s_desc_size           0x104 s_first_meta_bg     0x150 s_blocks_count_hi
/// 0x3FC s_checksum
/// </code></remarks>
internal sealed class ExtSuperblock
{
    public const int Offset = 1024, Length = 1024, MagicOffset = 0x38;

    public const ushort Magic = 0xEF53;

    private const uint HasJournal = 0x4, JournalDevice = 0x8, Is64Bit = 0x80, MetaBlockGroups = 0x10;

    // Features beyond these make an ext2 or ext3 an ext4, by libblkid's rule.
    private const uint Ext2Incompat = 0x12, Ext3Incompat = 0x16, Ext3ReadOnlyCompat = 0x7;

    private ExtSuperblock(ReadOnlySpan<byte> b)
    {
        InodesCount = b.Le32(0x00);
        uint incompat = b.Le32(0x60);
        BlocksCount = b.Le32(0x04) | ((incompat & Is64Bit) != 0 ? (ulong)b.Le32(0x150) << 32 : 0);
        FirstDataBlock = b.Le32(0x14);
        LogBlockSize = b.Le32(0x18);
        BlocksPerGroup = b.Le32(0x20);
        InodesPerGroup = b.Le32(0x28);
        Revision = b.Le32(0x4C);
        Version = $"{Revision}.{b.Le16(0x3E)}";
        InodeSize = Revision == 0 ? (ushort)128 : b.Le16(0x58);
        BlockGroup = Revision == 0 ? 0u : b.Le16(0x5A);
        FeatureCompat = b.Le32(0x5C);
        FeatureIncompat = incompat;
        FeatureReadOnlyCompat = b.Le32(0x64);
        Uuid = Tags.Uuid(b.Slice(0x68, 16));
        Label = Tags.Label(b.Slice(0x78, 16));
        JournalUuid = Tags.Uuid(b.Slice(0xD0, 16));
        DescriptorSize = (incompat & Is64Bit) != 0 ? b.Le16(0xFE) : (ushort)32;
    }

    public uint InodesCount { get; }

    public ulong BlocksCount { get; }

    public uint FirstDataBlock { get; }

    public uint LogBlockSize { get; }

    public uint BlocksPerGroup { get; }

    public uint InodesPerGroup { get; }

    public uint Revision { get; }

    public string Version { get; }

    public ushort InodeSize { get; }

    /// <summary>Of the group whose copy this is; 0 in the primary superblock.</summary>
    public uint BlockGroup { get; }

    public uint FeatureCompat { get; }

    public uint FeatureIncompat { get; }

    public uint FeatureReadOnlyCompat { get; }

    public string? Uuid { get; }

    public string? Label { get; }

    public string? JournalUuid { get; }

    public ushort DescriptorSize { get; }

    public int BlockSize => 1024 << (int)LogBlockSize;

    /// <summary>The descriptors do not follow the superblock of every group that has one.</summary>
    public bool HasMetaBlockGroups => (FeatureIncompat & MetaBlockGroups) != 0;

    public long? Size => LogBlockSize <= 6 ? Fields.Size(BlocksCount, (ulong)BlockSize) : null;

    public string Format
    {
        get
        {
            if ((FeatureIncompat & JournalDevice) != 0)
                return "jbd";
            bool beyondExt3 = (FeatureReadOnlyCompat & ~Ext3ReadOnlyCompat) != 0 || (FeatureIncompat & ~Ext3Incompat) != 0;
            return beyondExt3 ? "ext4" : (FeatureCompat & HasJournal) != 0 ? "ext3" : "ext2";
        }
    }

    /// <summary>Where this copy stands within its filesystem, in bytes.</summary>
    public long Position => BlockGroup == 0 ? Offset : (FirstDataBlock + (long)BlockGroup * BlocksPerGroup) * BlockSize;

    /// <summary>From the 1024 bytes of a superblock; null where the magic is not there.</summary>
    public static ExtSuperblock? Parse(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= Length && bytes.Le16(MagicOffset) == Magic ? new(bytes) : null;

    /// <summary>
    /// Whether the numbers fit each other. The magic alone is two bytes: in a large image it stands by chance in
    /// thousands of places.
    /// </summary>
    public bool IsPlausible()
    {
        if (LogBlockSize > 6 || Revision > 1 || BlocksCount == 0)
            return false;
        if (Format == "jbd")
            return true;
        long groups = BlocksPerGroup == 0 ? 0 : (long)((BlocksCount - FirstDataBlock + BlocksPerGroup - 1) / BlocksPerGroup);
        return FirstDataBlock <= 1 && FirstDataBlock < BlocksCount
            && BlocksPerGroup is >= 64 and <= 1u << 28
            && InodesPerGroup is > 0 and <= 8 * 65536u
            && InodesCount == groups * InodesPerGroup
            && InodeSize >= 128 && InodeSize <= BlockSize && (InodeSize & (InodeSize - 1)) == 0
            && (DescriptorSize is 32 or 64 or 128 or 256 or 512 or 1024)
            && BlockGroup < groups
            && Size is not null;
    }
}
