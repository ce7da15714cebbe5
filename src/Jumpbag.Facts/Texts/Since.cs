using System.Globalization;

namespace Jumpbag.Facts.Texts;

/// <summary>Times and spans as short as they can be read. Times are UTC.</summary>
public static class Since
{
    /// <summary>"14:02" of the day before the end, else "Nov 26 14:02".</summary>
    public static string Clock(DateTimeOffset time, DateTimeOffset now) =>
        time.UtcDateTime.ToString(time.UtcDateTime.Date == now.UtcDateTime.Date ? "HH:mm" : (now - time).Duration() < TimeSpan.FromDays(300) ? "MMM d HH:mm" : "yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>"2026-11-27 14:02:05".</summary>
    public static string Full(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>"45 s", "18 min", "2 h 05 min", "3 days".</summary>
    public static string Span(TimeSpan span) =>
        span.TotalSeconds < 90 ? Invariant($"{span.TotalSeconds:0} s")
        : span.TotalMinutes < 90 ? Invariant($"{span.TotalMinutes:0} min")
        : span.TotalHours < 48 ? Invariant($"{(int)span.TotalHours} h {span.Minutes:00} min")
        : Invariant($"{(int)span.TotalDays} days");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
