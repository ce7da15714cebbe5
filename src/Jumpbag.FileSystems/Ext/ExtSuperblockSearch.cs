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

    /// <summary>A sound copy at a place where mke2fs puts them, for each block size: groups of eight blocks a byte of the block.</summary>
    private static (ExtSuperblock Superblock, long Offset)? Backup(BlockDevice device)
    {
        foreach (uint group in Groups)
            for (int blockSize = 1024; blockSize <= 65536; blockSize *= 2)
            {
                long start = (long)blockSize * blockSize * 8 * group;
                // With blocks of 1 KiB the first group begins at block 1; with bigalloc, at block 0.
                foreach (long offset in blockSize == 1024 ? new[] { start + 1024, start } : [start])
                    if (TryRead(device, offset) is { ChecksumMatches: true } copy && copy.BlockSize == blockSize
                        && copy.BlockGroupNumber > 0 && (long)copy.GroupStart(copy.BlockGroupNumber) * blockSize == offset)
                        return (copy, offset);
            }
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
