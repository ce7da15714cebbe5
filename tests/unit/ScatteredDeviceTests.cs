using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Raid;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit;

/// <summary>Reads that are large enough to be done in parts, against an array of bytes: what small ones give, and the first failure of several.</summary>
public class ScatteredDeviceTests
{
    private const int Size = 3 << 20;

    [Fact]
    public void a_read_in_parts_gives_every_byte_or_the_first_that_cannot_be_had()
    {
        int failed = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            int members = random.Next(1, 5), chunk = random.Next(3) == 0 ? random.Next(4000, 600_000) : 65536;
            MemoryDevice[] devices = [.. Enumerable.Range(0, members).Select(_ => new MemoryDevice(new byte[Size / members]))];
            foreach (MemoryDevice device in devices)
                random.NextBytes(device.Bytes);
            // One on a device: the device itself must know which of its own comes first.
            foreach (MemoryDevice device in devices)
                if (random.Next(3) == 0 && random.Next(Size / members) is int bad)
                    device.Bad.Add((bad, bad + random.Next(1, 700_000)));
            BlockDevice whole = random.Next(2) == 0 ? new Striped(devices, chunk)
                : new Raid10Array(Raid10Layout.Create(0x101, members, chunk, Size / members), devices, chunk);
            int offset = random.Next(Math.Max(1, (int)whole.Length / 2)), length = random.Next((int)whole.Length - offset);
            long? firstBad = FirstBad(devices, chunk, offset, length);
            var read = new byte[length];
            if (firstBad is { } expected)
            {
                Assert.Equal(expected, Assert.Throws<UnreadableException>(() => whole.Read(offset, read)).Offset);
                failed++;
                continue;
            }
            whole.Read(offset, read);
            for (int at = 0; at < length; at++)
                if (read[at] != devices[(offset + at) / chunk % members].Bytes[At(offset + at, chunk, members)])
                    Assert.Fail($"seed {seed}: byte {offset + at}");
        }
        Assert.InRange(failed, 40, 160);
    }

    /// <summary>Each of two disks answers only once the other was asked, too: whoever asks them one after the other waits for ever.</summary>
    [Fact]
    public void disks_are_read_at_the_same_time()
    {
        Assert.SkipUnless(Environment.ProcessorCount > 1, "one processor reads one part after the other");
        using var asked = new CountdownEvent(2);
        BlockDevice[] disks = [new MeetingDevice(1 << 20, asked), new MeetingDevice(1 << 20, asked)];
        new Striped(disks, 256 * 1024).Read(0, new byte[512 * 1024]);
        Assert.True(asked.IsSet);
    }

    private static int At(int offset, int chunk, int members) => (offset / (chunk * members) * chunk) + (offset % chunk);

    private static long? FirstBad(MemoryDevice[] devices, int chunk, int offset, int length)
    {
        for (int at = offset; at < offset + length; at++)
            foreach ((long start, long end) in devices[at / chunk % devices.Length].Bad)
                if (At(at, chunk, devices.Length) >= start && At(at, chunk, devices.Length) < end)
                    return at;
        return null;
    }

    private sealed class MeetingDevice(long length, CountdownEvent asked) : BlockDevice
    {
        public override long Length => length;

        public override void Read(long offset, Span<byte> destination)
        {
            asked.Signal();
            if (!asked.Wait(TimeSpan.FromSeconds(20)))
                throw new UnreadableException(offset, destination.Length, "the other disk was not asked");
        }

        public override IEnumerable<Extent> Extents(long offset, long length) => [new(offset, length, ExtentKind.Computed)];
    }
}
