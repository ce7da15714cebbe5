using CsCheck;
using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit;

/// <summary>Concatenations and stripes, of each other and of slices with holes and bad sectors, against a plain model: an array of bytes.</summary>
public class CompositeDeviceTests
{
    /// <summary>A device, and what each of its bytes must be; null is unreadable.</summary>
    private sealed record Model(BlockDevice Device, byte?[] Bytes);

    private static readonly Gen<Model> Leaves = Gen.OneOf(
        Gen.Select(Gen.Int[1, 40], Gen.Byte).Select((length, seed) => Memory(length, seed)),
        Gen.Int[1, 60].Select(length => new Model(new ZeroDevice(length), [.. Enumerable.Repeat<byte?>(0, length)])),
        Gen.Int[1, 30].Select(length => new Model(new UnreadableDevice(length, "away"), new byte?[length])),
        Gen.Select(Gen.Int[20, 40], Gen.Int[0, 9], Gen.Int[0, 9], Gen.Byte).Select((length, start, end, seed) =>
            Sliced(Memory(length, seed), start, length - start - end)));

    private static Gen<Model> Devices(int depth) => depth == 0 ? Leaves : Gen.OneOf(Leaves,
        Devices(depth - 1).Array[1, 5].Select(parts => new Model(new Concatenation(parts.Select(part => part.Device)), [.. parts.SelectMany(part => part.Bytes)])),
        Gen.Select(Devices(depth - 1).Array[1, 4], Gen.Int[1, 7]).Select(Stripes));

    private static Model Memory(int length, int seed)
    {
        byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)((i * 31) + seed))];
        return new(new MemoryDevice(bytes), [.. bytes.Select(value => (byte?)value)]);
    }

    private static Model Sliced(Model whole, int start, int length) => new(new Slice(whole.Device, start, length), whole.Bytes[start..(start + length)]);

    private static Model Stripes(Model[] members, int chunk)
    {
        int rows = members.Min(member => member.Bytes.Length) / chunk;
        var bytes = new List<byte?>();
        for (int row = 0; row < rows; row++)
            foreach (Model member in members)
                bytes.AddRange(member.Bytes.AsSpan(row * chunk, chunk));
        return new(new Striped(members.Select(member => member.Device), chunk), [.. bytes]);
    }

    [Fact]
    public void every_read_gives_the_bytes_or_the_first_that_cannot_be_had() => Gen.Select(Devices(3), Gen.Int[0, 300], Gen.Int[0, 300]).Sample((model, from, count) =>
    {
        Assert.Equal(model.Bytes.Length, model.Device.Length);
        int offset = Math.Min(from, model.Bytes.Length), length = Math.Min(count, model.Bytes.Length - offset);
        var read = new byte[length];
        byte?[] expected = model.Bytes[offset..(offset + length)];
        int bad = Array.IndexOf(expected, null);
        if (bad < 0)
        {
            model.Device.Read(offset, read);
            Assert.Equal(expected.Select(value => value!.Value), read);
            return;
        }
        var failure = Assert.Throws<UnreadableException>(() => model.Device.Read(offset, read));
        Assert.Equal(offset + bad, failure.Offset);
        Assert.Equal("away", failure.Reason);
        for (long at = failure.Offset; at < failure.Offset + failure.Length; at++)
            Assert.Null(model.Bytes[at]);
    }, iter: 3000);

    [Fact]
    public void extents_cover_the_range_exactly_tell_what_is_there_and_are_merged() =>
        Gen.Select(Devices(3), Gen.Int[0, 300], Gen.Int[0, 300]).Sample((model, from, length) =>
        {
            int offset = Math.Min(from, model.Bytes.Length);
            long at = offset;
            Extent? before = null;
            foreach (Extent extent in model.Device.Extents(offset, length))
            {
                Assert.Equal(at, extent.Offset);
                Assert.True(extent.Length > 0);
                for (long i = at; i < at + extent.Length; i++)
                    switch (extent.Kind)
                    {
                        case ExtentKind.Hole:
                            Assert.Equal((byte?)0, model.Bytes[i]);
                            break;
                        case ExtentKind.Unreadable:
                            Assert.True(i >= model.Bytes.Length || model.Bytes[i] is null);
                            break;
                        default:
                            Assert.NotNull(model.Bytes[i]);
                            break;
                    }
                Assert.False(model.Device is Concatenation or Striped && before is { } last && last.Kind == extent.Kind && last.Reason == extent.Reason);
                before = extent;
                at += extent.Length;
            }
            Assert.Equal(offset + length, at);
        }, iter: 3000);

    [Fact]
    public void a_large_empty_striped_volume_is_one_extent_at_once()
    {
        var device = new Striped([new ZeroDevice(1L << 50), new ZeroDevice(1L << 50), new ZeroDevice(1L << 50)], 4096);
        Assert.Equal(new Extent(0, 3L << 50, ExtentKind.Hole), Assert.Single(device.Extents(0, device.Length)));
    }

    [Fact]
    public void lengths_beyond_every_device_are_corrupt_not_wrong()
    {
        Assert.Throws<CorruptException>(() => new Concatenation([new ZeroDevice(long.MaxValue), new ZeroDevice(1)]));
        Assert.Throws<CorruptException>(() => new Striped([new ZeroDevice(long.MaxValue), new ZeroDevice(long.MaxValue)], 4096));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(8, 1)]
    [InlineData(long.MaxValue, 1)]
    public void reads_outside_are_unreadable(long offset, int count)
    {
        foreach (BlockDevice device in new BlockDevice[] { new Concatenation([new ZeroDevice(8)]), new Striped([new ZeroDevice(4), new ZeroDevice(4)], 2), new ZeroDevice(8) })
            Assert.Throws<UnreadableException>(() => device.Read(offset, new byte[count]));
    }
}
