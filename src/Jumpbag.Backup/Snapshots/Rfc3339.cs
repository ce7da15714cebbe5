using System.Buffers;
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

    /// <summary>As Go writes it: in the local time of then, without zeros at the end; a year before 0 as 0, one after 9999 as 9999.</summary>
    /// <remarks>
    /// The zone is of whole minutes. Where local time was another (before there were zones), Go writes a time that is wrong by the seconds
    /// which are left out; this one is right.
    /// </remarks>
    public static void Write(Timestamp time, TimeZoneInfo zone, IBufferWriter<byte> text)
    {
        int offset = OffsetMinutes(time.Seconds, zone);
        long local = time.Seconds + offset * 60, days = Math.DivRem(local, 86_400, out long second);
        if (second < 0)
            (days, second) = (days - 1, second + 86_400);
        (long year, int month, int day) = Civil(days);
        if (year is < 0 or > 9999)
        {
            year = year < 0 ? 0 : 9999;
            // As Go normalizes it: year 0 is a leap year, 9999 is none.
            if (month == 2 && day == 29 && year == 9999)
                (month, day) = (3, 1);
        }
        Span<byte> line = text.GetSpan(40);
        Digits(line, 0, 4, (int)year);
        Digits(line, 5, 2, month);
        Digits(line, 8, 2, day);
        Digits(line, 11, 2, (int)(second / 3600));
        Digits(line, 14, 2, (int)(second / 60 % 60));
        Digits(line, 17, 2, (int)(second % 60));
        (line[4], line[7], line[10], line[13], line[16]) = ((byte)'-', (byte)'-', (byte)'T', (byte)':', (byte)':');
        int at = SecondsEnd;
        if (time.Nanoseconds != 0)
        {
            line[at] = (byte)'.';
            Digits(line, at + 1, 9, time.Nanoseconds);
            at += line.Slice(at, 10).TrimEnd((byte)'0').Length;
        }
        line[at] = offset == 0 ? (byte)'Z' : offset < 0 ? (byte)'-' : (byte)'+';
        at++;
        if (offset != 0)
        {
            Digits(line, at, 2, Math.Abs(offset) / 60);
            line[at + 2] = (byte)':';
            Digits(line, at + 3, 2, Math.Abs(offset) % 60);
            at += 5;
        }
        text.Advance(at);
    }

    private static int OffsetMinutes(long seconds, TimeZoneInfo zone)
    {
        if (zone == TimeZoneInfo.Utc)
            return 0;
        long known = Math.Clamp(seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds());
        return (int)zone.GetUtcOffset(DateTimeOffset.FromUnixTimeSeconds(known).UtcDateTime).TotalMinutes;
    }

    /// <summary>The date of a day since 1970-01-01, by the calendar of today in all times; in eras of 400 years that begin in March.</summary>
    private static (long Year, int Month, int Day) Civil(long days)
    {
        days += 719_468;
        long era = (days >= 0 ? days : days - 146_096) / 146_097;
        int dayOfEra = (int)(days - era * 146_097);
        int yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100), part = (5 * dayOfYear + 2) / 153;
        int month = part < 10 ? part + 3 : part - 9;
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * part + 2) / 5 + 1);
    }

    private static void Digits(Span<byte> line, int at, int count, int value)
    {
        for (int i = at + count - 1; i >= at; i--, value /= 10)
            line[i] = (byte)('0' + value % 10);
    }

    private static int Number(ReadOnlySpan<byte> digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : throw new FormatException("a time that is none");
}
