using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Backup.Snapshots;

/// <summary>Times as Go writes them into JSON: "2014-12-22T14:47:59.912418701+01:00", with up to nine digits behind the second.</summary>
internal static class Rfc3339
{
    private const int SecondsEnd = 19;

    /// <exception cref="FormatException">It is no such time.</exception>
    public static Timestamp Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length < SecondsEnd + 1)
            throw new FormatException("a time that is none");
        int year = Number(text[..4]), month = Number(text[5..7]), day = Number(text[8..10]), hour = Number(text[11..13]), minute = Number(text[14..16]), second = Number(text[17..19]);
        if (month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(Math.Max(year, 1), month) || hour > 24 || minute > 59 || second > 60)
            throw new FormatException("a time that is none");
        // Year 0, the year before 1, is a leap year.
        long days = year == 0 ? (long)(new DateTime(4, month, day) - new DateTime(4, 1, 1)).TotalDays - 366 : (long)(new DateTime(year, month, day) - DateTime.MinValue).TotalDays;
        long seconds = (days - 719_162) * 86_400 + hour * 3600 + minute * 60 + second;
        int nanoseconds = 0, at = SecondsEnd;
        if (text[at] == (byte)'.')
            for (int scale = 100_000_000; ++at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; scale /= 10)
                nanoseconds += (text[at] - '0') * scale;
        ReadOnlySpan<byte> zone = text[at..];
        if (zone.SequenceEqual("Z"u8))
            return new(seconds, nanoseconds);
        if (zone.Length != 6 || zone[0] is not ((byte)'+' or (byte)'-'))
            throw new FormatException("a time without its zone");
        int offset = Number(zone[1..3]) * 3600 + Number(zone[4..6]) * 60;
        return new(zone[0] == (byte)'+' ? seconds - offset : seconds + offset, nanoseconds);
    }

    private static int Number(ReadOnlySpan<byte> digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : throw new FormatException("a time that is none");
}
