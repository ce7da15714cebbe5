using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Journal.Format;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Ext.Journal;

/// <summary>
/// A journal as a ring of blocks: the log runs from <see cref="First"/> to before <see cref="Last"/> and begins again;
/// behind it lies the area of the fast commits.
/// </summary>
public sealed class JournalLog
{
    private JournalLog(BlockDevice device, JournalSuperblock superblock)
    {
        Device = device;
        Superblock = superblock;
        Last = superblock.MaxLength - superblock.FastCommitBlocks;
    }

    public BlockDevice Device { get; }

    public JournalSuperblock Superblock { get; }

    public int BlockSize => Superblock.BlockSize;

    public uint First => Superblock.First;

    public uint Last { get; }

    /// <summary>
    /// The fast-commit area, [from, to). jbd2 leaves one block unused between the log and it.
    /// </summary>
    public (uint From, uint To) FastCommitArea => Superblock.FastCommitBlocks == 0 ? (0, 0) : (Last + 1, Superblock.MaxLength);

    /// <param name="device">The content of the journal's inode, or the device of an external journal.</param>
    /// <param name="blockSize">Of the filesystem, which must be the journal's.</param>
    /// <param name="superblockOffset">Where the journal's superblock stands.</param>
    /// <exception cref="CorruptException"></exception>
    /// <exception cref="UnsupportedException"></exception>
    /// <exception cref="UnreadableException"></exception>
    public static JournalLog Open(BlockDevice device, int blockSize, long superblockOffset = 0)
    {
        Span<byte> bytes = stackalloc byte[JournalSuperblock.Size];
        device.Read(superblockOffset, bytes);
        JournalSuperblock superblock = JournalSuperblock.Parse(bytes);
        if (superblock.BlockSize != blockSize)
            throw new CorruptException($"the journal's blocks have {superblock.BlockSize} bytes, the filesystem's {blockSize}");
        if (superblock.MaxLength > device.Length / blockSize)
            throw new CorruptException(
                $"the journal claims {superblock.MaxLength} blocks, but only {device.Length / blockSize} belong to it");
        var log = new JournalLog(device, superblock);
        if (superblock.Start != 0 && (superblock.Start < log.First || superblock.Start >= log.Last))
            throw new CorruptException(
                $"the journal is to be replayed from block {superblock.Start}, its log lies in {log.First}-{log.Last - 1}");
        return log;
    }

    public void Read(uint position, Span<byte> block) => Device.Read((long)position * BlockSize, block);

    /// <summary>The position behind this one in the ring.</summary>
    public uint Next(uint position) => position + 1 < Last ? position + 1 : First;
}
