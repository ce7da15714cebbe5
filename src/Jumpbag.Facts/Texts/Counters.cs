using System.Globalization;

namespace Jumpbag.Facts.Texts;

/// <summary>Files of the kernel that have a name and a number on each line: meminfo, vmstat; and tables such as netstat's, of a line of names over a line of numbers.</summary>
public static class Counters
{
    /// <summary>"MemTotal:  16303428 kB", "oom_kill 3": the first number of each line.</summary>
    public static Dictionary<string, long> Of(string text)
    {
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (string line in text.Split('\n'))
            if (line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [var name, var value, ..] && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
                found[name.TrimEnd(':')] = number;
        return found;
    }

    /// <summary>"TcpExt: SyncookiesSent ListenOverflows" above "TcpExt: 0 12" gives TcpExt.ListenOverflows = 12.</summary>
    public static Dictionary<string, long> OfTable(string text)
    {
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        string[] lines = text.Split('\n');
        for (int i = 0; i + 1 < lines.Length; i++)
        {
            string[] names = lines[i].Split(' '), values = lines[i + 1].Split(' ');
            if (names.Length != values.Length || names.Length < 2 || names[0] != values[0])
                continue;
            for (int j = 1; j < names.Length; j++)
                if (long.TryParse(values[j], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
                    found[$"{names[0].TrimEnd(':')}.{names[j]}"] = number;
            i++;
        }
        return found;
    }
}
