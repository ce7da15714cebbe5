using System.Text;
using Jumpbag.Facts.Files;

namespace Jumpbag.Facts.Texts;

/// <summary>Messages that differ in their numbers only, as one: how often they came, and when last.</summary>
public sealed class MessageGroups
{
    private const int Most = 2000, KeyLength = 80;

    private readonly Dictionary<string, Group> groups = new(StringComparer.Ordinal);

    public sealed class Group
    {
        public required string Text { get; set; }

        public int Level { get; set; }

        public int Count { get; set; }

        public DateTimeOffset First { get; set; }

        public DateTimeOffset Last { get; set; }
    }

    /// <summary>The most frequent of the worst first.</summary>
    public IEnumerable<Group> Worst => groups.Values.OrderBy(group => group.Level).ThenByDescending(group => group.Last).ThenByDescending(group => group.Count);

    public int Kinds => groups.Count;

    public int Messages => groups.Values.Sum(group => group.Count);

    /// <param name="level">The lower, the worse, as syslog counts.</param>
    public void Add(string text, int level, DateTimeOffset time)
    {
        string key = Pattern(text);
        if (!groups.TryGetValue(key, out Group? group))
        {
            if (groups.Count >= Most)
                return;
            groups.Add(key, group = new() { Text = text, Level = level, First = time });
        }
        group.Count++;
        group.Level = Math.Min(group.Level, level);
        if (time >= group.Last)
            (group.Last, group.Text) = (time, text);
    }

    /// <summary>"12 times, last 14:02"; with one "14:02".</summary>
    public static string Times(Group group, DateTimeOffset now) =>
        group.Count == 1 ? Since.Clock(group.Last, now) : $"{group.Count} times, last {Since.Clock(group.Last, now)}";

    public static string Shown(string text, int most = 160)
    {
        string line = text.Trim().ReplaceLineEndings(" ");
        return FilesExtensions.Shown(line.Length > most ? line[..most] + "…" : line);
    }

    /// <summary>Numbers, decimal or not, become one sign.</summary>
    internal static string Pattern(string text)
    {
        var pattern = new StringBuilder(Math.Min(text.Length, KeyLength));
        bool inNumber = false;
        for (int i = 0; i < text.Length && pattern.Length < KeyLength; i++)
        {
            char c = text[i];
            bool digit = char.IsAsciiDigit(c) || (inNumber && char.IsAsciiHexDigit(c)) || (c == 'x' && inNumber);
            if (digit && !inNumber)
                pattern.Append('#');
            else if (!digit)
                pattern.Append(c);
            inNumber = digit;
        }
        return pattern.ToString();
    }
}
