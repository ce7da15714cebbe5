using System.Buffers.Text;
using Jumpbag.Core;

namespace Jumpbag.FileSystems.Tar;

/// <summary>
/// The records of an extended header, "LENGTH KEYWORD=VALUE\n" each, where LENGTH counts itself and everything up to the
/// newline, so that a value may hold any bytes.
/// </summary>
public sealed class PaxRecords
{
    private const int KeptSize = 64 * 1024;

    private byte[] bytes = new byte[4096];
    private int length;

    public bool IsEmpty => length == 0;

    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, length);

    public void Clear()
    {
        length = 0;
        if (bytes.Length > KeptSize)
            bytes = new byte[KeptSize];
    }

    public void Add(ReadOnlySpan<byte> keyword, long value)
    {
        Span<byte> digits = stackalloc byte[24];
        Utf8Formatter.TryFormat(value, digits, out int count);
        Add(keyword, digits[..count]);
    }

    /// <summary>Decimal seconds; a time before 1970 is minus the distance to it, so its fraction counts the other way.</summary>
    public void Add(ReadOnlySpan<byte> keyword, Timestamp time)
    {
        Span<byte> text = stackalloc byte[40];
        int at = 0;
        (long seconds, int nanoseconds) = time;
        if (seconds < 0)
        {
            text[at++] = (byte)'-';
            seconds = nanoseconds == 0 ? seconds : seconds + 1;
            nanoseconds = nanoseconds == 0 ? 0 : 1_000_000_000 - nanoseconds;
        }
        Utf8Formatter.TryFormat((ulong)(seconds < 0 ? -(Int128)seconds : seconds), text[at..], out int count);
        at += count;
        if (nanoseconds != 0)
        {
            text[at++] = (byte)'.';
            Utf8Formatter.TryFormat(nanoseconds, text[at..], out count, new('D', 9));
            at += count;
        }
        Add(keyword, text[..at]);
    }

    public void Add(ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> value)
    {
        const int spaceEqualsNewline = 3;
        int rest = checked(keyword.Length + value.Length + spaceEqualsNewline);
        int digits = Digits(rest);
        if (Digits(rest + digits) > digits)
            digits++;
        int total = rest + digits;
        Reserve(total);
        Span<byte> record = bytes.AsSpan(length, total);
        Utf8Formatter.TryFormat(total, record, out _);
        record[digits] = (byte)' ';
        keyword.CopyTo(record[(digits + 1)..]);
        record[digits + 1 + keyword.Length] = (byte)'=';
        value.CopyTo(record[(digits + keyword.Length + 2)..]);
        record[^1] = (byte)'\n';
        length += total;
    }

    /// <summary>"SCHILY.xattr." and the name, in which '=' would end the keyword: GNU tar writes it, and the percent sign, as in a URL.</summary>
    public void AddAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var keyword = new List<byte>("SCHILY.xattr.".Length + name.Length);
        keyword.AddRange("SCHILY.xattr."u8);
        foreach (byte b in name)
            if (b == (byte)'=')
                keyword.AddRange("%3D"u8);
            else if (b == (byte)'%')
                keyword.AddRange("%25"u8);
            else
                keyword.Add(b);
        Add(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(keyword), value);
    }

    private static int Digits(int value)
    {
        int digits = 1;
        for (; value >= 10; value /= 10)
            digits++;
        return digits;
    }

    private void Reserve(int count)
    {
        if (bytes.Length - length < count)
            Array.Resize(ref bytes, Math.Max(checked(length + count), bytes.Length * 2));
    }
}
