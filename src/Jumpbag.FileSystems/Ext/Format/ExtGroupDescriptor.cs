using Jumpbag.Core;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext.Format;

/// <summary>
/// What a block group says of itself: 32 bytes, or s_desc_size of them with the feature 64bit.
/// https://docs.kernel.org/filesystems/ext4/group_descr.html
/// </summary>
/// <remarks>
/// offset size name
/// 0x00   4    bg_block_bitmap_lo          0x04   4    bg_inode_bitmap_lo
/// 0x08   4    bg_inode_table_lo           0x0C   2    bg_free_blocks_count_lo
/// 0x0E   2    bg_free_inodes_count_lo     0x10   2    bg_used_dirs_count_lo
/// 0x12   2    bg_flags                    0x1E   2    bg_checksum
/// 0x20   4    bg_block_bitmap_hi          0x24   4    bg_inode_bitmap_hi
/// 0x28   4    bg_inode_table_hi           0x2C   2    bg_free_blocks_count_hi
/// 0x2E   2    bg_free_inodes_count_hi
/// </remarks>
public readonly record struct ExtGroupDescriptor(
    ulong BlockBitmap, ulong InodeBitmap, ulong InodeTable, uint FreeClusters, uint FreeInodes, ushort Flags)
{
    public static ExtGroupDescriptor Parse(ReadOnlySpan<byte> data)
    {
        bool wide = data.Length >= 64;
        ulong High(ReadOnlySpan<byte> d, int offset) => wide ? (ulong)ReadUInt32LittleEndian(d[offset..]) << 32 : 0;
        uint High16(ReadOnlySpan<byte> d, int offset) => wide ? (uint)ReadUInt16LittleEndian(d[offset..]) << 16 : 0;
        return new(
            ReadUInt32LittleEndian(data) | High(data, 0x20),
            ReadUInt32LittleEndian(data[0x4..]) | High(data, 0x24),
            ReadUInt32LittleEndian(data[0x8..]) | High(data, 0x28),
            ReadUInt16LittleEndian(data[0xC..]) | High16(data, 0x2C),
            ReadUInt16LittleEndian(data[0xE..]) | High16(data, 0x2E),
            ReadUInt16LittleEndian(data[0x12..]));
    }

    /// <summary>Whether bg_checksum fits the descriptor's bytes; true where the filesystem keeps no such checksums.</summary>
    public static bool ChecksumMatches(ReadOnlySpan<byte> data, uint group, ExtSuperblock superblock)
    {
        const int checksumOffset = 0x1E;
        ushort stored = ReadUInt16LittleEndian(data[checksumOffset..]);
        Span<byte> number = stackalloc byte[4];
        WriteUInt32LittleEndian(number, group);
        if (superblock.HasMetadataChecksums)
        {
            uint crc = Checksums.Crc32C(superblock.ChecksumSeed, number);
            crc = Checksums.Crc32C(crc, data[..checksumOffset]);
            crc = Checksums.Crc32C(crc, [0, 0]);
            crc = Checksums.Crc32C(crc, data[(checksumOffset + 2)..]);
            return (ushort)crc == stored;
        }
        if (!superblock.Has(ExtRoCompat.GdtChecksum))
            return true;
        ushort sum = Checksums.Crc16(0xFFFF, superblock.UuidBytes);
        sum = Checksums.Crc16(sum, number);
        sum = Checksums.Crc16(sum, data[..checksumOffset]);
        return Checksums.Crc16(sum, data[(checksumOffset + 2)..]) == stored;
    }

    /// <summary>Whether all it points to lies within the filesystem, and, without flex_bg, within its own group.</summary>
    public bool IsPlausible(uint group, ExtSuperblock superblock)
    {
        ulong low = superblock.FirstDataBlock, end = superblock.BlocksCount;
        if (!superblock.Has(ExtIncompat.FlexBg))
        {
            low = superblock.GroupStart(group);
            end = Math.Min(end, low + superblock.BlocksPerGroup);
        }
        ulong tableBlocks = ((ulong)superblock.InodesPerGroup * (uint)superblock.InodeSize + (uint)superblock.BlockSize - 1)
            / (uint)superblock.BlockSize;
        return Within(BlockBitmap, 1) && Within(InodeBitmap, 1) && Within(InodeTable, tableBlocks);

        bool Within(ulong start, ulong count) => start >= low && start < end && count <= end - start && start != 0;
    }
}
