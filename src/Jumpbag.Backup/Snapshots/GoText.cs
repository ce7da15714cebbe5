using System.Buffers;
using System.Globalization;
using System.Text;

namespace Jumpbag.Backup.Snapshots;

/// <summary>Names in trees: what Go's strconv.Quote makes of them, without the quotation marks, so that bytes that are no UTF-8 have a place in JSON.</summary>
/// <remarks>https://pkg.go.dev/strconv#Unquote</remarks>
internal static class GoText
{
    /// <exception cref="FormatException">A backslash that means nothing.</exception>
    public static byte[] Unquote(ReadOnlySpan<byte> text)
    {
        if (text.IndexOf((byte)'\\') < 0)
            return text.ToArray();
        var plain = new List<byte>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != (byte)'\\')
            {
                plain.Add(text[i]);
                continue;
            }
            if (++i == text.Length)
                throw new FormatException("a name that ends in a backslash");
            switch (text[i])
            {
                case (byte)'a': plain.Add(7); break;
                case (byte)'b': plain.Add(8); break;
                case (byte)'t': plain.Add(9); break;
                case (byte)'n': plain.Add(10); break;
                case (byte)'v': plain.Add(11); break;
                case (byte)'f': plain.Add(12); break;
                case (byte)'r': plain.Add(13); break;
                case (byte)'\\' or (byte)'"': plain.Add(text[i]); break;
                case (byte)'x': plain.Add((byte)Digits(text, ref i, 2, 16)); break;
                case (byte)'u': Append(plain, Digits(text, ref i, 4, 16)); break;
                case (byte)'U': Append(plain, Digits(text, ref i, 8, 16)); break;
                case >= (byte)'0' and <= (byte)'3':
                    i--;
                    plain.Add((byte)Digits(text, ref i, 3, 8));
                    break;
                default:
                    throw new FormatException($"a name with the escape \\{(char)text[i]}");
            }
        }
        return [.. plain];
    }

    /// <summary>A name as it stands in a tree: quoted as Go does, then escaped for JSON as Go does.</summary>
    public static void WriteName(ReadOnlySpan<byte> name, IBufferWriter<byte> json)
    {
        if (name.IndexOfAnyExcept(Plain) < 0)
        {
            json.Write(name);
            return;
        }
        var quoted = new ArrayBufferWriter<byte>(2 * name.Length);
        for (ReadOnlySpan<byte> rest = name; !rest.IsEmpty;)
        {
            bool isText = Rune.DecodeFromUtf8(rest, out Rune rune, out int length) == OperationStatus.Done;
            if (isText && rune.Value is '\\' or '"')
                quoted.Write([(byte)'\\', (byte)rune.Value]);
            else if (isText && GoPrintable.Is(rune))
                quoted.Write(rest[..length]);
            else if (isText && "\a\b\f\n\r\t\v".IndexOf((char)rune.Value) is var letter and >= 0 && rune.IsAscii)
                quoted.Write([(byte)'\\', "abfnrtv"u8[letter]]);
            else
                quoted.Write(Encoding.ASCII.GetBytes(!isText || rune.IsAscii ? $"\\x{rest[0]:x2}" : rune.IsBmp ? $"\\u{rune.Value:x4}" : $"\\U{rune.Value:x8}"));
            rest = rest[(isText ? length : 1)..];
        }
        WriteText(quoted.WrittenSpan, json);
    }

    /// <summary>Text within a JSON string as Go's encoding/json writes it: what HTML knows is escaped, and bytes that are no UTF-8 become U+FFFD.</summary>
    public static void WriteText(ReadOnlySpan<byte> text, IBufferWriter<byte> json)
    {
        while (!text.IsEmpty)
        {
            int plain = text.IndexOfAnyExcept(Plain);
            json.Write(plain < 0 ? text : text[..plain]);
            text = plain < 0 ? [] : text[plain..];
            if (text.IsEmpty)
                return;
            bool isText = Rune.DecodeFromUtf8(text, out Rune rune, out int length) == OperationStatus.Done;
            if (!isText)
                json.Write(@"\ufffd"u8);
            else if (rune.Value is '\\' or '"')
                json.Write([(byte)'\\', (byte)rune.Value]);
            else if (rune.Value is '\n' or '\r' or '\t')
                json.Write([(byte)'\\', rune.Value == '\n' ? (byte)'n' : rune.Value == '\r' ? (byte)'r' : (byte)'t']);
            else if (rune.Value is < ' ' or '<' or '>' or '&' or 0x2028 or 0x2029)
                json.Write(Encoding.ASCII.GetBytes($"\\u{rune.Value:x4}"));
            else
                json.Write(text[..length]);
            text = text[(isText ? length : 1)..];
        }
    }

    /// <summary>What stands for itself in both.</summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range(0x20, 0x7F - 0x20).Select(b => (byte)b).Except("\"\\<>&"u8.ToArray())]);

    private static uint Digits(ReadOnlySpan<byte> text, ref int at, int count, uint radix)
    {
        if (at + count >= text.Length)
            throw new FormatException("a name with half an escape");
        uint value = 0;
        for (int i = 1; i <= count; i++)
            value = value * radix + (uint.TryParse(text.Slice(at + i, 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint digit) && digit < radix
                ? digit : throw new FormatException("a name with half an escape"));
        at += count;
        return value;
    }

    private static void Append(List<byte> plain, uint rune)
    {
        Span<byte> encoded = stackalloc byte[4];
        if (!Rune.TryCreate(rune, out Rune valid))
            throw new FormatException("a name with a character that is none");
        plain.AddRange(encoded[..valid.EncodeToUtf8(encoded)]);
    }
}
