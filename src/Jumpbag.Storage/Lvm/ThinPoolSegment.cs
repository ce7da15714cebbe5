using Jumpbag.Core;
using Jumpbag.Storage.DeviceMapper;

namespace Jumpbag.Storage.Lvm;

/// <summary>A thin pool: the volumes <c>metadata</c> and <c>pool</c> (its data), in chunks of <c>chunk_size</c> sectors.</summary>
internal static class ThinPoolSegment
{
    public const string RepairHint = "on a copy of the disks, lvconvert --repair (thin_repair) may mend the pool's metadata";

    /// <summary>A pool has nothing of its own to read.</summary>
    public static BlockDevice Refuse(Segment segment, SegmentContext context)
    {
        VolumeGroup group = context.Volume.Group;
        string[] volumes = [.. group.LogicalVolumes.Where(volume => volume.IsVisible && volume.Pool == context.Volume.Name).Select(volume => volume.FullName)];
        throw new UnsupportedException($"logical volume {context.Volume.FullName}: a thin pool has no bytes of its own",
            volumes.Length == 0 ? "no thin volume is in it" : "name one of its volumes: " + string.Join(", ", volumes.Take(12)) + (volumes.Length > 12 ? ", …" : ""));
    }

    /// <exception cref="CorruptException">It is no pool, or the metadata that all its volumes need is damaged.</exception>
    /// <exception cref="UnsupportedException">It, or a volume that it lies on, is of an unknown kind.</exception>
    public static ThinPool Open(SegmentContext context)
    {
        LogicalVolume volume = context.Volume;
        if (volume.Segments is not [{ Type: "thin-pool" } segment])
            throw new CorruptException($"LVM2 metadata: {volume.FullName} is taken for a thin pool and is none");
        // The metadata of such a pool is no larger than the kernel can use.
        if (segment.Flags.FirstOrDefault(flag => flag != "CROP_METADATA") is { } unknown)
            throw new UnsupportedException($"logical volume {volume.FullName}: thin-pool with {unknown} is not supported");
        BlockDevice metadata = context.Other(segment.Section.Text("metadata")).OpenMapping(context.Depth + 1);
        BlockDevice data = context.Other(segment.Section.Text("pool")).OpenMapping(context.Depth + 1);
        try
        {
            ThinPool pool = ThinPool.Open(metadata, data);
            long chunkSize = segment.Section.Integer("chunk_size") * 512;
            return pool.BlockSize == chunkSize ? pool
                : throw new CorruptException($"LVM says that its chunks have {chunkSize} bytes, its superblock {pool.BlockSize}");
        }
        catch (CorruptException e)
        {
            throw new CorruptException($"thin pool {volume.FullName}: {e.Message}", RepairHint);
        }
        catch (UnsupportedException e)
        {
            throw new UnsupportedException($"thin pool {volume.FullName}: {e.Message}", e.Hint);
        }
    }

    /// <summary>What is odd about a pool that can be read all the same.</summary>
    public static IEnumerable<string> Warnings(LogicalVolume volume, ThinPool pool)
    {
        long expected = volume.Segments[0].Section.IntegerOrNull("transaction_id") ?? 0;
        if (expected != pool.Superblock.TransactionId)
            yield return $"thin pool {volume.FullName}: its metadata is of transaction {pool.Superblock.TransactionId}, LVM's of {expected}: one of them is older, and volumes may be missing or be others";
        if (pool.Superblock.NeedsCheck)
            yield return $"thin pool {volume.FullName}: the kernel found its metadata damaged and marked it needs_check; what can be told to be damaged is not read";
    }
}
