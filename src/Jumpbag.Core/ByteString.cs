using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Jumpbag.Core;

/// <summary>
/// A name as Linux keeps it: bytes, in any encoding or none. <see cref="ToString"/> shows it on one line whatever it
/// holds, with C escapes for what is not printable UTF-8 (as <c>ls -b</c> does).
/// </summary>
public readonly struct ByteString : IEquatable<ByteString>, IComparable<ByteString>
{
    private readonly byte[]? bytes;

    public ByteString(ReadOnlySpan<byte> value) => bytes = value.ToArray();

    private ByteString(byte[] owned) => bytes = owned;

    public static ByteString Empty => default;

    public ReadOnlySpan<byte> Span => bytes;

    public int Length => bytes?.Length ?? 0;

    public bool IsEmpty => Length == 0;

    /// <summary>Takes the array over; the caller must not change it any more.</summary>
    public static ByteString Own(byte[] value) => new(value);

    public static ByteString FromText(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// From a command-line argument in which bytes that are not UTF-8 came as the lone surrogates U+DC80…U+DCFF
    /// (see <see cref="ToArgument"/>).
    /// </summary>
    public static ByteString FromArgument(string argument)
    {
        var result = new List<byte>(argument.Length);
        Span<byte> encoded = stackalloc byte[4];
        for (int i = 0; i < argument.Length; i++)
        {
            char c = argument[i];
            if (c is >= '\uDC80' and <= '\uDCFF' && (i == 0 || !char.IsHighSurrogate(argument[i - 1])))
            {
                result.Add((byte)(c - '\uDC00'));
                continue;
            }
            bool pair = char.IsHighSurrogate(c) && i + 1 < argument.Length && char.IsLowSurrogate(argument[i + 1]);
            Rune rune = pair ? new Rune(c, argument[++i]) : Rune.TryCreate(c, out Rune single) ? single : Rune.ReplacementChar;
            result.AddRange(encoded[..rune.EncodeToUtf8(encoded)]);
        }
        return new([.. result]);
    }

    /// <summary>The string whose <see cref="FromArgument"/> is exactly these bytes: PEP 383's surrogateescape.</summary>
    public string ToArgument()
    {
        var text = new StringBuilder(Length);
        ReadOnlySpan<byte> rest = Span;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(rest, out Rune rune, out int used) == System.Buffers.OperationStatus.Done)
            {
                text.Append(rune.ToString());
                rest = rest[used..];
            }
            else
            {
                text.Append((char)('\uDC00' + rest[0]));
                rest = rest[1..];
            }
        }
        return text.ToString();
    }

    /// <summary>The path of <paramref name="name"/> below this folder; "/" and "" need no further slash.</summary>
    public ByteString Join(ByteString name)
    {
        if (IsEmpty)
            return name;
        bool slash = Span[^1] != (byte)'/';
        var joined = new byte[Length + (slash ? 1 : 0) + name.Length];
        Span.CopyTo(joined);
        if (slash)
            joined[Length] = (byte)'/';
        name.Span.CopyTo(joined.AsSpan(joined.Length - name.Length));
        return new(joined);
    }

    public bool Equals(ByteString other) => Span.SequenceEqual(other.Span);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ByteString other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    public int CompareTo(ByteString other) => Span.SequenceCompareTo(other.Span);

    public static bool operator ==(ByteString left, ByteString right) => left.Equals(right);

    public static bool operator !=(ByteString left, ByteString right) => !left.Equals(right);

    public static bool operator <(ByteString left, ByteString right) => left.CompareTo(right) < 0;

    public static bool operator >(ByteString left, ByteString right) => left.CompareTo(right) > 0;

    public static bool operator <=(ByteString left, ByteString right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ByteString left, ByteString right) => left.CompareTo(right) >= 0;

    /// <summary>For people: printable UTF-8 as it is, everything else (and the backslash) as a C escape.</summary>
    public override string ToString()
    {
        ReadOnlySpan<byte> rest = Span;
        if (IsPlain(rest))
            return Encoding.ASCII.GetString(rest);
        var text = new StringBuilder(Length + 8);
        while (!rest.IsEmpty)
        {
            bool valid = Rune.DecodeFromUtf8(rest, out Rune rune, out int used) == System.Buffers.OperationStatus.Done;
            if (valid && rune.Value != '\\' && IsPrintable(rune))
                text.Append(rune.ToString());
            else if (rest[0] == (byte)'\\')
                text.Append(@"\\");
            else
                foreach (byte b in rest[..(valid ? used : 1)])
                    AppendEscape(text, b);
            rest = rest[(valid ? used : 1)..];
        }
        return text.ToString();
    }

    private static bool IsPlain(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            if (b is < 0x20 or >= 0x7F or (byte)'\\')
                return false;
        return true;
    }

    /// <summary>Control, format (bidirectional overrides reorder a terminal's line) and unassigned characters are not shown as they are.</summary>
    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    private static void AppendEscape(StringBuilder text, byte b)
    {
        switch (b)
        {
            case (byte)'\n': text.Append(@"\n"); break;
            case (byte)'\r': text.Append(@"\r"); break;
            case (byte)'\t': text.Append(@"\t"); break;
            default:
                text.Append('\\').Append((char)('0' + (b >> 6))).Append((char)('0' + ((b >> 3) & 7))).Append((char)('0' + (b & 7)));
                break;
        }
    }
}
