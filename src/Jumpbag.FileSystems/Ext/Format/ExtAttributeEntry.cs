using Jumpbag.Core;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext.Format;

/// <summary>
/// An extended attribute's entry; its name follows, padded to four bytes. Four zero bytes end the list.
/// https://docs.kernel.org/filesystems/ext4/attributes.html
/// </summary>
/// <remarks>
/// offset size name
/// 0x00   1    e_name_len        0x01   1    e_name_index      0x02   2    e_value_offs
/// 0x04   4    e_value_inum      0x08   4    e_value_size      0x0C   4    e_hash
/// 0x10   …    e_name
/// The block's head, of which an inode's body has only the first field:
/// 0x00   4    h_magic           0x04   4    h_refcount        0x08   4    h_blocks
/// 0x0C   4    h_hash            0x10   4    h_checksum        0x14   12   reserved
/// </remarks>
public readonly record struct ExtAttributeEntry(
    byte NameLength, byte NameIndex, ushort ValueOffset, uint ValueInode, uint ValueSize, uint Hash)
{
    public const uint Magic = 0xEA02_0000;
    public const int Size = 16, BlockHeaderSize = 32;

    /// <summary>From this entry to the next.</summary>
    public int Stride => (Size + NameLength + 3) & ~3;

    public static ExtAttributeEntry Parse(ReadOnlySpan<byte> data) => new(
        data[0], data[1], ReadUInt16LittleEndian(data[0x2..]), ReadUInt32LittleEndian(data[0x4..]),
        ReadUInt32LittleEndian(data[0x8..]), ReadUInt32LittleEndian(data[0xC..]));

    /// <param name="block">The whole attribute block.</param>
    /// <param name="number">Where it stands: its number is part of the sum.</param>
    /// <param name="seed">Of the filesystem.</param>
    public static bool BlockChecksumMatches(ReadOnlySpan<byte> block, ulong number, uint seed)
    {
        const int checksumOffset = 0x10;
        Span<byte> word = stackalloc byte[8];
        WriteUInt64LittleEndian(word, number);
        uint crc = Checksums.Crc32C(seed, word);
        crc = Checksums.Crc32C(crc, block[..checksumOffset]);
        crc = Checksums.Crc32C(crc, [0, 0, 0, 0]);
        crc = Checksums.Crc32C(crc, block[(checksumOffset + 4)..]);
        return crc == ReadUInt32LittleEndian(block[checksumOffset..]);
    }
}
