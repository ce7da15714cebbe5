using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext;

/// <summary>
/// A directory block's checksum: of a leaf in a record at its end, of a hash tree's inner block behind its entries.
/// https://docs.kernel.org/filesystems/ext4/checksums.html
/// </summary>
internal static class ExtDirectoryChecksum
{
    /// <summary>Where the counts of a tree's root and of its other inner blocks stand, behind what looks like records.</summary>
    private const int RootCounts = 0x20, InnerCounts = 0x8;

    private const int IndexEntrySize = 8;

    public static bool Matches(ReadOnlySpan<byte> block, ExtNode directory, bool first)
    {
        int tail = block.Length - ExtDirectoryRecord.TailSize;
        bool hasTail = ReadUInt32LittleEndian(block[tail..]) == 0 && ReadUInt16LittleEndian(block[(tail + 4)..]) == ExtDirectoryRecord.TailSize
            && block[tail + 6] == 0 && block[tail + 7] == ExtDirectoryRecord.TailType;
        if (!directory.Has(ExtInodeFlags.Indexed))
            return hasTail && LeafMatches(block, tail, directory.ChecksumSeed);
        if (first)
            return IndexMatches(block, RootCounts, directory.ChecksumSeed);
        bool inner = ReadUInt32LittleEndian(block) == 0 && ReadUInt16LittleEndian(block[4..]) is var length
            && (length == block.Length || (block.Length == 65536 && length is 65535 or 0));
        // An empty leaf may look like an inner block, but for its tail.
        return hasTail ? LeafMatches(block, tail, directory.ChecksumSeed) : inner && IndexMatches(block, InnerCounts, directory.ChecksumSeed);
    }

    private static bool LeafMatches(ReadOnlySpan<byte> block, int tail, uint seed) =>
        Checksums.Crc32C(seed, block[..tail]) == ReadUInt32LittleEndian(block[(tail + 8)..]);

    private static bool IndexMatches(ReadOnlySpan<byte> block, int counts, uint seed)
    {
        int limit = ReadUInt16LittleEndian(block[counts..]), count = ReadUInt16LittleEndian(block[(counts + 2)..]);
        int tail = counts + limit * IndexEntrySize;
        if (count > limit || tail + 8 > block.Length)
            return false;
        uint crc = Checksums.Crc32C(seed, block[..(counts + count * IndexEntrySize)]);
        crc = Checksums.Crc32C(crc, block.Slice(tail, 4));
        crc = Checksums.Crc32C(crc, [0, 0, 0, 0]);
        return crc == ReadUInt32LittleEndian(block[(tail + 4)..]);
    }
}
