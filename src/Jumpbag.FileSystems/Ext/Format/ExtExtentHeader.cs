using Jumpbag.Core;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext.Format;

/// <summary>
/// The head of a node of an extent tree; entries of 12 bytes follow, and in a block of its own a checksum behind eh_max of them.
/// https://docs.kernel.org/filesystems/ext4/ifork.html
/// </summary>
/// <remarks>
/// offset size name
/// 0x0    2    eh_magic      0x2    2    eh_entries     0x4    2    eh_max
/// 0x6    2    eh_depth      0x8    4    eh_generation
/// </remarks>
public readonly record struct ExtExtentHeader(ushort Entries, ushort Max, ushort Depth)
{
    public const int Size = 12, EntrySize = 12;
    public const ushort Magic = 0xF30A, MaxDepth = 5;

    /// <summary>Takes a whole node: the 60 bytes of i_block, or a block.</summary>
    /// <exception cref="CorruptException">It is no such node, or more entries are claimed than it holds.</exception>
    public static ExtExtentHeader Parse(ReadOnlySpan<byte> node)
    {
        ushort eh_magic = ReadUInt16LittleEndian(node);
        if (eh_magic != Magic)
            throw new CorruptException($"extent tree node: magic is 0x{eh_magic:x4}, not 0x{Magic:x4}");
        ushort eh_entries = ReadUInt16LittleEndian(node[0x2..]), eh_max = ReadUInt16LittleEndian(node[0x4..]);
        ushort eh_depth = ReadUInt16LittleEndian(node[0x6..]);
        int room = (node.Length - Size) / EntrySize;
        if (eh_max > room || eh_entries > eh_max)
            throw new CorruptException($"extent tree node: {eh_entries} of {eh_max} entries where {room} fit");
        if (eh_depth > MaxDepth)
            throw new CorruptException($"extent tree node: depth is {eh_depth}, more than {MaxDepth}");
        return new(eh_entries, eh_max, eh_depth);
    }

    /// <param name="node">The whole block.</param>
    /// <param name="seed">Of the inode.</param>
    public bool ChecksumMatches(ReadOnlySpan<byte> node, uint seed)
    {
        int tail = Size + EntrySize * Max;
        return tail + 4 > node.Length || Checksums.Crc32C(seed, node[..tail]) == ReadUInt32LittleEndian(node[tail..]);
    }
}

/// <summary>A leaf's entry: consecutive blocks of the file that stand consecutively on the disk.</summary>
/// <remarks>
/// offset size name
/// 0x0    4    ee_block      0x4    2    ee_len       0x6    2    ee_start_hi
/// 0x8    4    ee_start_lo
/// </remarks>
public readonly record struct ExtExtentLeaf(uint Block, uint Length, bool Unwritten, ulong Start)
{
    /// <summary>ee_len above this says: allocated, never written.</summary>
    private const ushort MaxWritten = 0x8000;

    public static ExtExtentLeaf Parse(ReadOnlySpan<byte> data)
    {
        ushort ee_len = ReadUInt16LittleEndian(data[0x4..]);
        bool unwritten = ee_len > MaxWritten;
        return new(ReadUInt32LittleEndian(data), unwritten ? (uint)ee_len - MaxWritten : ee_len, unwritten,
            ReadUInt32LittleEndian(data[0x8..]) | (ulong)ReadUInt16LittleEndian(data[0x6..]) << 32);
    }
}

/// <summary>An inner node's entry: the node below that covers the file from a block on.</summary>
/// <remarks>
/// offset size name
/// 0x0    4    ei_block      0x4    4    ei_leaf_lo     0x8    2    ei_leaf_hi
/// </remarks>
public readonly record struct ExtExtentIndex(uint Block, ulong Leaf)
{
    public static ExtExtentIndex Parse(ReadOnlySpan<byte> data) => new(ReadUInt32LittleEndian(data),
        ReadUInt32LittleEndian(data[0x4..]) | (ulong)ReadUInt16LittleEndian(data[0x8..]) << 32);
}
