using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Overlays;
using Jumpbag.Storage.Overlays.Format;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Overlays;

/// <summary>The overlay against an array of bytes that is written to in the same way.</summary>
public sealed class OverlayTests : IDisposable
{
    private const int Block = 4096;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, 40 * Block)]
    [InlineData(2, 40 * Block + 512)]
    [InlineData(3, 700 * Block + 1536)]
    [InlineData(4, 3 * Block + 100)]
    public void what_was_written_is_read_also_after_it_was_opened_again(int seed, int length)
    {
        var random = new Random(seed);
        byte[] model = Noise(random, length), original = [.. model];
        var lower = new MemoryDevice([.. model]);
        string path = folder.File("o");
        using (OverlayFile file = OverlayFile.Create(path, Header(lower)))
        {
            var device = new OverlayDevice(lower, file);
            for (int i = 0; i < 300; i++)
            {
                Change(random, device, model);
                AssertSame(random, device, model);
            }
            device.Flush();
        }
        Assert.Equal(original, lower.Bytes);
        using OverlayFile again = OverlayFile.Open(path, writable: true);
        OverlayBase.Check(again, lower, length, "x");
        var reopened = new OverlayDevice(lower, again);
        Assert.Equal(model, Read(reopened, 0, length));
        for (int i = 0; i < 100; i++)
            Change(random, reopened, model);
        Assert.Equal(model, Read(reopened, 0, length));
        Assert.Equal(original, lower.Bytes);
    }

    [Fact]
    public void extents_tell_the_changed_blocks_as_computed_and_cover_the_range()
    {
        var lower = new ZeroDevice(100 * Block);
        using OverlayFile file = OverlayFile.Create(folder.File("o"), Header(lower));
        var device = new OverlayDevice(lower, file);
        device.Write(Block * 3 + 10, [1]);
        device.Write(Block * 4, [1]);
        device.Write(Block * 90, [1]);
        Extent[] extents = [.. device.Extents(100, 95 * Block)];
        Assert.Equal([(100, Block * 3 - 100, ExtentKind.Hole), (Block * 3, Block * 2, ExtentKind.Computed), (Block * 5, Block * 85, ExtentKind.Hole),
            (Block * 90, Block, ExtentKind.Computed), (Block * 91, Block * 4 + 100, ExtentKind.Hole)], extents.Select(extent => (extent.Offset, extent.Length, extent.Kind)));
    }

    [Fact]
    public void bytes_that_are_there_already_take_no_space()
    {
        byte[] bytes = Noise(new(5), 20 * Block);
        var lower = new MemoryDevice(bytes);
        using OverlayFile file = OverlayFile.Create(folder.File("o"), Header(lower));
        var device = new OverlayDevice(lower, file);
        device.Write(100, bytes.AsSpan(100, 10 * Block));
        Assert.Equal(0, file.Blocks);
        var zeros = new ZeroDevice(1L << 40);
        using OverlayFile huge = OverlayFile.Create(folder.File("z"), Header(zeros));
        new OverlayDevice(zeros, huge).Zero(0, 1L << 32);
        Assert.Equal(0, huge.Blocks);
    }

    [Fact]
    public void where_the_device_cannot_be_read_what_is_written_can()
    {
        byte[] bytes = Noise(new(6), 8 * Block);
        var lower = new MemoryDevice(bytes);
        lower.Bad.Add((Block + 512, Block + 1024));
        string path = folder.File("o");
        using (OverlayFile file = OverlayFile.Create(path, Header(lower)))
        {
            var device = new OverlayDevice(lower, file);
            Assert.Throws<UnreadableException>(() => Read(device, Block, Block));
            // A part of the bad sector alone cannot be completed; its neighbour can be written without it.
            Assert.Throws<UnreadableException>(() => device.Write(Block + 600, [1]));
            device.Write(Block + 1024, Enumerable.Repeat((byte)7, 512).ToArray());
            Assert.Equal(bytes[Block..(Block + 512)], Read(device, Block, 512));
            Assert.Throws<UnreadableException>(() => Read(device, Block, 513));
            Assert.All(Read(device, Block + 1024, 512), b => Assert.Equal(7, b));
            Assert.Equal(bytes[(Block + 1536)..(2 * Block)], Read(device, Block + 1536, Block - 1536));
            device.Write(Block + 512, Enumerable.Repeat((byte)9, 512).ToArray());
            Assert.Equal(9, Read(device, Block, Block)[512]);
            device.Zero(Block, Block);
            Assert.All(Read(device, Block, Block), b => Assert.Equal(0, b));
        }
        using OverlayFile again = OverlayFile.Open(path, writable: false);
        OverlayBase.Check(again, lower, bytes.Length, "x");
        Assert.All(Read(new OverlayDevice(lower, again), Block, Block), b => Assert.Equal(0, b));
    }

    /// <summary>Every write is a state; a file that was cut at any byte, as by a machine that lost power, is one of them.</summary>
    [Fact]
    public void a_file_that_was_cut_anywhere_is_as_it_was_at_some_moment_or_is_refused()
    {
        var random = new Random(7);
        byte[] model = Noise(random, 16 * Block);
        var lower = new MemoryDevice([.. model]);
        string path = folder.File("o");
        var states = new List<byte[]> { model };
        using (OverlayFile file = OverlayFile.Create(path, Header(lower)))
        {
            var device = new OverlayDevice(lower, file);
            for (int i = 0; i < 12; i++)
            {
                byte[] next = [.. states[^1]];
                int at = random.Next(15) * Block;
                random.NextBytes(next.AsSpan(at, 700));
                device.Write(at, next.AsSpan(at, 700));
                states.Add(next);
            }
        }
        byte[] whole = File.ReadAllBytes(path);
        int last = 0;
        for (int cut = 0; cut < whole.Length; cut += 509)
        {
            File.WriteAllBytes(path, whole[..cut]);
            if (cut < OverlayHeader.Size)
            {
                Assert.Throws<UnsupportedException>(() => OverlayFile.Open(path, writable: false));
                continue;
            }
            using (OverlayFile file = OverlayFile.Open(path, writable: true))
            {
                var device = new OverlayDevice(lower, file);
                int state = states.FindIndex(candidate => candidate.AsSpan().SequenceEqual(Read(device, 0, (int)lower.Length)));
                Assert.True(state >= last, $"cut at {cut}: state {state} after {last}");
                last = state;
                Assert.Equal(OverlayVerdict.Unfinished, file.Verdict);
                // And it goes on from there.
                device.Write(15 * Block, "more"u8);
            }
            using OverlayFile again = OverlayFile.Open(path, writable: false);
            Assert.Equal("more"u8.ToArray(), Read(new OverlayDevice(lower, again), 15 * Block, 4));
        }
        Assert.Equal(states.Count - 2, last);
    }

    [Fact]
    public void a_bit_that_turned_in_what_was_safe_is_told_and_never_read()
    {
        byte[] bytes = Noise(new(8), 300 * Block);
        var lower = new MemoryDevice(bytes);
        string path = folder.File("o");
        byte[] changed = [.. bytes];
        using (OverlayFile file = OverlayFile.Create(path, Header(lower)))
        {
            var device = new OverlayDevice(lower, file);
            for (int i = 0; i < 150; i++)
            {
                changed[i * 2 * Block] ^= 0x55;
                device.Write(i * 2 * Block, changed.AsSpan(i * 2 * Block, 1));
            }
            file.Conclude(OverlayVerdict.Repaired, "a test");
        }
        byte[] whole = File.ReadAllBytes(path);
        var random = new Random(9);
        for (int i = 0; i < 400; i++)
        {
            byte[] turned = [.. whole];
            int at = random.Next(turned.Length);
            turned[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, turned);
            try
            {
                using OverlayFile file = OverlayFile.Open(path, writable: false);
                var device = new OverlayDevice(lower, file);
                for (int block = 0; block < 300; block++)
                {
                    byte[] found = Read(device, block * Block, Block);
                    Assert.True(found.AsSpan().SequenceEqual(changed.AsSpan(block * Block, Block)), $"byte {at}, block {block}");
                }
            }
            catch (JumpbagException e) when (e is UnsupportedException or UnreadableException)
            {
                Assert.Contains(path, e.Message);
            }
        }
    }

    [Fact]
    public void another_image_or_a_changed_one_is_refused()
    {
        byte[] bytes = Noise(new(10), 100 * Block);
        var lower = new MemoryDevice(bytes);
        using OverlayFile file = OverlayFile.Create(folder.File("o"), Header(lower));
        var device = new OverlayDevice(lower, file);
        device.Write(50 * Block, "new"u8);
        OverlayBase.Check(file, lower, bytes.Length, "x");
        Assert.Throws<UnsupportedException>(() => OverlayBase.Check(file, new MemoryDevice(Noise(new(11), 100 * Block)), bytes.Length, "x"));
        Assert.Throws<UnsupportedException>(() => OverlayBase.Check(file, lower, bytes.Length + 512, "x"));
        Assert.Throws<UnsupportedException>(() => OverlayBase.Check(file, new MemoryDevice(bytes[..(99 * Block)]), bytes.Length, "x"));
        bytes[1000] ^= 1;
        Assert.Contains("block 0", Assert.Throws<UnsupportedException>(() => OverlayBase.Check(file, lower, bytes.Length, "x")).Message);
        bytes[1000] ^= 1;
        bytes[50 * Block + 2000] ^= 1;
        Assert.Contains("block 50", Assert.Throws<UnsupportedException>(() => new OverlayCommit(file, lower, "x").Plan()).Message);
    }

    [Fact]
    public void what_a_volume_computes_is_not_committed()
    {
        var lower = new MemoryDevice(Noise(new(12), 10 * Block));
        using OverlayFile file = OverlayFile.Create(folder.File("o"), Header(lower));
        new OverlayDevice(lower, file).Write(5 * Block, "new"u8);
        Assert.Contains("computes", Assert.Throws<UnsupportedException>(() => new OverlayCommit(file, lower, "x").Plan()).Message);
    }

    [Fact]
    public void only_one_may_write()
    {
        var lower = new ZeroDevice(10 * Block);
        using OverlayFile file = OverlayFile.Create(folder.File("o"), Header(lower));
        Assert.Contains("in use", Assert.Throws<UnsupportedException>(() => OverlayFile.Open(file.Path, writable: false)).Message);
        Assert.Contains("in use", Assert.Throws<UnsupportedException>(() => OverlayFile.Open(file.Path, writable: true)).Message);
    }

    private static OverlayHeader Header(BlockDevice device) => new()
    {
        Purpose = OverlayPurpose.Changes,
        Id = Guid.NewGuid(),
        SourceLength = device.Length,
        LayerLength = device.Length,
        SourcePath = "/somewhere/disk.img",
        Layer = "@1",
        Format = "ext4",
        Samples = OverlayBase.Samples(device),
    };

    private static void Change(Random random, OverlayDevice device, byte[] model)
    {
        int at = random.Next(model.Length), count = random.Next(random.Next(3) switch { 0 => 20, 1 => 3 * Block, _ => model.Length });
        if (random.Next(4) == 0)
            at = at / Block * Block;
        count = Math.Min(count, model.Length - at);
        if (random.Next(4) == 0)
        {
            device.Zero(at, count);
            model.AsSpan(at, count).Clear();
            return;
        }
        byte[] data = Noise(random, Math.Min(count, 20 * Block));
        device.Write(at, data);
        data.CopyTo(model, at);
    }

    private static void AssertSame(Random random, OverlayDevice device, byte[] model)
    {
        int at = random.Next(model.Length), count = random.Next(Math.Min(model.Length - at, 30 * Block));
        Assert.Equal(model[at..(at + count)], Read(device, at, count));
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Read(OverlayDevice device, long offset, int count)
    {
        var bytes = new byte[count];
        device.Read(offset, bytes);
        return bytes;
    }
}
