using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Ext;

/// <summary>
/// Metadata blocks, read in clusters of 64 KiB (which a block never crosses) and kept while they are used: 4-way sets with
/// the least recently used replaced, 16 MiB in all. What is asked for alone is read alone: a cluster is read when something
/// of it is wanted a second time, since the inodes of a large directory come in the order of their names' hashes, from all
/// over the disk. Without locks: a slot holds an immutable cluster, and two readers that miss at once merely read twice.
/// </summary>
internal sealed class ExtMetadataCache(BlockDevice device, int blockSize)
{
    private const int ClusterSize = 64 * 1024, Sets = 64, Ways = 4;

    private readonly Cluster?[] slots = new Cluster?[Sets * Ways];

    /// <summary>Numbers, counted from 1, of clusters of which one piece was read lately.</summary>
    private readonly long[] touched = new long[Sets * Ways];
    private long clock;

    private sealed class Cluster(long start, byte[] bytes)
    {
        public readonly long Start = start;
        public readonly byte[] Bytes = bytes;
        public long Used;
    }

    /// <summary>The whole block; not to be kept, since it holds its 64 KiB in memory.</summary>
    /// <exception cref="UnreadableException">The range is in bytes of the device.</exception>
    public ReadOnlyMemory<byte> Block(ulong block) => Bytes(checked((long)block * blockSize), blockSize);

    /// <summary>Bytes that lie within one block.</summary>
    public ReadOnlyMemory<byte> Bytes(long offset, int length)
    {
        long start = offset & ~(ClusterSize - 1L);
        int within = (int)(offset - start);
        int set = (int)(((ulong)(start / ClusterSize) * 0x9E37_79B9_7F4A_7C15) >> 58) * Ways;
        long now = ++clock;
        for (int way = 0; way < Ways; way++)
            if (Volatile.Read(ref slots[set + way]) is { } hit && hit.Start == start && hit.Bytes.Length >= within + length)
            {
                hit.Used = now;
                return hit.Bytes.AsMemory(within, length);
            }
        if (!WasTouched(start) || Load(start) is not { } bytes || bytes.Length < within + length)
        {
            var single = new byte[length];
            device.Read(offset, single);
            return single;
        }
        Replace(set, new Cluster(start, bytes) { Used = now });
        return bytes.AsMemory(within, length);
    }

    private bool WasTouched(long start)
    {
        long number = start / ClusterSize + 1;
        return Interlocked.Exchange(ref touched[number % touched.Length], number) == number;
    }

    /// <summary>A cluster, shorter at the device's end; null where part of it cannot be read, since its other blocks may be whole.</summary>
    private byte[]? Load(long start)
    {
        long length = Math.Min(ClusterSize, device.Length - start);
        if (length <= 0)
            return null;
        var bytes = GC.AllocateUninitializedArray<byte>((int)length);
        try
        {
            device.Read(start, bytes);
            return bytes;
        }
        catch (UnreadableException)
        {
            return null;
        }
    }

    private void Replace(int set, Cluster cluster)
    {
        int victim = set;
        long oldest = long.MaxValue;
        for (int slot = set; slot < set + Ways; slot++)
        {
            if (Volatile.Read(ref slots[slot]) is not { } held || held.Start == cluster.Start)
            {
                victim = slot;
                break;
            }
            if (held.Used < oldest)
            {
                oldest = held.Used;
                victim = slot;
            }
        }
        Volatile.Write(ref slots[victim], cluster);
    }
}
