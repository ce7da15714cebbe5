using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Storage.DeviceMapper;

/// <summary>
/// A node of a B+tree of device-mapper's persistent data library: one block of 4096 bytes.
/// Specification: the kernel's drivers/md/persistent-data/dm-btree-internal.h, <c>struct node_header</c>.
/// </summary>
/// <remarks><code>
/// offset size
///      0    4  csum         of the rest of the block
///      4    4  flags        1: internal, 2: leaf
///      8    8  blocknr      of this block
///     16    4  nr_entries
///     20    4  max_entries  how many the node has room for
///     24    4  value_size   in bytes; of an internal node 8
///     28    4  padding
///     32       keys         max_entries of 8 bytes, ascending
///              values       max_entries of value_size bytes; of an internal node the children's block numbers
/// </code></remarks>
internal sealed class BtreeNode
{
    public const int BlockSize = 4096;

    private const int HeaderSize = 32;

    private const uint ChecksumSalt = 121107;

    private readonly byte[] block;
    private readonly int valuesAt;
    private readonly int valueSize;

    private BtreeNode(byte[] block, bool isLeaf, int count, int maxCount, int valueSize)
    {
        this.block = block;
        this.valueSize = valueSize;
        IsLeaf = isLeaf;
        Count = count;
        valuesAt = HeaderSize + (8 * maxCount);
    }

    public bool IsLeaf { get; }

    public int Count { get; }

    public int ValueSize => valueSize;

    /// <summary>The sum that the library keeps in the first four bytes of a block; each kind of block has its own salt.</summary>
    public static uint Checksum(ReadOnlySpan<byte> block, uint salt) => Checksums.Crc32C(~0u, block[4..BlockSize]) ^ salt;

    /// <param name="block">Is kept.</param>
    /// <param name="number">Where it was read from.</param>
    /// <exception cref="CorruptException">Checksum, place or sizes are wrong, or the keys do not ascend.</exception>
    public static BtreeNode Parse(byte[] block, long number)
    {
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(block), computed = Checksum(block, ChecksumSalt);
        if (checksum != computed)
            throw new CorruptException($"its checksum is 0x{checksum:x8} and should be 0x{computed:x8}");
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(4));
        long place = BinaryPrimitives.ReadInt64LittleEndian(block.AsSpan(8));
        if (place != number)
            throw new CorruptException($"it says that it is block {place}");
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(16)), maxCount = BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(20));
        uint valueSize = BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(24));
        if (flags is not (1 or 2) || count > maxCount || valueSize > BlockSize || HeaderSize + (maxCount * (8UL + valueSize)) > BlockSize || (flags == 1 && valueSize != 8))
            throw new CorruptException($"it claims {count} of {maxCount} entries of {valueSize} bytes, flags 0x{flags:x}");
        var node = new BtreeNode(block, flags == 2, (int)count, (int)maxCount, (int)valueSize);
        for (int i = 1; i < node.Count; i++)
            if (node.Key(i - 1) >= node.Key(i))
                throw new CorruptException($"its keys do not ascend at entry {i}");
        return node;
    }

    /// <summary>Keys are unsigned on the disk; none that is in use reaches the sign.</summary>
    public long Key(int index) => BinaryPrimitives.ReadInt64LittleEndian(block.AsSpan(HeaderSize + (8 * index)));

    public ReadOnlySpan<byte> Value(int index) => block.AsSpan(valuesAt + (valueSize * index), valueSize);

    /// <summary>A value of 8 bytes: a child's block, a tree's root, a mapping.</summary>
    public long Number(int index) => BinaryPrimitives.ReadInt64LittleEndian(block.AsSpan(valuesAt + (valueSize * index)));

    /// <summary>The last entry whose key is not greater; -1 where all are.</summary>
    public int Find(long key)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Key(middle) <= key)
                low = middle + 1;
            else
                high = middle;
        }
        return low - 1;
    }
}
