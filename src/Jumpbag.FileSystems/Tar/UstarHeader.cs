using System.Text;

namespace Jumpbag.FileSystems.Tar;

/// <summary>What kind of member a header begins: the values of typeflag.</summary>
public enum TarType : byte
{
    Regular = (byte)'0',
    HardLink = (byte)'1',
    SymbolicLink = (byte)'2',
    CharacterDevice = (byte)'3',
    BlockDevice = (byte)'4',
    Directory = (byte)'5',
    Fifo = (byte)'6',
    Extended = (byte)'x',
}

/// <summary>
/// The block of 512 bytes that stands before each member, as POSIX.1-2001 has it (pax, "ustar Interchange Format"):
/// <code>
/// offset  length  field
///      0     100  name
///    100       8  mode       numbers are octal digits, ended with a zero byte
///    108       8  uid
///    116       8  gid
///    124      12  size
///    136      12  mtime
///    148       8  chksum     sum of all bytes, with spaces here
///    156       1  typeflag
///    157     100  linkname
///    257       6  magic      "ustar\0"
///    263       2  version    "00"
///    265      32  uname
///    297      32  gname
///    329       8  devmajor
///    337       8  devminor
///    345     155  prefix     what stands before name, and a slash
/// </code>
/// Each setter tells whether the value fits; where it does not, the field holds what comes nearest and a record of an
/// extended header must hold the value.
/// </summary>
public readonly ref struct UstarHeader
{
    public const int Size = 512;

    private const int NameLength = 100, PrefixLength = 155;

    private readonly Span<byte> block;

    public UstarHeader(Span<byte> block, TarType type)
    {
        this.block = block[..Size];
        this.block.Clear();
        block[156] = (byte)type;
        "ustar\0"u8.CopyTo(block[257..]);
        "00"u8.CopyTo(block[263..]);
    }

    public bool SetName(ReadOnlySpan<byte> name)
    {
        if (name.Length > NameLength && FindSplit(name) is var slash and > 0)
        {
            name[..slash].CopyTo(block[345..]);
            name[(slash + 1)..].CopyTo(block);
            return true;
        }
        return SetText(0, name);
    }

    public bool SetLinkName(ReadOnlySpan<byte> target) => SetText(157, target);

    public bool SetMode(int mode) => SetNumber(100, 8, mode);

    public bool SetUid(uint uid) => SetNumber(108, 8, uid);

    public bool SetGid(uint gid) => SetNumber(116, 8, gid);

    public bool SetSize(long size) => SetNumber(124, 12, size);

    /// <summary>In whole seconds.</summary>
    public bool SetModified(long seconds) => SetNumber(136, 12, seconds);

    public bool SetDeviceMajor(uint major) => SetNumber(329, 8, major);

    public bool SetDeviceMinor(uint minor) => SetNumber(337, 8, minor);

    /// <summary>The last step: the checksum over all that was set.</summary>
    public void Seal()
    {
        Span<byte> field = block.Slice(148, 8);
        field.Fill((byte)' ');
        int sum = 0;
        foreach (byte b in block)
            sum += b;
        SetNumber(148, 7, sum);
    }

    /// <summary>A slash with at most 155 bytes before it and 1 to 100 behind it; 0 where there is none.</summary>
    private static int FindSplit(ReadOnlySpan<byte> name)
    {
        int from = name.Length - NameLength - 1;
        int slash = name[from..^1].IndexOf((byte)'/');
        return slash >= 0 && from + slash <= PrefixLength ? from + slash : 0;
    }

    private bool SetText(int offset, ReadOnlySpan<byte> text)
    {
        bool fits = text.Length <= NameLength;
        (fits ? text : text[..NameLength]).CopyTo(block[offset..]);
        return fits;
    }

    private bool SetNumber(int offset, int length, long value)
    {
        Span<byte> digits = block.Slice(offset, length - 1);
        bool fits = value >= 0 && value >> (3 * digits.Length) == 0;
        long rest = fits ? value : 0;
        for (int i = digits.Length - 1; i >= 0; i--, rest >>= 3)
            digits[i] = (byte)('0' + (rest & 7));
        block[offset + length - 1] = 0;
        return fits;
    }

    /// <summary>
    /// Whether a header says exactly this name to every reader: POSIX wants anything but ASCII in an extended header, whose
    /// names are UTF-8; bytes that are no UTF-8 stay as they are only here.
    /// </summary>
    public static bool IsPlain(ReadOnlySpan<byte> name) => Ascii.IsValid(name) || !System.Text.Unicode.Utf8.IsValid(name);
}
