namespace Jumpbag.Storage.DeviceMapper;

/// <summary>A thin volume or thin snapshot: blocks of the pool's data device, mapped one by one.</summary>
public sealed class ThinDevice : MappedDevice
{
    /// <summary>A mapping is one number: the data block above these bits, below them when it was mapped.</summary>
    private const int TimeBits = 24;

    private readonly ThinPool pool;
    private readonly Btree map;
    private readonly BlockDevice? externalOrigin;
    private readonly long dataBlocks;

    internal ThinDevice(ThinPool pool, Btree map, long length, BlockDevice? externalOrigin)
    {
        this.pool = pool;
        this.map = map;
        this.externalOrigin = externalOrigin;
        dataBlocks = pool.Data.Length / pool.BlockSize;
        Length = length;
    }

    public override long Length { get; }

    public override int SectorSize => Math.Max(pool.Data.SectorSize, externalOrigin?.SectorSize ?? 0);

    public override bool IsWhole => pool.Data.IsWhole && externalOrigin?.IsWhole != false;

    protected override MappedRun RunAt(long offset)
    {
        long size = pool.BlockSize, block = offset / size, within = offset % size;
        BtreePosition found = map.Find(block);
        if (found.Leaf is not { } leaf)
        {
            long length = Math.Min(found.End - block, long.MaxValue / size) * size - within;
            return found.Damage is { } damage ? MappedRun.Unreadable(length, damage) : Unmapped(offset, length);
        }
        long first = DataBlock(leaf, found.Index);
        if (first >= dataBlocks)
            return MappedRun.Unreadable(size - within, $"the pool maps block {block} to block {first} of its data, which has {dataBlocks}");
        int count = 1;
        while (found.Index + count < leaf.Count && leaf.Key(found.Index + count) == block + count
            && DataBlock(leaf, found.Index + count) == first + count && first + count < dataBlocks)
            count++;
        return new((count * size) - within, pool.Data, (first * size) + within, null);
    }

    private MappedRun Unmapped(long offset, long length) => externalOrigin is not null && offset < externalOrigin.Length
        ? new(Math.Min(length, externalOrigin.Length - offset), externalOrigin, offset, null)
        : MappedRun.Hole(length);

    private static long DataBlock(BtreeNode leaf, int index) => (long)((ulong)leaf.Number(index) >> TimeBits);
}
