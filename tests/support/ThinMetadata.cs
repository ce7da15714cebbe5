using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Tests.Support;

/// <summary>
/// A thin pool's metadata by hand, block by block, for the states that the kernel and thin_restore do not leave behind. What they
/// write is tested with them.
/// </summary>
public sealed class ThinMetadata(int blocks)
{
    public const int BlockSize = 4096, DataBlockSize = 65536;

    public const uint SuperblockSalt = 160774, NodeSalt = 121107;

    public byte[] Bytes { get; } = new byte[blocks * BlockSize];

    public MemoryDevice Device => new(Bytes);

    public Span<byte> Block(long number) => Bytes.AsSpan((int)number * BlockSize, BlockSize);

    public ThinMetadata Superblock(long mappingRoot, long detailsRoot, long transaction = 0, uint flags = 0, long dataBlocks = 16)
    {
        Span<byte> block = Block(0);
        block.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], flags);
        BinaryPrimitives.WriteInt64LittleEndian(block[32..], 27022010);
        BinaryPrimitives.WriteInt32LittleEndian(block[40..], 2);
        BinaryPrimitives.WriteInt64LittleEndian(block[48..], transaction);
        BinaryPrimitives.WriteInt64LittleEndian(block[64..], dataBlocks);
        BinaryPrimitives.WriteInt64LittleEndian(block[72..], dataBlocks / 2);
        BinaryPrimitives.WriteInt64LittleEndian(block[192..], Bytes.Length / BlockSize);
        BinaryPrimitives.WriteInt64LittleEndian(block[200..], 5);
        BinaryPrimitives.WriteInt64LittleEndian(block[320..], mappingRoot);
        BinaryPrimitives.WriteInt64LittleEndian(block[328..], detailsRoot);
        BinaryPrimitives.WriteInt32LittleEndian(block[336..], DataBlockSize / 512);
        BinaryPrimitives.WriteInt32LittleEndian(block[340..], BlockSize / 512);
        BinaryPrimitives.WriteInt64LittleEndian(block[344..], Bytes.Length / BlockSize);
        return Seal(0, SuperblockSalt);
    }

    /// <summary>A leaf whose values are numbers: the roots of devices, or mappings.</summary>
    public ThinMetadata Leaf(long number, params (long Key, long Value)[] entries) => Node(number, 2, 8, entries);

    public ThinMetadata Internal(long number, params (long Key, long Child)[] entries) => Node(number, 1, 8, entries);

    /// <summary>The leaf of details of devices with so many mapped blocks.</summary>
    public ThinMetadata Details(long number, params (long Device, long Mapped)[] entries) => Node(number, 2, 24, entries);

    /// <summary>The value of a mapping to this data block.</summary>
    public static long To(long dataBlock, int time = 0) => (dataBlock << 24) | (uint)time;

    public ThinMetadata Seal(long number, uint salt = NodeSalt)
    {
        Span<byte> block = Block(number);
        BinaryPrimitives.WriteUInt32LittleEndian(block, Checksums.Crc32C(~0u, block[4..]) ^ salt);
        return this;
    }

    private ThinMetadata Node(long number, uint flags, int valueSize, (long Key, long Value)[] entries)
    {
        Span<byte> block = Block(number);
        int most = (BlockSize - 32) / (8 + valueSize) / 3 * 3;
        block.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], flags);
        BinaryPrimitives.WriteInt64LittleEndian(block[8..], number);
        BinaryPrimitives.WriteInt32LittleEndian(block[16..], entries.Length);
        BinaryPrimitives.WriteInt32LittleEndian(block[20..], most);
        BinaryPrimitives.WriteInt32LittleEndian(block[24..], valueSize);
        for (int i = 0; i < entries.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(block[(32 + (8 * i))..], entries[i].Key);
            BinaryPrimitives.WriteInt64LittleEndian(block[(32 + (8 * most) + (valueSize * i))..], entries[i].Value);
        }
        return Seal(number);
    }
}
