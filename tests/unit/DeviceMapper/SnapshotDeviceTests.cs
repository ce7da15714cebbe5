using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.DeviceMapper;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.DeviceMapper;

/// <summary>One of them measures this process's memory, in which no other tests may be meanwhile.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
[Collection("alone")]
public class SnapshotDeviceTests
{
    private const int Chunk = 4096, Chunks = 1000;

    private static MemoryDevice Filled(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return new(bytes);
    }

    private static MemoryDevice Store(int chunks, IEnumerable<(long Old, long New)> exceptions, int chunkSize = Chunk, bool valid = true)
    {
        MemoryDevice store = Filled(chunks * chunkSize, 2);
        // Behind the last exception of an area the kernel has zeros; of the areas behind it nothing is known.
        (long Old, long New)[] list = [.. exceptions];
        int last = list.Length / (chunkSize / 16);
        for (int area = 0; area <= last; area++)
            if (ExceptionStoreBytes.Area(area, chunkSize) + chunkSize <= store.Bytes.Length)
                store.Bytes.AsSpan(ExceptionStoreBytes.Area(area, chunkSize), chunkSize).Clear();
        ExceptionStoreBytes.Write(store.Bytes, chunkSize, list, valid);
        return store;
    }

    private static void AssertContent(SnapshotDevice device, MemoryDevice origin, MemoryDevice store, IEnumerable<(long Old, long New)> exceptions, int chunkSize = Chunk)
    {
        byte[] expected = origin.Bytes[..(int)device.Length], read = new byte[device.Length];
        foreach ((long old, long to) in exceptions)
            store.Bytes.AsSpan((int)(to * chunkSize), Math.Min(chunkSize, expected.Length - (int)(old * chunkSize))).CopyTo(expected.AsSpan((int)(old * chunkSize)));
        device.Read(0, read);
        Assert.Equal(expected, read);
        var random = new Random(1);
        for (int i = 0; i < 200; i++)
        {
            int at = random.Next(expected.Length), count = random.Next(Math.Min(3 * chunkSize, expected.Length - at));
            device.Read(at, read.AsSpan(0, count));
            Assert.True(expected.AsSpan(at, count).SequenceEqual(read.AsSpan(0, count)));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(700)]
    public void the_copied_chunks_stand_in_place_of_the_origins(int count)
    {
        long[] olds = [.. Enumerable.Range(0, Chunks).Select(n => (long)n)];
        new Random(count).Shuffle(olds);
        (long, long)[] exceptions = [.. olds.Take(count).Zip(ExceptionStoreBytes.NewChunks(Chunk))];
        // The origin ends within its last chunk.
        MemoryDevice origin = Filled((Chunks * Chunk) - 1024, 1), store = Store(count + 20, exceptions);
        SnapshotDevice device = SnapshotDevice.Open(origin, store, origin.Length);
        AssertContent(device, origin, store, exceptions);
        // dm-snapshot's own count: the header, the tables and the copies.
        Assert.Equal((2 + count + (count / 256)) * (long)Chunk, device.StoreUsed);
    }

    [Fact]
    public void chunks_of_one_sector_and_copies_in_any_order_are_read()
    {
        (long, long)[] exceptions = [.. Enumerable.Range(0, 90).Select(n => (long)(n * 7 % 90)).Zip(ExceptionStoreBytes.NewChunks(512).Take(90).Reverse())];
        MemoryDevice origin = Filled(512 * 100, 3), store = Store(200, exceptions, 512);
        AssertContent(SnapshotDevice.Open(origin, store, origin.Length), origin, store, exceptions, 512);
    }

    [Fact]
    public void the_extents_are_those_of_the_origin_and_the_store()
    {
        MemoryDevice store = Store(10, [(2, 2), (3, 3), (5, 4)]);
        var device = SnapshotDevice.Open(new ZeroDevice(8 * Chunk), store, 8 * Chunk);
        Assert.Equal([(0, 2, ExtentKind.Hole), (2, 2, ExtentKind.Computed), (4, 1, ExtentKind.Hole), (5, 1, ExtentKind.Computed), (6, 2, ExtentKind.Hole)],
            device.Extents(0, device.Length).Select(extent => (extent.Offset / Chunk, extent.Length / Chunk, extent.Kind)));
    }

    [Fact]
    public void an_invalid_snapshot_is_refused()
    {
        MemoryDevice store = Store(10, [(2, 2)], valid: false);
        Assert.Contains("invalid", Assert.Throws<UnsupportedException>(() => SnapshotDevice.Open(new ZeroDevice(8 * Chunk), store, 8 * Chunk)).Message);
    }

    [Fact]
    public void an_area_that_cannot_be_read_leaves_what_is_known_for_sure()
    {
        (long, long)[] exceptions = [.. Enumerable.Range(0, 300).Select(n => (long)n * 2).Zip(ExceptionStoreBytes.NewChunks(Chunk))];
        MemoryDevice origin = Filled(Chunks * Chunk, 1), store = Store(400, exceptions);
        store.Bad.Add((ExceptionStoreBytes.Area(1, Chunk) + 512, ExceptionStoreBytes.Area(1, Chunk) + 1024));
        SnapshotDevice device = SnapshotDevice.Open(origin, store, origin.Length);
        Assert.False(device.IsWhole);
        var chunk = new byte[Chunk];
        device.Read(510 * Chunk, chunk);
        Assert.Equal(store.Bytes.AsSpan((int)exceptions[255].Item2 * Chunk, Chunk).ToArray(), chunk);
        foreach (int unknown in new[] { 1, 512, 599, 999 })
        {
            var failure = Assert.Throws<UnreadableException>(() => device.Read(unknown * Chunk, chunk));
            Assert.Equal("area 1 of the snapshot's exceptions cannot be read: a bad sector", failure.Reason);
        }
    }

    public static TheoryData<long, long> WrongNew => new() { { 7, 0x4000 }, { 7, 1 }, { 7, 258 }, { 7, -5 }, { 7, 1L << 60 } };

    [Theory]
    [MemberData(nameof(WrongNew))]
    public void a_copy_that_cannot_be_makes_its_chunk_unreadable_and_no_other(long old, long wrong)
    {
        MemoryDevice origin = Filled(20 * Chunk, 1), store = Store(300, [(3, 2), (old, wrong), (4, 3)]);
        SnapshotDevice device = SnapshotDevice.Open(origin, store, origin.Length);
        Extent bad = Assert.Single(device.Extents(0, device.Length), extent => extent.Kind == ExtentKind.Unreadable);
        Assert.Equal((old * Chunk, Chunk), (bad.Offset, bad.Length));
        var chunks = new byte[2 * Chunk];
        device.Read(3 * Chunk, chunks);
        Assert.Equal(store.Bytes.AsSpan(2 * Chunk, 2 * Chunk).ToArray(), chunks);
        device.Read(8 * Chunk, chunks);
        Assert.Equal(origin.Bytes.AsSpan(8 * Chunk, 2 * Chunk).ToArray(), chunks);
    }

    [Fact]
    public void a_chunk_that_was_copied_twice_is_unreadable()
    {
        MemoryDevice origin = Filled(20 * Chunk, 1), store = Store(30, [(3, 2), (4, 3), (3, 4)]);
        Extent bad = Assert.Single(SnapshotDevice.Open(origin, store, origin.Length).Extents(0, origin.Length), extent => extent.Kind == ExtentKind.Unreadable);
        Assert.Equal((3 * Chunk, Chunk), (bad.Offset, bad.Length));
    }

    [Fact]
    public void an_exception_of_a_chunk_that_is_not_there_refuses_all()
    {
        MemoryDevice store = Store(30, [(3, 2), (20, 3)]);
        Assert.Contains("chunk 20", Assert.Throws<CorruptException>(() => SnapshotDevice.Open(new ZeroDevice(20 * Chunk), store, 20 * Chunk)).Message);
    }

    [Theory]
    [InlineData(0, 0, "no header")]
    [InlineData(0, 1, "another signature")]
    [InlineData(12, 3, "chunks of 3 sectors")]
    [InlineData(12, 0, "chunks of 0 sectors")]
    [InlineData(12, 1 << 23, "chunks of 8388608 sectors")]
    public void a_header_that_makes_no_sense_is_corrupt(int at, int value, string expected)
    {
        MemoryDevice store = Store(30, []);
        if (expected == "no header")
            store.Bytes.AsSpan(0, 16).Clear();
        BinaryPrimitives.WriteInt32LittleEndian(store.Bytes.AsSpan(at), value);
        Assert.Contains(expected, Assert.Throws<CorruptException>(() => SnapshotDevice.Open(new ZeroDevice(8 * Chunk), store, 8 * Chunk)).Message);
    }

    [Fact]
    public void another_version_is_refused()
    {
        MemoryDevice store = Store(30, []);
        store.Bytes[8] = 2;
        Assert.Throws<UnsupportedException>(() => SnapshotDevice.Open(new ZeroDevice(8 * Chunk), store, 8 * Chunk));
    }

    /// <summary>More exceptions than are held at a time, of chunks of one sector all over a large origin.</summary>
    [Fact]
    public void a_table_larger_than_what_is_held_in_memory_is_read_in_windows()
    {
        const int Count = 3_000_000, Size = 512;
        var random = new Random(5);
        // Every 7th chunk, in an order that is not theirs.
        IEnumerable<(long Old, long New)> exceptions = Enumerable.Range(0, Count).Select(n => (long)n * 1_234_577 % Count * 7).Zip(ExceptionStoreBytes.NewChunks(Size));
        var store = new MemoryDevice(new byte[(Count + (Count / 32) + 34L) * Size]);
        ExceptionStoreBytes.Write(store.Bytes, Size, exceptions);
        foreach ((long old, long to) in exceptions)
            BinaryPrimitives.WriteInt64LittleEndian(store.Bytes.AsSpan((int)(to * Size)), old + 1);
        long before = GC.GetTotalMemory(true);
        SnapshotDevice device = SnapshotDevice.Open(new ZeroDevice(Count * 7L * Size), store, Count * 7L * Size);
        var chunk = new byte[Size];
        // Three windows: one after the other, then here and there.
        foreach (long old in Enumerable.Range(0, 2000).Select(n => (long)n * Count * 7 / 2000).Concat(Enumerable.Range(0, 20).Select(_ => random.NextInt64(Count * 7L))))
        {
            device.Read(old * Size, chunk);
            Assert.Equal(old % 7 == 0 ? old + 1 : 0, BinaryPrimitives.ReadInt64LittleEndian(chunk));
        }
        // Other tests' pools may shrink meanwhile.
        Assert.True(GC.GetTotalMemory(true) - before <= 64L << 20);
        GC.KeepAlive(device);
    }
}
