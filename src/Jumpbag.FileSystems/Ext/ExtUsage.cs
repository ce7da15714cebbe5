using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;

namespace Jumpbag.FileSystems.Ext;

/// <summary>Sizes as statfs(2) of the kernel's ext4 counts them: from the descriptors, since the superblock's sums lag behind.</summary>
internal sealed class ExtUsage
{
    /// <summary>Above this the descriptors are not summed up, and the superblock is believed.</summary>
    private const uint MaxSummedGroups = 1 << 20;

    /// <summary>With more descriptors than this lost the superblock is believed, too: each was looked for in all copies of the table.</summary>
    private const uint MaxLostGroups = 1000;

    /// <summary>What the kernel keeps back for its own needs: a fiftieth, at most so many clusters.</summary>
    private const ulong MaxKeptBack = 4096;

    public ulong CapacityBlocks { get; private init; }

    public ulong FreeBlocks { get; private init; }

    public ulong AvailableBlocks { get; private init; }

    public ulong FreeInodes { get; private init; }

    public static ExtUsage Count(ExtSuperblock superblock, ExtGroups groups, long journalBytes)
    {
        ulong cluster = (ulong)superblock.ClusterBlocks;
        (ulong free, ulong inodes) = Sum(superblock, groups);
        ulong overhead = Math.Min(superblock.BlocksCount, Overhead(superblock, groups, journalBytes) * cluster);
        ulong freeBlocks = Math.Min(free * cluster, superblock.BlocksCount);
        ulong kept = superblock.Has(ExtIncompat.Extents) ? Math.Min(superblock.BlocksCount / cluster / 50, MaxKeptBack) * cluster : 0;
        ulong reserved = Math.Min(superblock.ReservedBlocksCount, superblock.BlocksCount) + kept;
        return new()
        {
            CapacityBlocks = superblock.BlocksCount - overhead,
            FreeBlocks = freeBlocks,
            AvailableBlocks = freeBlocks > reserved ? freeBlocks - reserved : 0,
            FreeInodes = Math.Min(inodes, superblock.InodesCount),
        };
    }

    private static (ulong Clusters, ulong Inodes) Sum(ExtSuperblock superblock, ExtGroups groups)
    {
        uint count = superblock.GroupCount;
        (ulong, ulong) said = (superblock.FreeBlocksCount / (ulong)superblock.ClusterBlocks, superblock.FreeInodesCount);
        if (count > MaxSummedGroups)
            return said;
        ulong clusters = 0, inodes = 0;
        for (uint group = 0, lost = 0; group < count; group++)
        {
            // One that cannot be had is in the warnings, and its group counts as full.
            if (groups.TryGet(group, out ExtGroupDescriptor descriptor))
            {
                clusters += descriptor.FreeClusters;
                inodes += descriptor.FreeInodes;
            }
            else if (++lost > MaxLostGroups)
            {
                return said;
            }
        }
        return (clusters, inodes);
    }

    /// <summary>Clusters that hold the filesystem's own structures.</summary>
    private static ulong Overhead(ExtSuperblock superblock, ExtGroups groups, long journalBytes)
    {
        ulong cluster = (ulong)superblock.ClusterBlocks;
        bool bigAlloc = superblock.Has(ExtRoCompat.BigAlloc);
        if (bigAlloc && superblock.OverheadClusters is > 0 and var known && known <= superblock.BlocksCount)
            return known;
        ulong tableBlocks = ((ulong)superblock.InodesPerGroup * (ulong)superblock.InodeSize + (ulong)superblock.BlockSize - 1)
            / (ulong)superblock.BlockSize;
        ulong journal = ((ulong)journalBytes / (ulong)superblock.BlockSize + cluster - 1) / cluster;
        uint count = superblock.GroupCount;
        ulong blocks = 0;
        if (superblock.Has(ExtIncompat.MetaBg))
            for (uint group = 0; group < Math.Min(count, MaxSummedGroups); group++)
                blocks += ExtLayout.BaseBlocks(superblock, group);
        else if (superblock.Has(ExtRoCompat.SparseSuper) || superblock.Has(ExtCompat.SparseSuper2))
            blocks = ExtLayout.BaseBlocks(superblock, 0)
                + ExtLayout.BackupGroups(superblock).Aggregate(0UL, (sum, group) => sum + ExtLayout.BaseBlocks(superblock, group));
        else
            blocks = (ulong)count * ExtLayout.BaseBlocks(superblock, 0);
        return (superblock.FirstDataBlock + blocks + count * (tableBlocks + 2) + cluster - 1) / cluster + journal;
    }
}
