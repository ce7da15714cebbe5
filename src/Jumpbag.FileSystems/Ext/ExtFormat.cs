using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;

namespace Jumpbag.FileSystems.Ext;

/// <summary>What kind of filesystem a superblock describes, and in which state.</summary>
internal static class ExtFormat
{
    private const ExtRoCompat Ext3RoCompat = ExtRoCompat.SparseSuper | ExtRoCompat.LargeFile | ExtRoCompat.BTreeDir;
    private const ExtIncompat Ext3Incompat = ExtIncompat.FileType | ExtIncompat.Recover | ExtIncompat.MetaBg;

    /// <summary>blkid's rule: ext4 is what has a feature that ext3 had not, ext3 is what has a journal.</summary>
    public static string Name(ExtSuperblock superblock) =>
        (superblock.RoCompat & ~Ext3RoCompat) != 0 || (superblock.Incompat & ~Ext3Incompat) != 0 ? "ext4"
        : superblock.Has(ExtCompat.HasJournal) ? "ext3" : "ext2";

    public static string State(ExtSuperblock superblock, bool bad)
    {
        const int clean = 1;
        bool dirty = superblock.Has(ExtIncompat.Recover) || (superblock.State & clean) == 0;
        return dirty && bad ? "dirty, errors" : dirty ? "dirty" : bad ? "errors" : "clean";
    }

    /// <exception cref="UnsupportedException">A feature is needed that nobody here knows; its bits are named.</exception>
    public static void RequireKnown(ExtSuperblock superblock)
    {
        ExtIncompat unknown = superblock.Incompat & ~ExtIncompat.Known;
        if (unknown != 0)
            throw new UnsupportedException($"the filesystem needs incompatible features that are not known: 0x{(uint)unknown:x}",
                "a newer version may know them");
    }
}
