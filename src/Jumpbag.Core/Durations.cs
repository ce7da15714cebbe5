using System.Globalization;

namespace Jumpbag.Core;

/// <summary>Spans of time as people type and read them.</summary>
public static class Durations
{
    /// <summary>"90s", "30m", "2h", "1d", "2w", "1y", "1h30m"; null where it is none.</summary>
    public static TimeSpan? Parse(string text)
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
                'w' => TimeSpan.FromDays(7),
                'y' => TimeSpan.FromDays(365),
                _ => null,
            };
            if (unit is null || (total += unit.Value * number) > TimeSpan.FromDays(365 * 1000))
                return null;
            start = i + 1;
        }
        return start == text.Length && text.Length > 0 ? total : null;
    }

    /// <summary>"0.4 s", "45 s", "18 min", "2 h 05 min", "3 days": as short as it can be read.</summary>
    public static string Format(TimeSpan span) =>
        span.TotalSeconds < 9.95 ? FormattableString.Invariant($"{span.TotalSeconds:0.0} s")
        : span.TotalSeconds < 90 ? FormattableString.Invariant($"{span.TotalSeconds:0} s")
        : span.TotalMinutes < 90 ? FormattableString.Invariant($"{span.TotalMinutes:0} min")
        : span.TotalHours < 48 ? FormattableString.Invariant($"{(int)span.TotalHours} h{(span.Minutes > 0 ? FormattableString.Invariant($" {span.Minutes:00} min") : "")}")
        : FormattableString.Invariant($"{(int)span.TotalDays} days");
}
