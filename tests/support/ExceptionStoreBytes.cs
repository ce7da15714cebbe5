using System.Buffers.Binary;

namespace Jumpbag.Tests.Support;

/// <summary>A persistent exception store by hand. What dm-snapshot writes is tested with dm-snapshot.</summary>
public static class ExceptionStoreBytes
{
    /// <summary>
    /// Writes the header and the exceptions, in this order and over as many areas as they take, into a store's bytes; the chunks that they
    /// point to are left as they are.
    /// </summary>
    public static void Write(Span<byte> store, int chunkSize, IEnumerable<(long Old, long New)> exceptions, bool valid = true)
    {
        "SnAp"u8.CopyTo(store);
        BinaryPrimitives.WriteInt32LittleEndian(store[4..], valid ? 1 : 0);
        BinaryPrimitives.WriteInt32LittleEndian(store[8..], 1);
        BinaryPrimitives.WriteInt32LittleEndian(store[12..], chunkSize / 512);
        int perArea = chunkSize / 16, index = 0;
        foreach ((long old, long to) in exceptions)
        {
            Span<byte> entry = store[(Area(index / perArea, chunkSize) + (index % perArea * 16))..];
            BinaryPrimitives.WriteInt64LittleEndian(entry, old);
            BinaryPrimitives.WriteInt64LittleEndian(entry[8..], to);
            index++;
        }
    }

    /// <summary>Where an area's exceptions begin, in bytes of the store.</summary>
    public static int Area(int index, int chunkSize) => (1 + (index * ((chunkSize / 16) + 1))) * chunkSize;

    /// <summary>The chunks that the kernel would copy to, in order.</summary>
    public static IEnumerable<long> NewChunks(int chunkSize)
    {
        for (long chunk = 2; ; chunk++)
            if ((chunk - 1) % ((chunkSize / 16) + 1) != 0)
                yield return chunk;
    }
}
