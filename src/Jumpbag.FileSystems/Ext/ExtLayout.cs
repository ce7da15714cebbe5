using Jumpbag.FileSystems.Ext.Format;

namespace Jumpbag.FileSystems.Ext;

/// <summary>Where superblocks and group descriptors stand, primary and copies.</summary>
internal static class ExtLayout
{
    /// <summary>Whether a copy of the superblock stands at the start of the group (group 0: the primary).</summary>
    public static bool HasSuperblock(ExtSuperblock superblock, uint group)
    {
        if (group == 0)
            return true;
        if (superblock.Has(ExtCompat.SparseSuper2))
            return group == superblock.BackupGroups[0] || group == superblock.BackupGroups[1];
        if (group == 1 || !superblock.Has(ExtRoCompat.SparseSuper))
            return true;
        return group % 2 == 1 && (IsPower(group, 3) || IsPower(group, 5) || IsPower(group, 7));
    }

    /// <summary>Blocks of the descriptor table in all.</summary>
    public static uint DescriptorBlocks(ExtSuperblock superblock) =>
        (superblock.GroupCount + (uint)superblock.DescriptorsPerBlock - 1) / (uint)superblock.DescriptorsPerBlock;

    /// <summary>The places of a block of descriptors: its own first, then copies, nearest first.</summary>
    public static IEnumerable<ulong> DescriptorBlockPlaces(ExtSuperblock superblock, uint index)
    {
        uint perBlock = (uint)superblock.DescriptorsPerBlock, groups = superblock.GroupCount;
        if (superblock.Has(ExtIncompat.MetaBg) && index >= superblock.FirstMetaBg)
        {
            uint first = index * perBlock;
            uint last = (uint)Math.Min((ulong)first + perBlock, groups) - 1;
            yield return MetaPlace(superblock, first);
            if (last > first)
                yield return MetaPlace(superblock, first + 1);
            if (last == first + perBlock - 1 && last > first + 1)
                yield return MetaPlace(superblock, last);
            yield break;
        }
        // The superblock is in block 1 of blocks of 1 KiB, in block 0 of larger ones, wherever the first group starts.
        yield return (superblock.BlockSize == 1024 ? 1u : 0u) + 1 + (ulong)index;
        foreach (uint group in BackupGroups(superblock))
            yield return superblock.GroupStart(group) + 1 + index;
    }

    /// <summary>Blocks at the start of a group for superblock, descriptors and their room to grow.</summary>
    public static uint BaseBlocks(ExtSuperblock superblock, uint group)
    {
        uint perBlock = (uint)superblock.DescriptorsPerBlock;
        uint super = HasSuperblock(superblock, group) ? 1u : 0;
        bool metaBg = superblock.Has(ExtIncompat.MetaBg);
        if (metaBg && group / perBlock >= superblock.FirstMetaBg)
        {
            uint place = group % perBlock;
            return super + (place == 0 || place == 1 || place == perBlock - 1 ? 1u : 0);
        }
        uint table = metaBg ? superblock.FirstMetaBg : DescriptorBlocks(superblock);
        return super == 0 ? 0 : 1 + table + superblock.ReservedGdtBlocks;
    }

    /// <summary>The groups after the first that hold copies, in ascending order.</summary>
    public static IEnumerable<uint> BackupGroups(ExtSuperblock superblock)
    {
        uint groups = superblock.GroupCount;
        if (superblock.Has(ExtCompat.SparseSuper2))
        {
            foreach (uint group in superblock.BackupGroups)
                if (group > 0 && group < groups)
                    yield return group;
            yield break;
        }
        if (!superblock.Has(ExtRoCompat.SparseSuper))
        {
            for (uint group = 1; group < Math.Min(groups, 64); group++)
                yield return group;
            yield break;
        }
        ulong three = 1, five = 5, seven = 7;
        while (Math.Min(three, Math.Min(five, seven)) is var next && next < groups)
        {
            yield return (uint)next;
            if (next == three)
                three *= 3;
            else if (next == five)
                five *= 5;
            else
                seven *= 7;
        }
    }

    private static ulong MetaPlace(ExtSuperblock superblock, uint group)
    {
        ulong super = HasSuperblock(superblock, group) ? 1u : 0;
        // With blocks of 1 KiB and a first group that starts at block 0 (bigalloc), the superblock is its second block.
        if (group == 0 && superblock.BlockSize == 1024 && superblock.FirstDataBlock == 0)
            super++;
        return superblock.GroupStart(group) + super;
    }

    private static bool IsPower(uint value, uint of)
    {
        while (value % of == 0)
            value /= of;
        return value == 1;
    }
}
