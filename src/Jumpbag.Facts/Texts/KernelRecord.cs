using System.Globalization;
using System.Text;

namespace Jumpbag.Facts.Texts;

/// <summary>A record of the kernel's log, as /dev/kmsg gives it: "6,339,5140900,-;NET: Registered PF_INET protocol" and lines of KEY=value.</summary>
/// <remarks>https://www.kernel.org/doc/Documentation/ABI/testing/dev-kmsg</remarks>
/// <param name="Priority">0 emergency … 3 error, 4 warning … 7 debug.</param>
/// <param name="SinceBoot">By the kernel's clock, which stands still while the machine sleeps.</param>
public sealed record KernelRecord(int Priority, int Facility, long Sequence, TimeSpan SinceBoot, string Text)
{
    public static KernelRecord? Parse(string record)
    {
        int semicolon = record.IndexOf(';', StringComparison.Ordinal);
        if (semicolon < 0 || record[..semicolon].Split(',') is not [var prefix, var sequence, var time, ..]
            || !int.TryParse(prefix, NumberStyles.None, CultureInfo.InvariantCulture, out int code)
            || !long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            || !long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds))
            return null;
        int end = record.IndexOf('\n', semicolon);
        return new(code & 7, code >> 3, number, TimeSpan.FromMicroseconds(microseconds), Unescape(end < 0 ? record[(semicolon + 1)..] : record[(semicolon + 1)..end]));
    }

    /// <summary>"\x09" and the like stand for bytes that are not printable.</summary>
    private static string Unescape(string text)
    {
        if (!text.Contains(@"\x", StringComparison.Ordinal))
            return text;
        var plain = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
            if (text[i] == '\\' && i + 3 < text.Length && text[i + 1] == 'x' && byte.TryParse(text.AsSpan(i + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value) && value < 0x80)
            {
                plain.Append((char)value);
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        return plain.ToString();
    }
}
