using System.Buffers.Binary;
using CsCheck;
using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.DeviceMapper;
using Jumpbag.Tests.Support;
using static Jumpbag.Tests.Support.ThinMetadata;

namespace Jumpbag.Tests.Unit.DeviceMapper;

public class ThinPoolTests
{
    private const int Size = DataBlockSize;

    private static readonly MemoryDevice Data = Pattern(16 * Size + 1000);

    private static MemoryDevice Pattern(int length)
    {
        var bytes = new byte[length];
        for (int i = 0; i < length; i++)
            bytes[i] = (byte)((i / 512 * 7) + (i / Size) + (i % 512));
        return new(bytes);
    }

    /// <summary>Two devices: 1 in one leaf, 2 below an internal node; in block 9 and below nothing is in use.</summary>
    private static ThinMetadata Sound() => new ThinMetadata(16)
        .Superblock(1, 2).Leaf(1, (1, 3), (2, 4)).Details(2, (1, 5), (2, 7))
        .Leaf(3, (0, To(3)), (1, To(4, 77)), (2, To(5)), (5, To(6)), (6, To(2)))
        .Internal(4, (2, 5), (10, 6), (20, 7))
        .Leaf(5, (2, To(0)), (3, To(1))).Leaf(6, (11, To(7)), (12, To(8)), (19, To(9))).Leaf(7, (20, To(10)), (40, To(15)));

    private static ThinDevice Open(ThinMetadata metadata, long device, int blocks = 64, BlockDevice? origin = null, int extra = 0) =>
        ThinPool.Open(metadata.Device, Data).OpenDevice(device, (blocks * (long)Size) + extra, origin);

    private static string Map(ThinDevice device) => string.Join(' ', device.Extents(0, device.Length).Select(extent =>
        $"{extent.Offset / (double)Size:0.##}+{extent.Length / (double)Size:0.##}{(extent.Kind == ExtentKind.Computed ? "=" : extent.Kind == ExtentKind.Hole ? "0" : "!")}"));

    private static void AssertBlock(ThinDevice device, long block, long? dataBlock)
    {
        byte[] expected = dataBlock is { } place ? Data.Bytes[(int)(place * Size)..(int)((place + 1) * Size)] : new byte[Size], read = new byte[Size];
        device.Read(block * Size, read);
        Assert.Equal(expected, read);
    }

    [Fact]
    public void blocks_are_read_where_the_map_says_and_the_rest_is_a_hole()
    {
        ThinDevice device = Open(Sound(), 1, 8, extra: 512);
        Assert.Equal("0+3= 3+20 5+2= 7+1.010", Map(device));
        foreach ((long block, long? place) in new (long, long?)[] { (0, 3), (1, 4), (2, 5), (3, null), (4, null), (5, 6), (6, 2), (7, null) })
            AssertBlock(device, block, place);
        var across = new byte[3 * Size];
        device.Read(Size + 100, across);
        Assert.Equal([.. Data.Bytes[(4 * Size + 100)..(6 * Size)], .. new byte[Size + 100]], across);
        Assert.Throws<UnreadableException>(() => device.Read(device.Length - 10, new byte[11]));
    }

    [Fact]
    public void a_deeper_map_is_read_by_its_internal_nodes()
    {
        ThinDevice device = Open(Sound(), 2);
        Assert.Equal("0+20 2+2= 4+70 11+2= 13+60 19+2= 21+190 40+1= 41+230", Map(device));
        foreach ((long block, long? place) in new (long, long?)[] { (0, null), (2, 0), (3, 1), (10, null), (11, 7), (12, 8), (19, 9), (20, 10), (40, 15), (63, null) })
            AssertBlock(device, block, place);
    }

    /// <summary>Whatever was read before: which leaf was met last must make no difference, nor which of them is damaged.</summary>
    [Fact]
    public void every_block_is_where_a_plain_table_says_in_whatever_order_blocks_are_read() => Gen.Select(
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 15]).Array[1, 40], Gen.Int[1, 8], Gen.Int[0, 12], Gen.Select(Gen.Int[0, 160 * Size], Gen.Int[0, 3 * Size]).Array[1, 12])
        .Sample((steps, leafSize, damaged, reads) =>
    {
        var entries = new List<(long Key, long Value)>();
        long key = -1;
        foreach ((int gap, int place) in steps)
            entries.Add((key += gap + 1, To(place)));
        (long, long)[][] leaves = [.. entries.Chunk(leafSize)];
        ThinMetadata metadata = new ThinMetadata(64).Superblock(1, 2).Leaf(1, (1, 3)).Details(2, (1, 5))
            .Internal(3, [.. leaves.Select((leaf, n) => (leaf[0].Item1, n + 4L))]);
        for (int n = 0; n < leaves.Length; n++)
            metadata.Leaf(n + 4, leaves[n]);
        // Of a damaged leaf nothing is known up to where the next one begins.
        long lostFrom = long.MaxValue, lostTo = long.MaxValue;
        if (damaged < leaves.Length)
        {
            metadata.Block(damaged + 4)[200] ^= 1;
            lostFrom = leaves[damaged][0].Item1;
            lostTo = damaged + 1 < leaves.Length ? leaves[damaged + 1][0].Item1 : long.MaxValue;
        }
        ThinDevice device = ThinPool.Open(metadata.Device, Data).OpenDevice(1, 200L * Size, null);
        Dictionary<long, int> table = entries.ToDictionary(entry => entry.Key, entry => (int)(entry.Value >> 24) * Size);
        foreach ((int offset, int length) in reads)
        {
            var read = new byte[length];
            if (length > 0 && offset / Size < lostTo && (offset + length - 1) / Size >= lostFrom)
            {
                var failure = Assert.Throws<UnreadableException>(() => device.Read(offset, read));
                Assert.Equal(Math.Max(offset, lostFrom * Size), failure.Offset);
                continue;
            }
            device.Read(offset, read);
            for (int i = 0; i < length; i++)
                if (read[i] != (table.TryGetValue((offset + i) / Size, out int place) ? Data.Bytes[place + ((offset + i) % Size)] : 0))
                    Assert.Fail($"byte {offset + i} is {read[i]}");
        }
    }, iter: 300);

    [Fact]
    public void the_usage_is_that_of_the_space_maps_and_the_details()
    {
        ThinPool pool = ThinPool.Open(Sound().Device, Data);
        Assert.Equal((8L * Size, 16L * Size), pool.DataUsage);
        // 16 blocks: the kernel sets one aside.
        Assert.Equal((6L * 4096, 16L * 4096), pool.MetadataUsage);
        Assert.Equal((5L * Size, 7L * Size), (pool.MappedBytes(1), pool.MappedBytes(2)));
    }

    [Fact]
    public void an_external_origin_shows_through_as_far_as_it_reaches()
    {
        MemoryDevice origin = Pattern(4 * Size + 3000);
        ThinDevice device = Open(Sound(), 1, 8, origin);
        Assert.Equal("0+4.05= 4.05+0.950 5+2= 7+10", Map(device));
        var read = new byte[3 * Size];
        device.Read(2 * Size, read);
        Assert.Equal([.. Data.Bytes[(5 * Size)..(6 * Size)], .. origin.Bytes[(3 * Size)..], .. new byte[Size - 3000]], read);
    }

    [Fact]
    public void a_damaged_leaf_makes_its_own_range_unreadable_and_no_more()
    {
        ThinMetadata metadata = Sound();
        metadata.Block(6)[100] ^= 1;
        ThinDevice device = Open(metadata, 2);
        Assert.Equal("0+20 2+2= 4+60 10+10! 20+1= 21+190 40+1= 41+230", Map(device));
        AssertBlock(device, 3, 1);
        AssertBlock(device, 20, 10);
        var failure = Assert.Throws<UnreadableException>(() => device.Read(9 * Size, new byte[3 * Size]));
        Assert.Equal(10 * Size, failure.Offset);
        Assert.Contains("the map of thin device 2: block 6 of the pool's metadata: its checksum is", failure.Reason);
    }

    [Fact]
    public void a_leaf_that_cannot_be_read_makes_its_own_range_unreadable()
    {
        MemoryDevice metadata = Sound().Device;
        metadata.Bad.Add((5 * 4096 + 512, 5 * 4096 + 1024));
        ThinDevice device = ThinPool.Open(metadata, Data).OpenDevice(2, 64L * Size, null);
        Assert.Equal("0+20 2+8! 10+10 11+2= 13+60 19+2= 21+190 40+1= 41+230", Map(device));
    }

    public static TheoryData<string> Misplaced => ["itself", "its parent", "a leaf twice", "keys of another range", "an empty leaf", "another value size", "beyond the end", "the superblock"];

    [Theory]
    [MemberData(nameof(Misplaced))]
    public void a_node_that_does_not_belong_where_it_is_makes_its_range_unreadable(string what)
    {
        ThinMetadata metadata = Sound();
        _ = what switch
        {
            "itself" => metadata.Internal(6, (10, 6)),
            "its parent" => metadata.Internal(4, (2, 5), (10, 4), (20, 7)),
            "a leaf twice" => metadata.Internal(4, (2, 5), (10, 7), (20, 7)),
            "keys of another range" => metadata.Leaf(6, (11, To(7)), (20, To(8))),
            "an empty leaf" => metadata.Leaf(6),
            "another value size" => metadata.Details(6, (11, To(7))),
            "beyond the end" => metadata.Internal(4, (2, 5), (10, 16), (20, 7)),
            _ => metadata.Internal(4, (2, 5), (10, 0), (20, 7)),
        };
        Assert.Equal("0+20 2+2= 4+60 10+10! 20+1= 21+190 40+1= 41+230", Map(Open(metadata, 2)));
    }

    [Fact]
    public void a_mapping_to_a_block_that_is_not_there_makes_one_block_unreadable()
    {
        // The data ends within block 16.
        ThinMetadata metadata = Sound().Leaf(3, (0, To(15)), (1, To(16)), (2, To(1L << 39)), (3, To(1)));
        Assert.Equal("0+1= 1+2! 3+1= 4+40", string.Join(' ', Map(Open(metadata, 1, 8)).Replace("1+1! 2+1!", "1+2!")));
    }

    [Fact]
    public void damage_on_the_way_to_a_device_is_corruption_of_that_device_only()
    {
        ThinMetadata metadata = Sound().Internal(1, (1, 8), (2, 9)).Leaf(8, (1, 3)).Leaf(9, (2, 4));
        metadata.Block(9)[4000] ^= 1;
        metadata.Block(2)[200] ^= 1;
        ThinPool pool = ThinPool.Open(metadata.Device, Data);
        Assert.Equal("0+3= 3+20 5+2= 7+10", Map(pool.OpenDevice(1, 8L * Size, null)));
        Assert.Contains("checksum", Assert.Throws<CorruptException>(() => pool.OpenDevice(2, Size, null)).Message);
        Assert.Contains("no device 3", Assert.Throws<CorruptException>(() => ThinPool.Open(Sound().Device, Data).OpenDevice(3, Size, null)).Message);
        Assert.Contains("details", Assert.Throws<CorruptException>(() => pool.MappedBytes(1)).Message);
    }

    [Theory]
    [InlineData(32, "magic")]
    [InlineData(0, "checksum")]
    [InlineData(8, "block 1")]
    [InlineData(336, "data blocks of 129 sectors")]
    public void a_superblock_that_makes_no_sense_is_corrupt(int at, string expected)
    {
        ThinMetadata metadata = Sound();
        metadata.Block(0)[at] ^= 1;
        if (expected != "checksum")
            metadata.Seal(0, SuperblockSalt);
        Assert.Contains(expected, Assert.Throws<CorruptException>(() => ThinPool.Open(metadata.Device, Data)).Message);
    }

    [Theory]
    [InlineData(360, 1)]
    [InlineData(40, 3)]
    [InlineData(340, 16)]
    public void a_superblock_with_unknown_features_is_refused(int at, int value)
    {
        ThinMetadata metadata = Sound();
        BinaryPrimitives.WriteInt32LittleEndian(metadata.Block(0)[at..], value);
        metadata.Seal(0, SuperblockSalt);
        Assert.Throws<UnsupportedException>(() => ThinPool.Open(metadata.Device, Data));
    }

    [Fact]
    public void an_empty_device_of_the_largest_size_is_one_hole()
    {
        ThinDevice device = ThinPool.Open(Sound().Leaf(3).Device, Data).OpenDevice(1, long.MaxValue, null);
        Extent hole = Assert.Single(device.Extents(0, long.MaxValue));
        Assert.Equal((ExtentKind.Hole, long.MaxValue), (hole.Kind, hole.Length));
        device.Read(long.MaxValue - 4096, new byte[4096]);
    }

    [Fact]
    public void many_pools_do_not_take_each_others_nodes_from_the_cache()
    {
        var devices = new List<ThinDevice>();
        for (int i = 0; i < 40; i++)
            devices.Add(Open(Sound().Leaf(3, (0, To(i % 16))), 1));
        Parallel.For(0, 4000, n => AssertBlock(devices[n * 7 % 40], 0, n * 7 % 40 % 16));
    }
}
