using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Storage.DeviceMapper;

/// <summary>
/// A persistent exception store. Chunk 0 holds the header; then follow areas: one chunk of exceptions, and as many chunks as it has
/// entries for what they point to. An exception is two little-endian 64-bit numbers, old chunk (of the origin) and new chunk (of the
/// store); the first whose new chunk is 0 ends the table.
/// Specification: the kernel's drivers/md/dm-snap-persistent.c.
/// </summary>
internal sealed class ExceptionStore
{
    private const int EntrySize = 16;

    /// <summary>What is read at a time of an area's entries; large chunks are not held whole.</summary>
    private const int PieceSize = 1 << 16;

    private ExceptionStore(BlockDevice device, SnapshotHeader header)
    {
        Device = device;
        Header = header;
        EntriesPerArea = header.ChunkSize / EntrySize;
        ChunkCount = device.Length / header.ChunkSize;
    }

    /// <summary>The copy-on-write device.</summary>
    public BlockDevice Device { get; }

    public SnapshotHeader Header { get; }

    public long ChunkSize => Header.ChunkSize;

    /// <summary>Whole chunks on the device.</summary>
    public long ChunkCount { get; }

    private long EntriesPerArea { get; }

    /// <exception cref="CorruptException">The header cannot be read, or makes no sense.</exception>
    /// <exception cref="UnsupportedException">It is of another version.</exception>
    public static ExceptionStore Open(BlockDevice device)
    {
        Span<byte> header = stackalloc byte[SnapshotHeader.Length];
        try
        {
            device.Read(0, header);
        }
        catch (UnreadableException e)
        {
            throw new CorruptException($"the header of its exception store cannot be read: {e.Reason}");
        }
        return new(device, SnapshotHeader.Parse(header));
    }

    /// <summary>Whether the chunk may hold copied data: not the header, no area's table, and on the device.</summary>
    public bool IsDataChunk(long chunk) => chunk > 1 && chunk < ChunkCount && (chunk - 1) % (EntriesPerArea + 1) != 0;

    /// <summary>The chunk behind the last one that a store with this highest new chunk uses; the kernel counts the fill of a snapshot so.</summary>
    public long ChunksUsed(long highestNewChunk)
    {
        long next = Math.Max(2, highestNewChunk + 1);
        return (next - 1) % (EntriesPerArea + 1) == 0 ? next + 1 : next;
    }

    /// <summary>
    /// All exceptions in the order of the table. An area that cannot be read ends them: <paramref name="damage"/> then says why.
    /// </summary>
    public IEnumerable<(long Old, long New)> Exceptions(Action<string> damage)
    {
        var piece = new byte[Math.Min(PieceSize, ChunkSize)];
        for (long area = 0; ; area++)
        {
            long start = (1 + (area * (EntriesPerArea + 1))) * ChunkSize;
            for (long at = 0; at < ChunkSize; at += piece.Length)
            {
                if (Failure(start + at, piece) is { } reason)
                {
                    damage($"area {area} of the snapshot's exceptions cannot be read: {reason}");
                    yield break;
                }
                for (int entry = 0; entry < piece.Length; entry += EntrySize)
                {
                    long old = BinaryPrimitives.ReadInt64LittleEndian(piece.AsSpan(entry)), to = BinaryPrimitives.ReadInt64LittleEndian(piece.AsSpan(entry + 8));
                    if (to == 0)
                        yield break;
                    yield return (old, to);
                }
            }
        }
    }

    private string? Failure(long offset, byte[] piece)
    {
        try
        {
            Device.Read(offset, piece);
            return null;
        }
        catch (UnreadableException e)
        {
            return e.Reason;
        }
    }
}
