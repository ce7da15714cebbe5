using System.Buffers.Binary;

namespace Jumpbag.FileSystems.Ext.Journal.Format;

internal enum JournalBlockType : uint
{
    Descriptor = 1,
    Commit = 2,
    Revoke = 5,
}

/// <summary>
/// The beginning of every block of the log that isn't a copy of a filesystem block.
/// https://www.kernel.org/doc/html/latest/filesystems/ext4/journal.html#block-header
/// <code>
/// 0x00  h_magic
/// 0x04  h_blocktype
/// 0x08  h_sequence   the transaction it belongs to
/// </code>
/// </summary>
internal readonly record struct JournalHeader(JournalBlockType Type, uint Sequence)
{
    public const int Size = 12;

    /// <summary>Null where the block is something else: the end of the log, mostly.</summary>
    public static JournalHeader? Parse(ReadOnlySpan<byte> block)
    {
        uint h_magic = BinaryPrimitives.ReadUInt32BigEndian(block);
        if (h_magic != JournalSuperblock.Magic)
            return null;
        uint h_blocktype = BinaryPrimitives.ReadUInt32BigEndian(block[0x04..]);
        uint h_sequence = BinaryPrimitives.ReadUInt32BigEndian(block[0x08..]);
        return new((JournalBlockType)h_blocktype, h_sequence);
    }
}
