namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>The client character sets in which a backslash or quotation mark can be the second byte of a character.</summary>
internal enum MultiByteCharset
{
    None,
    Sjis,
    Big5,
    Gbk,
    Gb18030,
}

internal static class MultiByteCharsets
{
    public static MultiByteCharset Of(ReadOnlySpan<byte> name) =>
        Is(name, "sjis"u8) || Is(name, "cp932"u8) ? MultiByteCharset.Sjis
        : Is(name, "big5"u8) ? MultiByteCharset.Big5
        : Is(name, "gbk"u8) ? MultiByteCharset.Gbk
        : Is(name, "gb18030"u8) ? MultiByteCharset.Gb18030
        : MultiByteCharset.None;

    /// <summary>Bytes of the first character, as the servers' lexers see it: 1 for what is no character of several bytes.</summary>
    public static int CharacterLength(this MultiByteCharset charset, ReadOnlySpan<byte> text)
    {
        byte first = text[0];
        if (first < 0x80 || text.Length < 2)
            return 1;
        byte second = text[1];
        switch (charset)
        {
            case MultiByteCharset.Sjis:
                return first is (>= 0x81 and <= 0x9F) or (>= 0xE0 and <= 0xFC) && second is (>= 0x40 and <= 0x7E) or (>= 0x80 and <= 0xFC) ? 2 : 1;
            case MultiByteCharset.Big5:
                return first is >= 0xA1 and <= 0xF9 && second is (>= 0x40 and <= 0x7E) or (>= 0xA1 and <= 0xFE) ? 2 : 1;
            case MultiByteCharset.Gbk:
                return first is >= 0x81 and <= 0xFE && second is (>= 0x40 and <= 0x7E) or (>= 0x80 and <= 0xFE) ? 2 : 1;
            case MultiByteCharset.Gb18030:
                if (first is < 0x81 or > 0xFE)
                    return 1;
                if (second is (>= 0x40 and <= 0x7E) or (>= 0x80 and <= 0xFE))
                    return 2;
                return second is >= 0x30 and <= 0x39 && text.Length >= 4 && text[2] is >= 0x81 and <= 0xFE && text[3] is >= 0x30 and <= 0x39 ? 4 : 1;
            default:
                return 1;
        }
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> charset) => System.Text.Ascii.EqualsIgnoreCase(name, charset);
}

/// <summary>A command to the client stands in the dump; whoever knows the place makes a message of it.</summary>
internal sealed class ClientCommandException(int at, string command) : Exception
{
    public int At { get; } = at;

    public string Command { get; } = command;
}
