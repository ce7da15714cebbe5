using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext.Journal.Format;

internal enum FastCommitTagType : ushort
{
    AddRange = 1,
    DeleteRange = 2,
    Create = 3,
    Link = 4,
    Unlink = 5,
    Inode = 6,
    Padding = 7,
    Tail = 8,
    Head = 9,
}

/// <summary>
/// A record of the fast-commit area. Unlike the rest of the journal, little-endian.
/// https://docs.kernel.org/filesystems/ext4/journal.html#fast-commits
/// <code>
/// 0x0  fc_tag
/// 0x2  fc_len   of what follows
/// 0x4  1 ADD_RANGE:             0x0 fc_ino         0x4 fc_ex[12], an extent as in an extent tree
///      2 DEL_RANGE:             0x0 fc_ino         0x4 fc_lblk      0x8 fc_len
///      3 CREAT 4 LINK 5 UNLINK: 0x0 fc_parent_ino  0x4 fc_ino       0x8 fc_dname, to the end
///      6 INODE:                 0x0 fc_ino         0x4 fc_raw_inode, to the end
///      8 TAIL:                  0x0 fc_tid         0x4 fc_crc, from the first tag behind the last tail to here
///      9 HEAD:                  0x0 fc_features    0x4 fc_tid
/// </code>
/// </summary>
internal readonly ref struct FastCommitTag
{
    public const int HeaderSize = 4;
    private const int MinInode = 128, MaxName = 255;

    private FastCommitTag(FastCommitTagType type, ReadOnlySpan<byte> value)
    {
        Type = type;
        Value = value;
    }

    public FastCommitTagType Type { get; }

    public ReadOnlySpan<byte> Value { get; }

    /// <summary>With its header.</summary>
    public int Size => HeaderSize + Value.Length;

    /// <summary>The first four bytes: an inode (of a directory, for names), a transaction or features.</summary>
    public uint First => ReadUInt32LittleEndian(Value);

    public uint Second => ReadUInt32LittleEndian(Value[4..]);

    public uint Third => ReadUInt32LittleEndian(Value[8..]);

    /// <summary>What stands behind the first four bytes.</summary>
    public ReadOnlySpan<byte> BehindFirst => Value[4..];

    /// <summary>What stands behind the first eight bytes.</summary>
    public ReadOnlySpan<byte> BehindSecond => Value[8..];

    /// <summary>False where there is no record that could be one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, int inodeSize, out FastCommitTag tag)
    {
        tag = default;
        if (bytes.Length < HeaderSize)
            return false;
        var type = (FastCommitTagType)ReadUInt16LittleEndian(bytes);
        int length = ReadUInt16LittleEndian(bytes[2..]);
        if (length > bytes.Length - HeaderSize)
            return false;
        bool valid = type switch
        {
            FastCommitTagType.AddRange => length == 16,
            FastCommitTagType.DeleteRange => length == 12,
            FastCommitTagType.Create or FastCommitTagType.Link or FastCommitTagType.Unlink => length - 8 is >= 1 and <= MaxName,
            FastCommitTagType.Inode => length - 4 >= MinInode && length - 4 <= inodeSize,
            FastCommitTagType.Padding => true,
            FastCommitTagType.Tail => length >= 8,
            FastCommitTagType.Head => length == 8,
            _ => false,
        };
        if (valid)
            tag = new(type, bytes.Slice(HeaderSize, length));
        return valid;
    }
}
