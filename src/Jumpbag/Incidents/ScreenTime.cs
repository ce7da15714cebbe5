using System.Globalization;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents;

/// <summary>Times on the screen: UTC, the day only where it is another one.</summary>
internal static class ScreenTime
{
    public static string Of(DateTimeOffset time) => time.UtcDateTime.Date == DateTime.UtcNow.Date
        ? time.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture) : time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>"in 12 min", "5 min ago".</summary>
    public static string Distance(DateTimeOffset time, DateTimeOffset now) =>
        time > now ? $"in {TimeWords.Duration(time - now)}" : $"{TimeWords.Duration(now - time)} ago";
}
