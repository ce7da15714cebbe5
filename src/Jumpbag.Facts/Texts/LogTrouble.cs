using System.Text.RegularExpressions;

namespace Jumpbag.Facts.Texts;

/// <summary>Which lines of plain log files, where no priority is kept, tell of errors.</summary>
public static partial class LogTrouble
{
    public static bool Is(LogLine line) => Words().IsMatch(line.Text) && !Harmless().IsMatch(line.Text);

    [GeneratedRegex(@"\b(error|errors|failed|failure|fatal|panic|critical|segfault|out of memory|oom-killer|no space left|read-only file ?system|corrupt(ed|ion)?|cannot allocate|core[- ]dumped|timed out|i/o error|denied by|too many open files)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Words();

    [GeneratedRegex(@"\b(0 errors|no errors?|error=0|errors=0|failed=0|without errors?|errors: 0|errors=remount-ro|failed password|authentication failure)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Harmless();
}
