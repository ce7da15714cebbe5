using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.DeviceMapper;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Fuzz.Lvm;

/// <summary>
/// Damaged exception stores and thin metadata: whatever the bytes are, the result is one of our own exceptions, or a device that reads and
/// whose extents and reads agree. Most cases get good checksums again.
/// </summary>
public class SnapshotFuzz
{
    private const int Cases = 12_000, Seed = 20261127, Chunk = 512;

    private static readonly MemoryDevice Origin = Filled(60 * Chunk), Data = Filled(16 * ThinMetadata.DataBlockSize);

    [Fact]
    public void damaged_exception_stores_break_nothing() => Run(random =>
    {
        MemoryDevice store = Filled(90 * Chunk);
        for (int area = 0; area < 3; area++)
            store.Bytes.AsSpan(ExceptionStoreBytes.Area(area, Chunk), Chunk).Clear();
        ExceptionStoreBytes.Write(store.Bytes, Chunk, Enumerable.Range(0, 40).Select(n => (long)n * 11 % 60).Zip(ExceptionStoreBytes.NewChunks(Chunk)));
        for (int changes = random.Next(1, 4); changes > 0; changes--)
        {
            int at = random.Next(3) == 0 ? random.Next(16) : ExceptionStoreBytes.Area(random.Next(3), Chunk) + random.Next(Chunk);
            Damage(random, store.Bytes, at);
        }
        if (random.Next(4) == 0)
            store.Bad.Add((ExceptionStoreBytes.Area(1, Chunk), ExceptionStoreBytes.Area(1, Chunk) + 1));
        return SnapshotDevice.Open(Origin, random.Next(5) == 0 ? new MemoryDevice(store.Bytes[..random.Next(store.Bytes.Length)]) : store, Origin.Length - random.Next(Chunk));
    });

    [Fact]
    public void damaged_thin_metadata_breaks_nothing() => Run(random =>
    {
        ThinMetadata metadata = Sound();
        for (int changes = random.Next(1, 5); changes > 0; changes--)
        {
            long block = random.Next(8);
            // Where something is: the header, the first keys and the first values.
            int at = random.Next(3) switch { 0 => random.Next(32), 1 => 32 + random.Next(60), _ => 32 + (8 * 252) + random.Next(60) };
            Damage(random, metadata.Bytes, ((int)block * ThinMetadata.BlockSize) + (block == 0 ? random.Next(364) : at));
            if (random.Next(8) > 0)
                metadata.Seal(block, block == 0 ? ThinMetadata.SuperblockSalt : ThinMetadata.NodeSalt);
        }
        MemoryDevice device = random.Next(6) == 0 ? new(metadata.Bytes[..random.Next(metadata.Bytes.Length)]) : metadata.Device;
        ThinPool pool = ThinPool.Open(device, Data);
        _ = (pool.DataUsage, pool.MetadataUsage);
        try
        {
            _ = pool.MappedBytes(1);
        }
        catch (CorruptException)
        {
        }
        return pool.OpenDevice(random.Next(1, 3), 50L * ThinMetadata.DataBlockSize, random.Next(3) == 0 ? Origin : null);
    });

    private static ThinMetadata Sound() => new ThinMetadata(9)
        .Superblock(1, 2).Leaf(1, (1, 3), (2, 4)).Details(2, (1, 5), (2, 7))
        .Leaf(3, (0, ThinMetadata.To(3)), (1, ThinMetadata.To(4, 77)), (2, ThinMetadata.To(5)), (6, ThinMetadata.To(2)))
        .Internal(4, (2, 5), (10, 6), (20, 7))
        .Leaf(5, (2, ThinMetadata.To(0)), (3, ThinMetadata.To(1))).Leaf(6, (11, ThinMetadata.To(7)), (19, ThinMetadata.To(9))).Leaf(7, (20, ThinMetadata.To(10)), (40, ThinMetadata.To(15)));

    private static void Damage(Random random, byte[] bytes, int at)
    {
        if (random.Next(3) == 0)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at / 8 * 8), random.Next(5) switch { 0 => -1, 1 => long.MaxValue, 2 => 0, _ => random.Next(12) });
        else
            bytes[at] ^= (byte)(1 << random.Next(8));
    }

    private static void Run(Func<Random, MappedDevice> open)
    {
        var random = new Random(Seed);
        int opened = 0;
        for (int i = 0; i < Cases; i++)
        {
            try
            {
                Use(open(random));
                opened++;
            }
            catch (JumpbagException)
            {
            }
            catch (Exception e)
            {
                Assert.Fail($"case {i}: {e}");
            }
        }
        Assert.InRange(opened, Cases / 10, Cases);
    }

    /// <summary>The extents cover the device, and exactly what they call unreadable is.</summary>
    private static void Use(MappedDevice device)
    {
        long at = 0;
        foreach (Extent extent in device.Extents(0, device.Length))
        {
            Assert.Equal(at, extent.Offset);
            Assert.True(extent.Length > 0);
            at += extent.Length;
            var edge = new byte[Math.Min(extent.Length, 700)];
            foreach (long offset in new[] { extent.Offset, extent.Offset + extent.Length - edge.Length })
            {
                UnreadableException? failure = null;
                try
                {
                    device.Read(offset, edge);
                }
                catch (UnreadableException e)
                {
                    failure = e;
                }
                Assert.Equal(extent.Kind == ExtentKind.Unreadable, failure is not null);
                Assert.True(extent.Kind != ExtentKind.Hole || !edge.AsSpan().ContainsAnyExcept((byte)0));
            }
        }
        Assert.Equal(device.Length, at);
    }

    private static MemoryDevice Filled(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return new(bytes);
    }
}
