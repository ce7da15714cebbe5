using System.Globalization;

namespace Jumpbag.Facts.Texts;

/// <summary>A line of a log file: "Nov 27 04:10:12 db3 sshd[123]: text", with an RFC 3339 time in front, or as journalctl -o short-iso gives it.</summary>
/// <param name="Program">"sshd"; "" where the line names none.</param>
public sealed record LogLine(DateTimeOffset Time, string Program, string Text)
{
    /// <summary>Who said what: "sshd: text".</summary>
    public string Said => Program.Length == 0 ? Text : $"{Program}: {Text}";

    /// <param name="end">The log's last moment: lines without a year belong to the year before it.</param>
    /// <param name="zone">In which lines without an offset are written.</param>
    public static LogLine? Parse(string line, DateTimeOffset end, TimeZoneInfo zone)
    {
        if (Stamp(line, end, zone, out int rest) is not { } time)
            return null;
        // Host, then "program[123]:".
        string[] words = line[rest..].TrimStart().Split(' ', 3);
        if (words.Length < 3 || !words[1].EndsWith(':'))
            return new(time, "", line[rest..].Trim());
        string program = words[1].TrimEnd(':');
        int bracket = program.IndexOf('[', StringComparison.Ordinal);
        return new(time, bracket > 0 ? program[..bracket] : program, words[2].Trim());
    }

    /// <summary>A time at the beginning, in one of the ways that logs have.</summary>
    public static DateTimeOffset? Stamp(string line, DateTimeOffset end, TimeZoneInfo zone, out int length)
    {
        length = 0;
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        if (space > 18 && char.IsAsciiDigit(line[0]) && DateTimeOffset.TryParse(line.AsSpan(0, space), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset whole))
        {
            length = space;
            return whole;
        }
        if (line.Length > 19 && line[4] == '-' && DateTime.TryParseExact(line.AsSpan(0, 19), ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime local))
        {
            length = 19;
            return InZone(local, zone);
        }
        if (line.Length <= 15 || !DateTime.TryParseExact($"{end.Year} {line[..15].Replace("  ", " 0", StringComparison.Ordinal)}", "yyyy MMM dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime day))
            return null;
        length = 15;
        DateTimeOffset time = InZone(day, zone);
        return time > end.AddDays(2) ? InZone(day.AddYears(-1), zone) : time;
    }

    public static DateTimeOffset InZone(DateTime time, TimeZoneInfo zone)
    {
        time = DateTime.SpecifyKind(time, DateTimeKind.Unspecified);
        // In the hour that summer time leaves out nothing was logged; a clock that was set may say so still.
        return new(time, zone.IsInvalidTime(time) ? zone.BaseUtcOffset : zone.GetUtcOffset(time));
    }
}
