using System.Globalization;

namespace Jumpbag.Facts.Texts;

/// <summary>/proc/PID/stat (proc(5)): "1234 (a name) D 1 …". The name may hold anything, so the last parenthesis counts.</summary>
public sealed record ProcessStat(int Id, string Command, char State)
{
    public static ProcessStat? Parse(string text)
    {
        int open = text.IndexOf('(', StringComparison.Ordinal), close = text.LastIndexOf(')');
        return open > 0 && close > open && close + 2 < text.Length && int.TryParse(text.AsSpan(0, open).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? new(id, text[(open + 1)..close], text[close + 2]) : null;
    }
}
