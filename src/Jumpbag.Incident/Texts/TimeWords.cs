using System.Globalization;

namespace Jumpbag.Incident.Texts;

/// <summary>Times and durations as people type and read them.</summary>
public static class TimeWords
{
    /// <summary>"90s", "30m", "2h", "1d", "1h30m"; null where it is none.</summary>
    public static TimeSpan? ParseDuration(string text)
    {
        TimeSpan total = TimeSpan.Zero;
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i]))
                continue;
            if (!int.TryParse(text.AsSpan(start, i - start), NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number > 100_000)
                return null;
            TimeSpan? unit = text[i] switch
            {
                's' => TimeSpan.FromSeconds(1),
                'm' => TimeSpan.FromMinutes(1),
                'h' => TimeSpan.FromHours(1),
                'd' => TimeSpan.FromDays(1),
                _ => null,
            };
            if (unit is null)
                return null;
            total += unit.Value * number;
            start = i + 1;
        }
        return start == text.Length && text.Length > 0 ? total : null;
    }

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
