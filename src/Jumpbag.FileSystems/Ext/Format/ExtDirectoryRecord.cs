using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext.Format;

/// <summary>
/// A directory's record; its name follows. Inode 0 marks free room, and so do the heads of a hash tree's inner blocks.
/// https://docs.kernel.org/filesystems/ext4/directory.html
/// </summary>
/// <remarks>
/// offset size name
/// 0x0    4    inode       0x4    2    rec_len      0x6    1    name_len     0x7    1    file_type
/// 0x8    …    name
/// Without the feature filetype, the high byte of a two-byte name_len stands at 0x7: always 0, names being at most 255 bytes,
/// but for the record that ends a leaf. With metadata_csum, a leaf ends with a record of inode 0, rec_len 12,
/// name_len 0, file_type 0xDE and the block's checksum.
/// </remarks>
public readonly record struct ExtDirectoryRecord(uint Inode, int Length, int NameLength, byte FileType)
{
    public const int HeaderSize = 8, TailSize = 12;
    public const byte TailType = 0xDE;

    public static ExtDirectoryRecord Parse(ReadOnlySpan<byte> data, int blockSize, bool hasFileType)
    {
        ushort rec_len = ReadUInt16LittleEndian(data[0x4..]);
        return new(ReadUInt32LittleEndian(data), RecordLength(rec_len, blockSize),
            data[0x6], hasFileType ? data[0x7] : (byte)0);
    }

    /// <summary>In blocks of 64 KiB a length of 65536 is written as 65535 or 0; lengths below keep their low two bits clear.</summary>
    private static int RecordLength(ushort rec_len, int blockSize) =>
        blockSize < 65536 ? rec_len
        : rec_len is 65535 or 0 ? blockSize
        : (rec_len & 65532) | (rec_len & 3) << 16;
}
