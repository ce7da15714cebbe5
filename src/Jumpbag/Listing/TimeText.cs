using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Listing;

/// <summary>Times for people, in the local time zone (TZ is honoured), and for programs, in UTC.</summary>
public static class TimeText
{
    private const long HalfYear = 31556952 / 2;

    /// <summary>"Nov 27 05:04" of the last half year, "Nov 27  2025" before and after, as ls -l shows them.</summary>
    public static string Short(Timestamp time, long now)
    {
        if (Local(time) is not { } local)
            return time.Seconds.ToString(CultureInfo.InvariantCulture);
        bool recent = time.Seconds <= now && time.Seconds > now - HalfYear;
        string day = $"{local.ToString("MMM", CultureInfo.InvariantCulture)} {local.Day,2}";
        return recent ? $"{day} {local.ToString("HH:mm", CultureInfo.InvariantCulture)}" : $"{day}  {local.Year:0000}";
    }

    /// <summary>"2026-11-27 05:04:31.123456789 +0100", as ls --full-time and stat show them.</summary>
    public static string Full(Timestamp time)
    {
        if (Local(time) is not { } local)
            return $"@{time.Seconds}.{time.Nanoseconds:000000000}";
        string offset = (local.Offset < TimeSpan.Zero ? "-" : "+") + local.Offset.ToString("hhmm", CultureInfo.InvariantCulture);
        return $"{local.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}.{time.Nanoseconds:000000000} {offset}";
    }

    /// <summary>"2026-11-27T04:04:31.123456789Z".</summary>
    public static string Utc(Timestamp time) => InRange(time)
        ? $"{DateTimeOffset.FromUnixTimeSeconds(time.Seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)}.{time.Nanoseconds:000000000}Z"
        : $"@{time.Seconds}.{time.Nanoseconds:000000000}";

    private static DateTimeOffset? Local(Timestamp time) =>
        InRange(time) ? TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(time.Seconds), TimeZoneInfo.Local) : null;

    /// <summary>The years 1 to 9999, less a day for the time zone.</summary>
    private static bool InRange(Timestamp time) => time.Seconds is > -62135500000 and < 253402200000;
}
