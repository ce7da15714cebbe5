using Jumpbag.Core;

namespace Jumpbag.Host.Configuration;

/// <summary>A table of the configuration. Who reads it takes the keys that he knows, and then has the others refused.</summary>
public sealed class ConfigTable(string path, string name, int line)
{
    private readonly Dictionary<string, (object Value, int Line)> values = [];
    private readonly HashSet<string> known = [];

    /// <summary>"copies.closet"; "" of the whole file.</summary>
    public string Name => name;

    /// <summary>The file.</summary>
    public string Path => path;

    internal int Line => line;

    public string? Text(string key) => Take(key) switch
    {
        null => null,
        string text => text,
        _ => throw Wrong(key, "must be a text", $"{key} = \"…\""),
    };

    /// <summary>A list of texts; a single one is a list of one.</summary>
    public IReadOnlyList<string>? Texts(string key) => Take(key) switch
    {
        null => null,
        string text => [text],
        List<object> list when list.All(item => item is string) => [.. list.Cast<string>()],
        _ => throw Wrong(key, "must be a list of texts", $"{key} = [\"…\", \"…\"]"),
    };

    public IReadOnlyList<double>? Numbers(string key) => Take(key) switch
    {
        null => null,
        List<object> list when list.All(item => item is long or double) => [.. list.Select(item => item is long whole ? whole : (double)item)],
        _ => throw Wrong(key, "must be a list of numbers", $"{key} = [1.5, 2]"),
    };

    public int? Count(string key) => Take(key) switch
    {
        null => null,
        long number and >= 0 and <= int.MaxValue => (int)number,
        _ => throw Wrong(key, "must be a whole number from 0 on", $"{key} = 2"),
    };

    public bool? Flag(string key) => Take(key) switch
    {
        null => null,
        bool flag => flag,
        _ => throw Wrong(key, "must be true or false"),
    };

    public TimeSpan? Duration(string key) => Text(key) is not { } text ? null
        : Durations.Parse(text) ?? throw Wrong(key, $"'{text}' is no span of time", "such as \"90s\", \"30m\", \"24h\", \"7d\", \"4w\", \"1y\"");

    public ConfigTable? Table(string key) => Take(key) switch
    {
        null => null,
        ConfigTable table => table,
        _ => throw Wrong(key, "must be a table", $"[{(name.Length == 0 ? "" : name + ".")}{key}]"),
    };

    /// <summary>The tables in this one with their keys, in the order of the file.</summary>
    public IEnumerable<(string Key, ConfigTable Table)> Tables()
    {
        foreach (string key in values.Keys)
            yield return (key, Table(key)!);
    }

    /// <summary>To be called when everything that is known was taken.</summary>
    /// <exception cref="UsageException">Something else stands there.</exception>
    public void RefuseUnknown()
    {
        foreach (string key in values.Keys)
            if (!known.Contains(key))
                throw Wrong(key, "there is no such key", known.MinBy(one => Distance(one, key)) is { } near && Distance(near, key) <= 2 ? $"did you mean {near}?" : $"known here: {string.Join(", ", known.Order(StringComparer.Ordinal))}");
    }

    /// <summary>A mistake at a key, or in the table as a whole, with its line.</summary>
    public UsageException Wrong(string? key, string message, string? hint = null)
    {
        int at = key is not null && values.TryGetValue(key, out (object Value, int Line) there) ? there.Line : line;
        string what = key is null ? name : name.Length == 0 ? key : $"{name}: {key}";
        return new($"{path}{(at > 0 ? $":{at}" : "")}: {what}: {message}", hint);
    }

    /// <summary>The table under that key of which a part was met before; null where there is none.</summary>
    internal ConfigTable? Begun(string key) => values.TryGetValue(key, out (object Value, int Line) there) ? there.Value as ConfigTable : null;

    internal void Add(string key, object value, int at) => values.Add(key, (value, at));

    private object? Take(string key)
    {
        known.Add(key);
        return values.TryGetValue(key, out (object Value, int Line) there) ? there.Value : null;
    }

    /// <summary>Letters to change from one word to the other (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }
}
