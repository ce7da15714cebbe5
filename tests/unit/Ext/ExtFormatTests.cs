using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.FileSystems.Ext;
using Jumpbag.FileSystems.Ext.Format;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Ext;

public class ExtFormatTests
{
    [Theory]
    [InlineData(0x38, 2, 0)]
    [InlineData(0x18, 4, 7)]
    [InlineData(0x14, 4, 2)]
    [InlineData(0x20, 4, 0)]
    [InlineData(0x20, 4, 8193)]
    [InlineData(0x28, 4, 0)]
    [InlineData(0x58, 2, 64)]
    [InlineData(0x58, 2, 200)]
    [InlineData(0x58, 2, 2048)]
    [InlineData(0x4, 4, 1)]
    [InlineData(0x0, 4, 33)]
    public void a_superblock_that_contradicts_itself_is_corrupt(int offset, int width, int value)
    {
        byte[] data = Superblock();
        Assert.Equal(1024, ExtSuperblock.Parse(data).BlockSize);
        BitConverter.GetBytes(value).AsSpan(0, width).CopyTo(data.AsSpan(offset));
        Assert.Throws<CorruptException>(() => ExtSuperblock.Parse(data));
    }

    [Fact]
    public void nothing_is_found_on_an_empty_device() =>
        Assert.Null(ExtFileSystem.TryOpen(new MemoryDevice(new byte[1 << 20]), new ExtOpenOptions()));

    [Fact]
    public void a_device_of_a_few_bytes_holds_no_filesystem() =>
        Assert.Null(ExtFileSystem.TryOpen(new MemoryDevice(new byte[1500]), new ExtOpenOptions()));

    [Theory]
    [InlineData(0x8000, 0x8000u, false)]
    [InlineData(0x8001, 1u, true)]
    [InlineData(0xFFFF, 0x7FFFu, true)]
    [InlineData(1, 1u, false)]
    public void an_extent_longer_than_32768_blocks_is_an_unwritten_one(int length, uint expected, bool unwritten)
    {
        byte[] data = new byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(4), (ushort)length);
        data[6] = 1;
        ExtExtentLeaf leaf = ExtExtentLeaf.Parse(data);
        Assert.Equal((expected, unwritten, 1UL << 32), (leaf.Length, leaf.Unwritten, leaf.Start));
    }

    [Theory]
    [InlineData(3, 4, 0)]
    [InlineData(5, 4, 0)]
    [InlineData(1, 400, 0)]
    [InlineData(1, 4, 6)]
    public void an_extent_node_that_claims_too_much_is_corrupt(int entries, int max, int depth)
    {
        byte[] node = new byte[60];
        BinaryPrimitives.WriteUInt16LittleEndian(node, ExtExtentHeader.Magic);
        (node[2], node[6]) = ((byte)entries, (byte)depth);
        BinaryPrimitives.WriteUInt16LittleEndian(node.AsSpan(4), (ushort)max);
        if (entries == 3)
            Assert.Equal(new ExtExtentHeader(3, 4, 0), ExtExtentHeader.Parse(node));
        else
            Assert.Throws<CorruptException>(() => ExtExtentHeader.Parse(node));
    }

    [Theory]
    [InlineData(1024, 1024, 1024)]
    [InlineData(65536, 65535, 65536)]
    [InlineData(65536, 0, 65536)]
    [InlineData(65536, 65532, 65532)]
    [InlineData(65536, 12, 12)]
    public void record_lengths_of_64_KiB_are_written_as_65535_or_0(int blockSize, int written, int length)
    {
        byte[] data = new byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(4), (ushort)written);
        Assert.Equal(length, ExtDirectoryRecord.Parse(data, blockSize, hasFileType: true).Length);
    }

    [Theory]
    [InlineData("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    public void sha256_gives_the_digests_of_its_standard(string text, string digest) =>
        Assert.Equal(digest, Convert.ToHexStringLower(Sha256.Hash(System.Text.Encoding.ASCII.GetBytes(text))));

    [Fact]
    public void sha256_agrees_with_the_system_for_every_length()
    {
        byte[] data = [.. Enumerable.Range(0, 300).Select(i => (byte)(i * 31))];
        for (int length = 0; length <= data.Length; length++)
            Assert.Equal(System.Security.Cryptography.SHA256.HashData(data.AsSpan(0, length)), Sha256.Hash(data.AsSpan(0, length)));
    }

    /// <summary>4096 blocks of 1 KiB in one group of 32 inodes.</summary>
    private static byte[] Superblock()
    {
        byte[] data = new byte[1024];
        foreach ((int offset, uint value) in new (int, uint)[]
        {
            (0x0, 32), (0x4, 4096), (0x14, 1), (0x20, 8192), (0x24, 8192), (0x28, 32), (0x38, ExtSuperblock.Magic), (0x4C, 1), (0x54, 11), (0x58, 256),
        })
            BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(offset), value);
        return data;
    }
}
