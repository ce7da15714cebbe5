using Jumpbag.Incident.Events;

namespace Jumpbag.Incident.Journal;

/// <param name="Line">From 1; null of the journal as a whole.</param>
public sealed record ChainProblem(int? Line, string Text)
{
    public override string ToString() => Line is null ? Text : $"line {Line}: {Text}";
}

/// <summary>
/// Looks whether a journal is what was written. A line's hash tells whether it was changed, and the prev of each tells
/// whether one is missing or was moved. A tail that was cut off shows only against a head that was kept elsewhere.
/// </summary>
public sealed class ChainCheck
{
    private readonly List<ChainProblem> problems = [];
    private readonly Dictionary<string, int> places = [];
    private readonly Dictionary<string, string> ids = [];
    private readonly List<string> open = [];
    private readonly List<string> order = [];

    private ChainCheck()
    {
    }

    public IReadOnlyList<ChainProblem> Problems => problems;

    public int Events => order.Count;

    /// <summary>The hash of the last event; null where there is none.</summary>
    public string? Head => order.Count == 0 ? null : order[^1];

    /// <param name="heads">Heads that were kept elsewhere, or their first eight characters or more.</param>
    public static ChainCheck Of(JournalLines lines, params IReadOnlyList<string> heads)
    {
        var check = new ChainCheck();
        check.Index(lines);
        for (int i = 0; i < lines.Whole.Count; i++)
            check.Look(i + 1, lines.Whole[i]);
        check.Branches();
        if (!lines.Tail.IsEmpty)
            check.problems.Add(new(lines.Whole.Count + 1, $"a torn last line of {lines.Tail.Length} bytes; it is set aside when the next event is written"));
        foreach (string head in heads)
            if (check.EventsSince(head) is null)
                check.problems.Add(new(null, $"the head {head} is not in it: its end was cut off, or it is another journal"));
        return check;
    }

    /// <summary>How many events stand behind a head, or behind the one whose hash begins so; null where it is not there.</summary>
    public int? EventsSince(string head)
    {
        int at = order.FindLastIndex(hash => hash.StartsWith(head, StringComparison.OrdinalIgnoreCase));
        return at < 0 ? null : order.Count - 1 - at;
    }

    private void Index(JournalLines lines)
    {
        for (int i = 0; i < lines.Whole.Count; i++)
            if (EntryLine.HashOf(lines.Whole[i].Span) is { } hash)
                places.TryAdd(hash, i + 1);
    }

    private void Look(int number, ReadOnlyMemory<byte> line)
    {
        if (EntryLine.Parse(line) is not { } entry)
        {
            problems.Add(new(number, "is no event"));
            return;
        }
        if (EntryLine.ContentHash(line.Span) != entry.Hash)
            problems.Add(new(number, "was changed: its hash is not that of its content"));
        if (ids.ContainsKey(entry.Hash))
        {
            problems.Add(new(number, "stands there twice"));
            return;
        }
        if (entry.Prev != EntryLine.Genesis)
            Follows(number, entry, entry.Prev);
        else if (order.Count > 0 && entry.Data is Opened)
            // Other events may begin a chain of their own, while the journal was not there; a merge closes that.
            problems.Add(new(number, "begins another journal"));
        if (entry.Prev != EntryLine.Genesis && order.Count == 0 && number == 1)
            problems.Add(new(number, "is not the first event of a journal: those before it are missing"));
        open.Remove(entry.Prev);
        foreach (string head in entry.Data is Merged merged ? merged.Heads : [])
        {
            Follows(number, entry, head);
            open.Remove(head);
        }
        ids.Add(entry.Hash, entry.Id);
        open.Add(entry.Hash);
        order.Add(entry.Hash);
    }

    private void Follows(int number, Entry entry, string before)
    {
        if (ids.TryGetValue(before, out string? id))
        {
            if (string.CompareOrdinal(entry.Id, id) <= 0)
                problems.Add(new(number, "its id is not above that of the event before it"));
        }
        else if (places.TryGetValue(before, out int later))
        {
            problems.Add(new(number, $"was moved: the event before it stands in line {later}"));
        }
        else if (number > 1)
        {
            problems.Add(new(number, "the event before it is missing"));
        }
    }

    private void Branches()
    {
        if (open.Count > 1 && problems.Count == 0)
            problems.Add(new(null, $"{open.Count} branches that no merge closes, at lines {string.Join(", ", open.Select(hash => places[hash]))}: a merge was interrupted ('incident merge' again ends it), or a line was put in"));
    }
}
