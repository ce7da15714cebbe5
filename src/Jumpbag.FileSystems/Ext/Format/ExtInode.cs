using Jumpbag.Core;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext.Format;

/// <summary>i_flags: what this reader acts on; all others are only shown.</summary>
[Flags]
public enum ExtInodeFlags : uint
{
    None = 0,
    CompressedBlocks = 0x200,
    Encrypted = 0x800,
    Indexed = 0x1000,
    HugeFile = 0x4_0000,
    Extents = 0x8_0000,
    EaInode = 0x20_0000,
    InlineData = 0x1000_0000,
    CaseFold = 0x4000_0000,
}

/// <summary>
/// An inode as it stands in the inode table: 128 bytes, and more where s_inode_size says so, of which i_extra_isize are fields.
/// https://docs.kernel.org/filesystems/ext4/inodes.html
/// </summary>
/// <remarks>
/// offset size name
/// 0x00   2    i_mode            0x02   2    i_uid             0x04   4    i_size_lo
/// 0x08   4    i_atime           0x0C   4    i_ctime           0x10   4    i_mtime
/// 0x14   4    i_dtime           0x18   2    i_gid             0x1A   2    i_links_count
/// 0x1C   4    i_blocks_lo       0x20   4    i_flags           0x24   4    l_i_version
/// 0x28   60   i_block           0x64   4    i_generation      0x68   4    i_file_acl_lo
/// 0x6C   4    i_size_high       0x74   2    l_i_blocks_high   0x76   2    l_i_file_acl_high
/// 0x78   2    l_i_uid_high      0x7A   2    l_i_gid_high      0x7C   2    l_i_checksum_lo
/// 0x80   2    i_extra_isize     0x82   2    i_checksum_hi     0x84   4    i_ctime_extra
/// 0x88   4    i_mtime_extra     0x8C   4    i_atime_extra     0x90   4    i_crtime
/// 0x94   4    i_crtime_extra    0x98   4    i_version_hi      0x9C   4    i_projid
/// </remarks>
public readonly ref struct ExtInode
{
    public const int BlockOffset = 0x28, BlockLength = 60, BaseSize = 128;

    private readonly ReadOnlySpan<byte> data;

    private ExtInode(ReadOnlySpan<byte> data) => this.data = data;

    /// <summary>A view of <paramref name="data"/>, which must be s_inode_size bytes long.</summary>
    public static ExtInode Parse(ReadOnlySpan<byte> data) => new(data);

    public ushort Mode => ReadUInt16LittleEndian(data);

    public uint Uid => ReadUInt16LittleEndian(data[0x2..]) | (uint)ReadUInt16LittleEndian(data[0x78..]) << 16;

    public uint Gid => ReadUInt16LittleEndian(data[0x18..]) | (uint)ReadUInt16LittleEndian(data[0x7A..]) << 16;

    public uint SizeLow => ReadUInt32LittleEndian(data[0x4..]);

    public uint SizeHigh => ReadUInt32LittleEndian(data[0x6C..]);

    public uint DeletedTime => ReadUInt32LittleEndian(data[0x14..]);

    public ushort Links => ReadUInt16LittleEndian(data[0x1A..]);

    public uint BlocksLow => ReadUInt32LittleEndian(data[0x1C..]);

    public ushort BlocksHigh => ReadUInt16LittleEndian(data[0x74..]);

    public ExtInodeFlags Flags => (ExtInodeFlags)ReadUInt32LittleEndian(data[0x20..]);

    public ReadOnlySpan<byte> Block => data.Slice(BlockOffset, BlockLength);

    public uint Generation => ReadUInt32LittleEndian(data[0x64..]);

    public uint FileAclLow => ReadUInt32LittleEndian(data[0x68..]);

    public ushort FileAclHigh => ReadUInt16LittleEndian(data[0x76..]);

    /// <summary>The raw field, in which an inode that holds an attribute's value keeps that value's hash.</summary>
    public uint AccessedSeconds => ReadUInt32LittleEndian(data[0x8..]);

    public uint ModifiedSeconds => ReadUInt32LittleEndian(data[0x10..]);

    /// <summary>Bytes of fields behind the first 128; 0 in small inodes.</summary>
    public int ExtraSize => data.Length > BaseSize ? ReadUInt16LittleEndian(data[0x80..]) : 0;

    /// <summary>Whether i_extra_isize keeps within the inode and to multiples of four.</summary>
    public bool ExtraSizeIsValid => ExtraSize <= data.Length - BaseSize && ExtraSize % 4 == 0;

    public Timestamp Accessed => Time(0x8, 0x8C);

    public Timestamp Changed => Time(0xC, 0x84);

    public Timestamp Modified => Time(0x10, 0x88);

    public uint Project => Fits(0x9C) ? ReadUInt32LittleEndian(data[0x9C..]) : 0;

    public Timestamp? Born => Fits(0x90) ? Time(0x90, 0x94) : null;

    /// <summary>The attributes kept in the inode, magic number included; empty where there is no room or no magic.</summary>
    public ReadOnlySpan<byte> BodyAttributes
    {
        get
        {
            int start = BaseSize + ExtraSize;
            if (ExtraSize == 0 || !ExtraSizeIsValid || start + 8 > data.Length)
                return default;
            ReadOnlySpan<byte> body = data[start..];
            return ReadUInt32LittleEndian(body) == ExtAttributeEntry.Magic ? body : default;
        }
    }

    /// <summary>What the checksums of this inode's own blocks begin with.</summary>
    public static uint ChecksumSeed(uint filesystemSeed, uint inode, uint generation)
    {
        Span<byte> words = stackalloc byte[8];
        WriteUInt32LittleEndian(words, inode);
        WriteUInt32LittleEndian(words[4..], generation);
        return Checksums.Crc32C(filesystemSeed, words);
    }

    public bool ChecksumMatches(uint filesystemSeed, uint inode)
    {
        const int low = 0x7C, high = 0x82;
        uint crc = ChecksumSeed(filesystemSeed, inode, Generation);
        crc = Checksums.Crc32C(crc, data[..low]);
        crc = Checksums.Crc32C(crc, [0, 0]);
        crc = Checksums.Crc32C(crc, data[(low + 2)..BaseSize]);
        uint stored = ReadUInt16LittleEndian(data[low..]);
        if (data.Length == BaseSize)
            return (ushort)crc == stored;
        crc = Checksums.Crc32C(crc, data[BaseSize..high]);
        bool wide = ExtraSize >= 4;
        crc = Checksums.Crc32C(crc, wide ? [0, 0] : data.Slice(high, 2));
        crc = Checksums.Crc32C(crc, data[(high + 2)..]);
        return wide ? crc == (stored | (uint)ReadUInt16LittleEndian(data[high..]) << 16) : (ushort)crc == stored;
    }

    private bool Fits(int offset) => offset + 4 <= BaseSize + ExtraSize && offset + 4 <= data.Length;

    /// <summary>
    /// Seconds are signed 32 bits; the extra field's low two bits add multiples of 2^32 to them, its upper thirty are nanoseconds.
    /// </summary>
    private Timestamp Time(int offset, int extraOffset)
    {
        long seconds = ReadInt32LittleEndian(data[offset..]);
        if (!Fits(extraOffset))
            return new(seconds, 0);
        uint extra = ReadUInt32LittleEndian(data[extraOffset..]);
        uint nanoseconds = extra >> 2;
        return new(seconds + ((long)(extra & 3) << 32), nanoseconds <= 999_999_999 ? (int)nanoseconds : 0);
    }
}
