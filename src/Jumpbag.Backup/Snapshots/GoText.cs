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
