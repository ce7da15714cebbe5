using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Journal.Format;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit;

/// <summary>Writes jbd2 journals block by block, in any form and with any mistake.</summary>
internal sealed class JournalBuilder
{
    public const int BlockSize = 1024;
    private const uint First = 1;

    private readonly byte[] bytes;
    private readonly JournalFeatures features;
    private readonly bool transactionSums;
    private readonly uint seed;
    private readonly uint length;
    private uint position;
    private uint crc = ~0u;

    /// <param name="length">In blocks.</param>
    /// <param name="start">Where the log begins.</param>
    public JournalBuilder(JournalFeatures features = JournalFeatures.None, bool transactionSums = false, uint sequence = 1,
        uint length = 64, uint start = First)
    {
        this.features = features;
        this.transactionSums = transactionSums;
        this.length = length;
        Sequence = sequence;
        position = start;
        bytes = new byte[length * BlockSize];
        new Random(1).NextBytes(bytes.AsSpan(0x30, 16));
        Span<byte> sb = bytes;
        Put(sb, 0x00, 0xC03B3998, 4, 0, BlockSize, length, First, sequence, start);
        Put(sb, 0x24, transactionSums ? 1u : 0, (uint)features, 0);
        bytes[0x50] = 4;
        seed = Checksums.Crc32C(~0u, sb.Slice(0x30, 16));
        Sign();
    }

    public uint Sequence { get; private set; }

    public ulong CommitSeconds { get; set; } = 1000;

    public byte[] Bytes => bytes;

    public MemoryDevice Device => new(bytes);

    public uint Position => position;

    private bool Sums => (features & (JournalFeatures.ChecksumV2 | JournalFeatures.ChecksumV3)) != 0;

    /// <summary>Sets a field of the superblock.</summary>
    public JournalBuilder Set(int offset, uint value)
    {
        Put(bytes, offset, value);
        Sign();
        return this;
    }

    /// <summary>A descriptor with copies of blocks, each filled with one byte value (or escaped, where it is 0xC0).</summary>
    public JournalBuilder Blocks(params (ulong Block, byte Fill)[] copies)
    {
        byte[] descriptor = Header(1);
        bool v3 = (features & JournalFeatures.ChecksumV3) != 0, v2 = (features & JournalFeatures.ChecksumV2) != 0;
        bool wide = (features & JournalFeatures.Bits64) != 0;
        int size = v3 ? 16 : 8 + (wide ? 4 : 0) + (v2 ? 2 : 0), at = 12;
        var contents = new List<byte[]>();
        for (int i = 0; i < copies.Length; i++)
        {
            (ulong block, byte fill) = copies[i];
            byte[] content = Filled(fill);
            uint flags = (i > 0 ? 2u : 0) | (i == copies.Length - 1 ? 8u : 0);
            if (BinaryPrimitives.ReadUInt32BigEndian(content) == 0xC03B3998)
            {
                flags |= 1;
                content.AsSpan(0, 4).Clear();
            }
            byte[] number = new byte[4];
            Put(number, 0, Sequence);
            uint sum = Checksums.Crc32C(Checksums.Crc32C(seed, number), content);
            Put(descriptor, at, (uint)block);
            if (v3)
                Put(descriptor, at + 4, flags, (uint)(block >> 32), sum);
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(descriptor.AsSpan(at + 4), v2 ? (ushort)sum : (ushort)0);
                BinaryPrimitives.WriteUInt16BigEndian(descriptor.AsSpan(at + 6), (ushort)flags);
                if (wide)
                    Put(descriptor, at + 8, (uint)(block >> 32));
            }
            at += size + (i > 0 ? 0 : 16);
            contents.Add(content);
        }
        Tail(descriptor);
        crc = Checksums.Crc32BigEndian(crc, descriptor);
        Append(descriptor);
        foreach (byte[] content in contents)
        {
            crc = Checksums.Crc32BigEndian(crc, content);
            Append(content);
        }
        return this;
    }

    public JournalBuilder Revoke(params ulong[] blocks)
    {
        byte[] block = Header(5);
        int size = (features & JournalFeatures.Bits64) != 0 ? 8 : 4;
        Put(block, 12, (uint)(16 + blocks.Length * size));
        for (int i = 0; i < blocks.Length; i++)
            if (size == 8)
                BinaryPrimitives.WriteUInt64BigEndian(block.AsSpan(16 + i * 8), blocks[i]);
            else
                Put(block, 16 + i * 4, (uint)blocks[i]);
        Tail(block);
        Append(block);
        return this;
    }

    public JournalBuilder Commit()
    {
        byte[] block = Header(2);
        BinaryPrimitives.WriteUInt64BigEndian(block.AsSpan(0x30), CommitSeconds++);
        if (transactionSums)
        {
            (block[12], block[13]) = (1, 4);
            Put(block, 16, crc);
        }
        else if (Sums)
        {
            Put(block, 16, Checksums.Crc32C(seed, block));
        }
        crc = ~0u;
        Append(block);
        Sequence++;
        return this;
    }

    /// <summary>Flips a bit of the block that was written last.</summary>
    public JournalBuilder Damage(int offset = 500)
    {
        uint last = position == First ? length - 1 : position - 1;
        bytes[last * BlockSize + offset] ^= 1;
        return this;
    }

    public static byte[] Filled(byte fill)
    {
        byte[] content = new byte[BlockSize];
        Array.Fill(content, fill);
        if (fill == 0xC0)
            Put(content, 0, 0xC03B3998);
        return content;
    }

    private byte[] Header(uint type)
    {
        byte[] block = new byte[BlockSize];
        Put(block, 0, 0xC03B3998, type, Sequence);
        return block;
    }

    private void Append(byte[] block)
    {
        block.CopyTo(bytes.AsSpan((int)position * BlockSize));
        position = position + 1 < length ? position + 1 : First;
    }

    private void Tail(byte[] block)
    {
        if (Sums)
            Put(block, BlockSize - 4, Checksums.Crc32C(seed, block));
    }

    private void Sign()
    {
        Put(bytes, 0xFC, 0);
        if (Sums)
            Put(bytes, 0xFC, Checksums.Crc32C(~0u, bytes.AsSpan(0, 1024)));
    }

    private static void Put(Span<byte> bytes, int offset, params ReadOnlySpan<uint> values)
    {
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes[(offset + i * 4)..], values[i]);
    }
}
