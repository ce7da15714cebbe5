using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Incident.Texts;

/// <summary>Times and durations as people type and read them.</summary>
public static class TimeWords
{
    /// <summary>"90s", "30m", "2h", "1d", "1h30m"; null where it is none.</summary>
    public static TimeSpan? ParseDuration(string text) => Durations.Parse(text);

    /// <summary>
    /// A point in time: RFC 3339 ("2026-11-27T04:10:00Z"), a date and time or a time of today in the local zone ("2026-11-27 04:10", "04:10"), "now",
    /// or a distance: "+30m" ahead, "-10m" or "10m ago" back. Null where it is none.
    /// </summary>
    public static DateTimeOffset? ParseTime(string text, DateTimeOffset now)
    {
        text = text.Trim();
        if (text == "now")
            return now;
        if (text.StartsWith('+') && ParseDuration(text[1..]) is { } ahead)
            return now + ahead;
        if (text.StartsWith('-') && ParseDuration(text[1..]) is { } back)
            return now - back;
        if (text.EndsWith(" ago", StringComparison.Ordinal) && ParseDuration(text[..^4]) is { } ago)
            return now - ago;
        string[] withZone = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mmK", "yyyy-MM-dd"];
        if (DateTimeOffset.TryParseExact(text, withZone, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset time))
            return time;
        if (TimeOnly.TryParseExact(text, ["HH:mm", "H:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly clock))
        {
            DateTimeOffset local = now.ToLocalTime();
            return new DateTimeOffset(DateTime.SpecifyKind(local.Date, DateTimeKind.Unspecified) + clock.ToTimeSpan(), local.Offset);
        }
        return null;
    }

    /// <summary>"45 s", "18 min", "2 h 05 min", "3 days": as exact as matters.</summary>
    public static string Duration(TimeSpan time)
    {
        time = time.Duration();
        return time.TotalSeconds < 90 ? Invariant($"{(int)time.TotalSeconds} s")
            : time.TotalMinutes < 90 ? Invariant($"{(int)time.TotalMinutes} min")
            : time.TotalHours < 48 ? Invariant($"{(int)time.TotalHours} h {time.Minutes:00} min")
            : Invariant($"{(int)time.TotalDays} days");
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
