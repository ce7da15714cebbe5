using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Search;

/// <summary>
/// Finds the start of an ext filesystem from any of its superblocks: a copy knows its group, and a group's place follows
/// from the geometry. The journal holds stray copies of the primary one, which are told by the root directory not being
/// where they imply.
/// </summary>
internal static class ExtSearch
{
    private const int RootInode = 2, DirectoryType = 0x4000, TypeMask = 0xF000;

    public static Candidate? Examine(ProbeWindow window, long position)
    {
        if (ExtSuperblock.Parse(window.At(position, ExtSuperblock.Length)) is not { } superblock || !superblock.IsPlausible())
            return null;
        long start = position - superblock.Position;
        if (start < 0)
            return null;
        bool isBackup = superblock.BlockGroup != 0;
        bool verified = superblock.Format == "jbd" || HasRoot(window, superblock, start, position);
        return new(start, superblock.Format, superblock.Label, superblock.Uuid, superblock.Size, isBackup, verified,
            verified ? "" : isBackup ? "the first block group is damaged: start reckoned from a backup superblock"
                : "the root directory is not where this superblock implies: a stray copy, or badly damaged");
    }

    /// <summary>Whether the group descriptors beside this superblock lead to a root directory.</summary>
    private static bool HasRoot(ProbeWindow window, ExtSuperblock superblock, long start, long position)
    {
        // Here the descriptors of the first groups are not repeated beside later superblocks.
        if (superblock.HasMetaBlockGroups && superblock.BlockGroup != 0)
            return true;
        int blockSize = superblock.BlockSize;
        long descriptors = superblock.BlockGroup == 0 ? start + (superblock.FirstDataBlock + 1L) * blockSize : position + blockSize;
        ReadOnlySpan<byte> descriptor = window.At(descriptors, superblock.DescriptorSize);
        if (descriptor.IsEmpty)
            return false;
        ulong table = descriptor.Le32(8) | (superblock.DescriptorSize >= 64 ? (ulong)descriptor.Le32(0x28) << 32 : 0);
        if (table == 0 || table >= superblock.BlocksCount || Fields.Size(table, (ulong)blockSize) is not { } tableOffset)
            return false;
        ReadOnlySpan<byte> root = window.At(start + tableOffset + (RootInode - 1) * superblock.InodeSize, 2);
        return !root.IsEmpty && (root.Le16(0) & TypeMask) == DirectoryType;
    }
}
