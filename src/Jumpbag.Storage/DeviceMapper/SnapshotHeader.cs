using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Storage.DeviceMapper;

/// <summary>
/// The first sector of a persistent exception store: what dm-snapshot keeps on a snapshot's copy-on-write device.
/// Specification: the kernel's drivers/md/dm-snap-persistent.c, <c>struct disk_header</c>.
/// </summary>
/// <remarks><code>
/// offset size
///      0    4  magic       "SnAp"
///      4    4  valid       0: it overflowed, or could not be written; what it held is lost
///      8    4  version     1
///     12    4  chunk_size  in sectors of 512 bytes
/// </code></remarks>
internal readonly record struct SnapshotHeader(bool IsValid, long ChunkSize)
{
    public const int Length = 16;

    /// <exception cref="CorruptException">It is no such header, or its chunk size cannot be.</exception>
    /// <exception cref="UnsupportedException">It is of another version.</exception>
    public static SnapshotHeader Parse(ReadOnlySpan<byte> header)
    {
        if (!header.StartsWith("SnAp"u8))
            throw new CorruptException(header[..Length].ContainsAnyExcept((byte)0)
                ? "its exception store has another signature"
                : "its exception store has no header (zeros): it was never active, or the header is lost");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (version != 1)
            throw new UnsupportedException($"its exception store is of version {version}; version 1 is supported");
        uint sectors = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        // The kernel's limits: a power of two of sectors, and a number of bytes that an int can hold.
        if (!System.Numerics.BitOperations.IsPow2(sectors) || sectors > int.MaxValue >> 9)
            throw new CorruptException($"its exception store has chunks of {sectors} sectors, which is no power of two or too large");
        return new(BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != 0, sectors * 512L);
    }
}
