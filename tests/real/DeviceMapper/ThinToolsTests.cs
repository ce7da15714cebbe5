using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Jumpbag.Storage;
using Jumpbag.Storage.DeviceMapper;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.DeviceMapper;

/// <summary>Random maps that thin_restore writes and thin_check approves, up to four levels deep: every mapping is read as it was written.</summary>
public sealed class ThinToolsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, 128, 3, 200, 60)]
    [InlineData(2, 384, 40, 60, 300)]
    [InlineData(3, 2048, 2, 3, 1)]
    [InlineData(4, 128, 2, 120_000, 1)]
    public void every_mapping_is_read_as_it_was_written(int seed, int sectors, int devices, int runs, int longest)
    {
        Require.Tool("thin_restore");
        var random = new Random(seed);
        var maps = new SortedDictionary<int, List<(long Block, long Data, int Count)>>();
        long data = 1;
        for (int i = 0; i < devices; i++)
            maps[random.Next(1, 1 << 24)] = RandomMap(random, runs, longest, ref data);
        string xml = Write(maps, sectors, data + 1), metadata = folder.File("metadata");
        using (FileStream file = File.Create(metadata))
            file.SetLength(64 << 20);
        Shell.Run("thin_restore", "-i", xml, "-o", metadata);
        Shell.Run("thin_check", metadata);

        using FileSource source = FileSource.Open(metadata);
        long size = sectors * 512L;
        ThinPool pool = ThinPool.Open(source, new CountingDevice((data + 1) * size));
        Assert.Equal(maps.Values.Sum(map => map.Sum(run => (long)run.Count)) * size, pool.DataUsage.Used);
        foreach ((int id, List<(long Block, long Data, int Count)> map) in maps)
        {
            Assert.Equal(map.Sum(run => (long)run.Count) * size, pool.MappedBytes(id));
            long length = (map[^1].Block + map[^1].Count + 7) * size;
            ThinDevice device = pool.OpenDevice(id, length, null);
            // Whole, as extents.
            var found = device.Extents(0, length).Where(extent => extent.Kind != ExtentKind.Hole).ToList();
            Assert.All(found, extent => Assert.Equal(ExtentKind.Computed, extent.Kind));
            Assert.Equal(map.Sum(run => (long)run.Count) * size, found.Sum(extent => extent.Length));
            // At the edges of runs, and beside them.
            foreach ((long block, long to, int count) in map.Count > 5000 ? map.Where((_, index) => index % 50 == seed) : map)
            {
                AssertBlock(device, block, to, size);
                AssertBlock(device, block + count - 1, to + count - 1, size);
            }
            for (int i = 0; i < 500; i++)
            {
                long block = random.NextInt64(length / size);
                int at = map.FindLastIndex(run => run.Block <= block);
                AssertBlock(device, block, at >= 0 && block < map[at].Block + map[at].Count ? map[at].Data + (block - map[at].Block) : null, size);
            }
        }
    }

    private static void AssertBlock(ThinDevice device, long block, long? expected, long size)
    {
        Span<byte> bytes = stackalloc byte[16];
        device.Read((block * size) + size - 16, bytes);
        Assert.Equal(expected is { } data ? (data * size) + size - 8 : 0, BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]));
    }

    /// <summary>Ascending, with gaps between most runs; what follows in the device does not always follow in the data.</summary>
    private static List<(long Block, long Data, int Count)> RandomMap(Random random, int runs, int longest, ref long data)
    {
        var map = new List<(long, long, int)>();
        long block = random.Next(3);
        for (int i = 0; i < runs; i++)
        {
            int count = random.Next(1, longest + 1);
            map.Add((block, data, count));
            data += count + (random.Next(4) == 0 ? random.Next(1, 3) : 0);
            block += count + (random.Next(3) == 0 ? 0 : random.NextInt64(1, 1L << random.Next(1, runs > 1000 ? 12 : 40)));
        }
        return map;
    }

    private string Write(SortedDictionary<int, List<(long Block, long Data, int Count)>> maps, int sectors, long dataBlocks)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<superblock uuid=\"\" time=\"9\" transaction=\"5\" flags=\"0\" version=\"2\" data_block_size=\"{sectors}\" nr_data_blocks=\"{dataBlocks}\">\n");
        foreach ((int id, List<(long Block, long Data, int Count)> map) in maps)
        {
            text.Append(CultureInfo.InvariantCulture, $"<device dev_id=\"{id}\" mapped_blocks=\"{map.Sum(run => (long)run.Count)}\" transaction=\"0\" creation_time=\"0\" snap_time=\"3\">\n");
            foreach ((long block, long data, int count) in map)
                text.Append(CultureInfo.InvariantCulture, $"<range_mapping origin_begin=\"{block}\" data_begin=\"{data}\" length=\"{count}\" time=\"{block % 4}\"/>\n");
            text.Append("</device>\n");
        }
        File.WriteAllText(folder.File("xml"), text.Append("</superblock>\n").ToString());
        return folder.File("xml");
    }

    /// <summary>Every 8 bytes are their own offset.</summary>
    private sealed class CountingDevice(long length) : BlockDevice
    {
        public override long Length => length;

        public override void Read(long offset, Span<byte> destination)
        {
            for (int i = 0; i < destination.Length; i += 8)
                BinaryPrimitives.WriteInt64LittleEndian(destination[i..], offset + i);
        }

        public override IEnumerable<Extent> Extents(long offset, long length) => [new(offset, length, ExtentKind.Computed)];
    }
}
