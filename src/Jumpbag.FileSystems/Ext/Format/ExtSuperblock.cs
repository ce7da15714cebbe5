using System.Numerics;
using System.Text;
using Jumpbag.Core;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext.Format;

/// <summary>
/// The superblock: 1024 bytes at byte 1024, and copies at the start of some block groups.
/// https://docs.kernel.org/filesystems/ext4/super.html
/// </summary>
/// <remarks>
/// offset size  name
/// 0x000  4     s_inodes_count           0x004  4  s_blocks_count_lo        0x008  4  s_r_blocks_count_lo
/// 0x00C  4     s_free_blocks_count_lo   0x010  4  s_free_inodes_count      0x014  4  s_first_data_block
/// 0x018  4     s_log_block_size         0x01C  4  s_log_cluster_size       0x020  4  s_blocks_per_group
/// 0x024  4     s_clusters_per_group     0x028  4  s_inodes_per_group       0x038  2  s_magic
/// 0x03A  2     s_state                  0x048  4  s_creator_os             0x04C  4  s_rev_level
/// 0x054  4     s_first_ino              0x058  2  s_inode_size             0x05A  2  s_block_group_nr
/// 0x05C  4     s_feature_compat         0x060  4  s_feature_incompat       0x064  4  s_feature_ro_compat
/// 0x068  16    s_uuid                   0x078  16 s_volume_name            0x0CE  2  s_reserved_gdt_blocks
/// 0x0D0  16    s_journal_uuid           0x0E0  4  s_journal_inum           0x0E8  4  s_last_orphan
/// 0x0EC  16    s_hash_seed              0x0FC  1  s_def_hash_version       0x0FD  1  s_jnl_backup_type
/// 0x0FE  2     s_desc_size              0x104  4  s_first_meta_bg          0x10C  68 s_jnl_blocks
/// 0x150  4     s_blocks_count_hi        0x154  4  s_r_blocks_count_hi      0x158  4  s_free_blocks_count_hi
/// 0x160  4     s_flags                  0x174  1  s_log_groups_per_flex    0x175  1  s_checksum_type
/// 0x248  4     s_overhead_clusters      0x24C  8  s_backup_bgs             0x270  4  s_checksum_seed
/// 0x27C  2     s_encoding               0x27E  2  s_encoding_flags         0x280  4  s_orphan_file_inum
/// 0x3FC  4     s_checksum
/// </remarks>
public sealed class ExtSuperblock
{
    public const int Size = 1024;

    /// <summary>Of the primary superblock, in bytes.</summary>
    public const int Offset = 1024;

    public const ushort Magic = 0xEF53;

    public required uint InodesCount { get; init; }

    public required ulong BlocksCount { get; init; }

    public required ulong ReservedBlocksCount { get; init; }

    public required ulong FreeBlocksCount { get; init; }

    public required uint FreeInodesCount { get; init; }

    public required uint FirstDataBlock { get; init; }

    public required int BlockSize { get; init; }

    /// <summary>Of an allocation unit, in blocks: 1 unless bigalloc.</summary>
    public required int ClusterBlocks { get; init; }

    public required uint BlocksPerGroup { get; init; }

    public required uint InodesPerGroup { get; init; }

    /// <summary>Bit 0: cleanly unmounted; bit 1: errors were found; bit 2: orphans are being recovered.</summary>
    public required ushort State { get; init; }

    public required uint CreatorOs { get; init; }

    public required uint FirstInode { get; init; }

    public required int InodeSize { get; init; }

    /// <summary>The group whose copy this is; 0 for the primary.</summary>
    public required ushort BlockGroupNumber { get; init; }

    public required ExtCompat Compat { get; init; }

    public required ExtIncompat Incompat { get; init; }

    public required ExtRoCompat RoCompat { get; init; }

    public required byte[] UuidBytes { get; init; }

    public required string VolumeName { get; init; }

    public required ushort ReservedGdtBlocks { get; init; }

    /// <summary>Of the external journal, all zero where there is none.</summary>
    public required Guid JournalUuid { get; init; }

    public required uint JournalInode { get; init; }

    public required uint LastOrphan { get; init; }

    public required uint[] HashSeed { get; init; }

    public required byte DefaultHashVersion { get; init; }

    public required byte JournalBackupType { get; init; }

    /// <summary>i_block of the journal inode, then the high and low half of its size, where <see cref="JournalBackupType"/> is 1.</summary>
    public required uint[] JournalBlocks { get; init; }

    public required int DescriptorSize { get; init; }

    public required uint FirstMetaBg { get; init; }

    public required uint Flags { get; init; }

    public required uint OverheadClusters { get; init; }

    public required uint[] BackupGroups { get; init; }

    /// <summary>What every metadata checksum begins with.</summary>
    public required uint ChecksumSeed { get; init; }

    public required ushort Encoding { get; init; }

    public required uint OrphanFileInode { get; init; }

    /// <summary>False where metadata_csum is on and s_checksum does not match.</summary>
    public required bool ChecksumMatches { get; init; }

    public uint GroupCount => (uint)((BlocksCount - FirstDataBlock + BlocksPerGroup - 1) / BlocksPerGroup);

    public int DescriptorsPerBlock => BlockSize / DescriptorSize;

    public long Bytes => checked((long)BlocksCount * BlockSize);

    public bool HasMetadataChecksums => (RoCompat & ExtRoCompat.MetadataChecksum) != 0;

    /// <summary>As blkid prints it.</summary>
    public string Uuid => new Guid(UuidBytes, bigEndian: true).ToString();

    public bool Has(ExtCompat feature) => (Compat & feature) != 0;

    public bool Has(ExtIncompat feature) => (Incompat & feature) != 0;

    public bool Has(ExtRoCompat feature) => (RoCompat & feature) != 0;

    /// <summary>The first block of a group; its copies of superblock and descriptors, if any, start there.</summary>
    public ulong GroupStart(uint group) => FirstDataBlock + (ulong)group * BlocksPerGroup;

    /// <exception cref="CorruptException">It is no superblock, or its geometry contradicts itself.</exception>
    public static ExtSuperblock Parse(ReadOnlySpan<byte> data)
    {
        ushort magic = ReadUInt16LittleEndian(data[0x38..]);
        if (magic != Magic)
            throw new CorruptException($"superblock: magic is 0x{magic:x4}, not 0x{Magic:x4}");

        uint s_rev_level = ReadUInt32LittleEndian(data[0x4C..]);
        var compat = (ExtCompat)ReadUInt32LittleEndian(data[0x5C..]);
        var incompat = (ExtIncompat)ReadUInt32LittleEndian(data[0x60..]);
        var roCompat = (ExtRoCompat)ReadUInt32LittleEndian(data[0x64..]);
        bool bits64 = (incompat & ExtIncompat.Bits64) != 0;
        ulong high = bits64 ? ulong.MaxValue : uint.MaxValue;

        uint s_log_block_size = ReadUInt32LittleEndian(data[0x18..]);
        Require(s_log_block_size <= 6, "s_log_block_size", s_log_block_size);
        int blockSize = 1024 << (int)s_log_block_size;
        ulong blocks = Wide(data, 0x4, 0x150) & high;
        uint s_first_data_block = ReadUInt32LittleEndian(data[0x14..]);
        Require(s_first_data_block <= 1 && (blockSize == 1024 || s_first_data_block == 0), "s_first_data_block", s_first_data_block);
        Require(blocks > s_first_data_block && blocks <= (ulong)(long.MaxValue / blockSize), "s_blocks_count", blocks);

        bool bigAlloc = (roCompat & ExtRoCompat.BigAlloc) != 0;
        uint s_log_cluster_size = ReadUInt32LittleEndian(data[0x1C..]);
        Require(!bigAlloc || (s_log_cluster_size >= s_log_block_size && s_log_cluster_size <= 20), "s_log_cluster_size", s_log_cluster_size);
        int clusterBlocks = bigAlloc ? 1 << (int)(s_log_cluster_size - s_log_block_size) : 1;
        uint s_blocks_per_group = ReadUInt32LittleEndian(data[0x20..]);
        Require(s_blocks_per_group >= 8 && s_blocks_per_group <= (ulong)blockSize * 8 * (uint)clusterBlocks, "s_blocks_per_group", s_blocks_per_group);

        int inodeSize = s_rev_level == 0 ? 128 : ReadUInt16LittleEndian(data[0x58..]);
        Require(inodeSize >= 128 && inodeSize <= blockSize && BitOperations.IsPow2(inodeSize), "s_inode_size", (uint)inodeSize);
        uint s_inodes_per_group = ReadUInt32LittleEndian(data[0x28..]);
        Require(s_inodes_per_group is > 0 && s_inodes_per_group <= (uint)blockSize * 8, "s_inodes_per_group", s_inodes_per_group);
        ulong groups = (blocks - s_first_data_block + s_blocks_per_group - 1) / s_blocks_per_group;
        uint s_inodes_count = ReadUInt32LittleEndian(data);
        Require(groups * s_inodes_per_group == s_inodes_count, "s_inodes_count", s_inodes_count);

        int descriptorSize = 32;
        if (bits64)
        {
            descriptorSize = ReadUInt16LittleEndian(data[0xFE..]);
            Require(descriptorSize >= 64 && descriptorSize <= 1024 && BitOperations.IsPow2(descriptorSize), "s_desc_size", (uint)descriptorSize);
        }
        byte[] uuid = data.Slice(0x68, 16).ToArray();
        bool checksums = (roCompat & ExtRoCompat.MetadataChecksum) != 0;
        return new()
        {
            InodesCount = s_inodes_count,
            BlocksCount = blocks,
            ReservedBlocksCount = Wide(data, 0x8, 0x154) & high,
            FreeBlocksCount = Wide(data, 0xC, 0x158) & high,
            FreeInodesCount = ReadUInt32LittleEndian(data[0x10..]),
            FirstDataBlock = s_first_data_block,
            BlockSize = blockSize,
            ClusterBlocks = clusterBlocks,
            BlocksPerGroup = s_blocks_per_group,
            InodesPerGroup = s_inodes_per_group,
            State = ReadUInt16LittleEndian(data[0x3A..]),
            CreatorOs = ReadUInt32LittleEndian(data[0x48..]),
            FirstInode = s_rev_level == 0 ? 11 : ReadUInt32LittleEndian(data[0x54..]),
            InodeSize = inodeSize,
            BlockGroupNumber = ReadUInt16LittleEndian(data[0x5A..]),
            Compat = compat,
            Incompat = incompat,
            RoCompat = roCompat,
            UuidBytes = uuid,
            VolumeName = Text(data.Slice(0x78, 16)),
            ReservedGdtBlocks = ReadUInt16LittleEndian(data[0xCE..]),
            JournalUuid = new Guid(data.Slice(0xD0, 16), bigEndian: true),
            JournalInode = ReadUInt32LittleEndian(data[0xE0..]),
            LastOrphan = ReadUInt32LittleEndian(data[0xE8..]),
            HashSeed = Words(data.Slice(0xEC, 16)),
            DefaultHashVersion = data[0xFC],
            JournalBackupType = data[0xFD],
            JournalBlocks = Words(data.Slice(0x10C, 68)),
            DescriptorSize = descriptorSize,
            FirstMetaBg = ReadUInt32LittleEndian(data[0x104..]),
            Flags = ReadUInt32LittleEndian(data[0x160..]),
            OverheadClusters = ReadUInt32LittleEndian(data[0x248..]),
            BackupGroups = Words(data.Slice(0x24C, 8)),
            ChecksumSeed = (incompat & ExtIncompat.ChecksumSeed) != 0
                ? ReadUInt32LittleEndian(data[0x270..])
                : Checksums.Crc32C(~0u, uuid),
            Encoding = ReadUInt16LittleEndian(data[0x27C..]),
            OrphanFileInode = ReadUInt32LittleEndian(data[0x280..]),
            ChecksumMatches = !checksums || Checksums.Crc32C(~0u, data[..0x3FC]) == ReadUInt32LittleEndian(data[0x3FC..]),
        };
    }

    private static void Require(bool holds, string field, ulong found)
    {
        if (!holds)
            throw new CorruptException($"superblock: {field} is {found}, which cannot be");
    }

    private static ulong Wide(ReadOnlySpan<byte> data, int low, int high) =>
        ReadUInt32LittleEndian(data[low..]) | (ulong)ReadUInt32LittleEndian(data[high..]) << 32;

    private static uint[] Words(ReadOnlySpan<byte> data)
    {
        var words = new uint[data.Length / 4];
        for (int i = 0; i < words.Length; i++)
            words[i] = ReadUInt32LittleEndian(data[(i * 4)..]);
        return words;
    }

    private static string Text(ReadOnlySpan<byte> data)
    {
        int end = data.IndexOf((byte)0);
        return new ByteString(end < 0 ? data : data[..end]).ToString();
    }
}
