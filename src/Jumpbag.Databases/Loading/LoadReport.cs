using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading;

/// <summary>What a load did that is not told by the tables themselves. Filled from any thread.</summary>
public sealed class LoadReport
{
    private readonly Lock gate = new();
    private readonly List<string> skipped = [], notes = [];
    private readonly SortedDictionary<string, int> left = new(StringComparer.Ordinal);

    /// <summary>Statements that the server refused and --on-error skip passed over, each as one line.</summary>
    public IReadOnlyList<string> Skipped
    {
        get
        {
            lock (gate)
                return [.. skipped];
        }
    }

    /// <summary>What was left out on purpose, by rule, with how often.</summary>
    public IReadOnlyDictionary<string, int> LeftOut
    {
        get
        {
            lock (gate)
                return new SortedDictionary<string, int>(left, StringComparer.Ordinal);
        }
    }

    /// <summary>What the person should know of the result.</summary>
    public IReadOnlyList<string> Notes
    {
        get
        {
            lock (gate)
                return [.. notes];
        }
    }

    public void Note(string line)
    {
        lock (gate)
            notes.Add(line);
    }

    public void Skip(string line)
    {
        lock (gate)
            skipped.Add(line);
    }

    public void LeaveOut(string rule)
    {
        lock (gate)
            left[rule] = left.GetValueOrDefault(rule) + 1;
    }

    /// <summary>"orders, line 812, byte 1048576: INSERT INTO `orders` VALUES (1,'a…: error 1062 (23000): Duplicate entry …"</summary>
    public static string Describe(DumpStatement statement, string reason)
    {
        const int Shown = 80;
        ReadOnlySpan<byte> text = statement.Text.Span;
        ReadOnlySpan<byte> shown = BeforeSecret(text[..Math.Min(text.Length, Shown)]);
        string start = new Core.ByteString(shown).ToString() + (text.Length > shown.Length ? "…" : "");
        string about = (statement.Table ?? statement.Name) is { } name ? $"{name}, " : "";
        return $"{about}line {statement.Line}, byte {statement.Offset}: {start}: {reason}";
    }

    /// <summary>What stands before a password: CREATE USER … IDENTIFIED BY, ALTER ROLE … PASSWORD, CREATE SUBSCRIPTION … CONNECTION. Rows are not looked through.</summary>
    private static ReadOnlySpan<byte> BeforeSecret(ReadOnlySpan<byte> text)
    {
        string words = System.Text.Encoding.Latin1.GetString(text);
        if (words.StartsWith("INSERT", StringComparison.OrdinalIgnoreCase) || words.StartsWith("COPY", StringComparison.OrdinalIgnoreCase))
            return text;
        int end = text.Length;
        foreach (string word in (ReadOnlySpan<string>)["IDENTIFIED", "PASSWORD", "CONNECTION"])
            if (words.IndexOf(word, StringComparison.OrdinalIgnoreCase) is >= 0 and var at)
                end = Math.Min(end, at + word.Length);
        return text[..end];
    }
}
