using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Ext;

/// <summary>The superblock to go by: the primary one, or where that cannot be used, a copy.</summary>
internal static class ExtSuperblockSearch
{
    /// <summary>The groups whose copies are tried; enough for any filesystem of which the beginning is there.</summary>
    private static readonly uint[] Groups = [1, 3, 5, 7, 9, 25, 27, 49];

    /// <summary>Null where nothing on the device is a superblock.</summary>
    /// <exception cref="CorruptException">The primary has the magic number but cannot be used, nor is there a copy.</exception>
    public static (ExtSuperblock Superblock, string? Warning)? Find(BlockDevice device)
    {
        ExtSuperblock? primary = null;
        JumpbagException? failure = null;
        try
        {
            primary = Read(device, ExtSuperblock.Offset);
            if (primary is { ChecksumMatches: true, BlockGroupNumber: 0 })
                return (primary, null);
        }
        catch (Exception e) when (e is CorruptException or UnreadableException)
        {
            failure = e as JumpbagException;
        }
        string cause = failure?.Message ?? (primary == null ? "superblock: no magic number" : "superblock: its checksum does not match");
        if (Backup(device) is { } backup)
            return (backup.Superblock, $"{cause}; the copy in group {backup.Superblock.BlockGroupNumber} (byte {backup.Offset}) is used");
        if (primary != null)
            return (primary, $"{cause}; there is no copy, so it is used all the same");
        return failure is CorruptException ? throw failure : null;
    }

    /// <summary>Null where the magic number is missing.</summary>
    public static ExtSuperblock? Read(BlockDevice device, long offset)
    {
        if (device.Length < offset + ExtSuperblock.Size)
            return null;
        var data = new byte[ExtSuperblock.Size];
        device.Read(offset, data);
        return data[0x38] == (ExtSuperblock.Magic & 0xFF) && data[0x39] == ExtSuperblock.Magic >> 8 ? ExtSuperblock.Parse(data) : null;
    }

    /// <summary>
    /// A sound copy at a place where mke2fs puts them: a group is eight blocks for each byte of a block, and with bigalloc a
    /// power of two times that, so that all groups are of 8 MiB times a power of two.
    /// </summary>
    private static (ExtSuperblock Superblock, long Offset)? Backup(BlockDevice device)
    {
        foreach (uint group in Groups)
            for (long size = 8 << 20; size <= device.Length / group; size *= 2)
                // With blocks of 1 KiB the first group begins at block 1, except with bigalloc.
                foreach (long offset in new[] { size * group, size * group + 1024 })
                    if (TryRead(device, offset) is { ChecksumMatches: true, BlockGroupNumber: > 0 } copy
                        && (long)copy.GroupStart(copy.BlockGroupNumber) * copy.BlockSize == offset)
                        return (copy, offset);
        return null;
    }

    private static ExtSuperblock? TryRead(BlockDevice device, long offset)
    {
        try
        {
            return Read(device, offset);
        }
        catch (Exception e) when (e is CorruptException or UnreadableException)
        {
            return null;
        }
    }
}
