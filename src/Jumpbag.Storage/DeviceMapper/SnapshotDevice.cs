using Jumpbag.Core;

namespace Jumpbag.Storage.DeviceMapper;

/// <summary>
/// What dm-snapshot shows: the origin, with the chunks in the exception store in place of its own. Of a snapshot these are as the
/// origin's were when it was made, or as they were written since; while it is merged back, the origin shows the same.
/// </summary>
public sealed class SnapshotDevice : MappedDevice
{
    private readonly BlockDevice origin;
    private readonly ExceptionStore store;
    private readonly ExceptionTable table;

    private SnapshotDevice(BlockDevice origin, ExceptionStore store, ExceptionTable table, long length)
    {
        this.origin = origin;
        this.store = store;
        this.table = table;
        Length = length;
    }

    public override long Length { get; }

    public override int SectorSize => Math.Max(origin.SectorSize, store.Device.SectorSize);

    public override bool IsWhole => table.Damage is null && origin.IsWhole && store.Device.IsWhole;

    /// <summary>Bytes of the store that are in use, as dmsetup(8) and lvs(8) count them.</summary>
    public long StoreUsed => Math.Min(table.ChunksUsed * store.ChunkSize, store.Device.Length);

    /// <exception cref="UnsupportedException">The snapshot is invalid, or of an unknown version.</exception>
    /// <exception cref="CorruptException">The store is damaged so that nothing of the snapshot can be told.</exception>
    public static SnapshotDevice Open(BlockDevice origin, BlockDevice copies, long length)
    {
        ExceptionStore store = ExceptionStore.Open(copies);
        if (!store.Header.IsValid)
            throw new UnsupportedException("the snapshot is invalid: its store was full, or could not be written, when a chunk had to be copied; what it held is lost");
        if (length > long.MaxValue - store.ChunkSize)
            throw new UnsupportedException($"a snapshot of {length} bytes is larger than can be read");
        long chunks = (length / store.ChunkSize) + (length % store.ChunkSize > 0 ? 1 : 0);
        return new(origin, store, ExceptionTable.Read(store, chunks), length);
    }

    protected override MappedRun RunAt(long offset)
    {
        long size = store.ChunkSize, chunk = offset / size, within = offset % size;
        long length = (table.Find(chunk, out long newChunk) * size) - within;
        return newChunk switch
        {
            ExceptionTable.Window.Contradiction => MappedRun.Unreadable(length, $"the snapshot's exceptions contradict each other about chunk {chunk}"),
            ExceptionTable.Window.NotCopied when table.Damage is { } damage => MappedRun.Unreadable(length, damage),
            ExceptionTable.Window.NotCopied => new(length, origin, offset, null),
            _ => new(length, store.Device, (newChunk * size) + within, null),
        };
    }
}
