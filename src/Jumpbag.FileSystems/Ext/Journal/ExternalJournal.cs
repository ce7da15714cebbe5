using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Ext.Journal;

/// <summary>
/// A journal on a device of its own: an ext superblock with the feature journal_dev and the journal's UUID, and in the next
/// block the journal's superblock.
/// https://docs.kernel.org/filesystems/ext4/journal.html#external-journal
/// </summary>
public static class ExternalJournal
{
    /// <summary>The UUID of the journal on this device, or null where there is none.</summary>
    public static Guid? Identify(BlockDevice device) =>
        ReadHead(device) is { } head ? new Guid(head.AsSpan(0x68, 16), bigEndian: true) : null;

    /// <summary>
    /// The journal. Its blocks are counted from the beginning of the device, although its superblock is not the first.
    /// </summary>
    /// <param name="blockSize">Of the filesystem.</param>
    /// <exception cref="CorruptException">The device holds no journal, or another one.</exception>
    /// <inheritdoc cref="JournalLog.Open"/>
    public static JournalLog Open(BlockDevice device, Guid uuid, int blockSize)
    {
        byte[] head = ReadHead(device) ?? throw new CorruptException($"the device given for the external journal {uuid} holds no journal");
        if (new Guid(head.AsSpan(0x68, 16), bigEndian: true) is var found && found != uuid)
            throw new CorruptException($"the device given for the external journal {uuid} holds the journal {found}");
        long behind = (ExtSuperblock.Offset / blockSize + 1) * (long)blockSize;
        return JournalLog.Open(device, blockSize, behind);
    }

    private static byte[]? ReadHead(BlockDevice device)
    {
        const uint journalDevice = 0x8;
        if (device.Length < ExtSuperblock.Offset + ExtSuperblock.Size)
            return null;
        var head = new byte[ExtSuperblock.Size];
        try
        {
            device.Read(ExtSuperblock.Offset, head);
        }
        catch (UnreadableException)
        {
            return null;
        }
        bool isJournal = BitConverter.ToUInt16(head, 0x38) == ExtSuperblock.Magic
            && (BitConverter.ToUInt32(head, 0x60) & journalDevice) != 0;
        return isJournal ? head : null;
    }
}
