using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit;

public sealed class BlockOverlayTests
{
    private const int BlockSize = 1024;

    [Fact]
    public void any_range_reads_as_if_the_blocks_had_been_written()
    {
        var random = new Random(7);
        for (int round = 0; round < 200; round++)
        {
            int count = random.Next(1, 24);
            byte[] lower = new byte[count * BlockSize], upper = new byte[40 * BlockSize];
            random.NextBytes(lower);
            random.NextBytes(upper);
            long[] blocks = [.. Enumerable.Range(0, count + 2).Where(_ => random.Next(3) == 0).Select(b => (long)b)];
            long[] offsets = [.. blocks.Select(_ => (long)random.Next(39 * BlockSize))];
            // Replaced blocks behind the end, as in a truncated image; what is between stays unreadable.
            blocks = [.. blocks.Where(b => b < count)];
            byte[] expected = [.. lower];
            for (int i = 0; i < blocks.Length; i++)
                upper.AsSpan((int)offsets[i], BlockSize).CopyTo(expected.AsSpan((int)blocks[i] * BlockSize));
            var overlay = new BlockOverlay(new MemoryDevice(lower), new MemoryDevice(upper), BlockSize, blocks, offsets[..blocks.Length]);
            for (int read = 0; read < 50; read++)
            {
                int from = random.Next(lower.Length), length = random.Next(lower.Length - from + 1);
                byte[] found = new byte[length];
                overlay.Read(from, found);
                Assert.Equal(expected[from..(from + length)], found);
                AssertCovers(overlay, from, length);
            }
        }
    }

    [Fact]
    public void a_replaced_block_can_be_read_where_the_disk_cannot()
    {
        var lower = new MemoryDevice(new byte[4 * BlockSize]) { Bad = { (BlockSize, 2 * BlockSize) } };
        byte[] upper = new byte[BlockSize];
        upper.AsSpan().Fill(9);
        var overlay = new BlockOverlay(lower, new MemoryDevice(upper), BlockSize, [1, 7], [0, 0]);
        byte[] found = new byte[BlockSize];
        overlay.Read(BlockSize, found);
        Assert.Equal(upper, found);
        overlay.Read(7 * BlockSize, found);
        Assert.Equal(upper, found);
        UnreadableException behind = Assert.Throws<UnreadableException>(() => overlay.Read(5 * BlockSize, found));
        Assert.Equal(5 * BlockSize, behind.Offset);
    }

    [Fact]
    public void a_bad_sector_of_the_journal_is_told_in_bytes_of_the_device()
    {
        var upper = new MemoryDevice(new byte[4 * BlockSize]) { Bad = { (2 * BlockSize + 512, 3 * BlockSize) } };
        var overlay = new BlockOverlay(new MemoryDevice(new byte[8 * BlockSize]), upper, BlockSize, [5], [2 * BlockSize]);
        UnreadableException bad = Assert.Throws<UnreadableException>(() => overlay.Read(0, new byte[8 * BlockSize]));
        Assert.Equal((5 * BlockSize + 512, 512), (bad.Offset, bad.Length));
    }

    private static void AssertCovers(BlockDevice device, long offset, long length)
    {
        long at = offset;
        foreach (Extent extent in device.Extents(offset, length))
        {
            Assert.Equal(at, extent.Offset);
            Assert.True(extent.Length > 0);
            at += extent.Length;
        }
        Assert.Equal(offset + length, at);
    }
}
