using Jumpbag.Incident.Events;

namespace Jumpbag.Incident.Journal;

/// <summary>
/// What a store and a machine's copy lack of each other, and the lines that bring them together. The last line of a store follows from all
/// that stands above it, since whatever is added under its lock goes on there; so only the copy can have branches.
/// </summary>
internal sealed class StoreExchange
{
    private readonly List<Entry> sending = [];
    private readonly List<Entry> copying;
    private readonly long number;

    private StoreExchange(IReadOnlyList<Entry> pulled, IReadOnlyList<Entry> unsent, Entry? last, long number)
    {
        (Pulled, Unsent, Tip, this.number) = (pulled, unsent, last, number);
        copying = [.. pulled];
    }

    /// <summary>Of the store, what the copy lacks.</summary>
    public IReadOnlyList<Entry> Pulled { get; }

    /// <summary>Of the copy, what the store lacks.</summary>
    public IReadOnlyList<Entry> Unsent { get; }

    /// <summary>The event that the next one follows; null where there is none.</summary>
    public Entry? Tip { get; private set; }

    /// <summary>What is to be added to the store, from <see cref="Number"/> on.</summary>
    public IReadOnlyList<Entry> Sending => sending;

    public long Number => number + 1;

    /// <summary>What is to be added to the copy: also where sending fails, for it may have come to pass.</summary>
    public IReadOnlyList<Entry> Copying => copying;

    /// <summary>The number of the store's last line when all was sent.</summary>
    public long Last => number + sending.Count;

    /// <param name="rows">From the position's line on.</param>
    /// <param name="copy">What the copy has behind the position.</param>
    /// <returns>Null where the store hasn't the position's line: it was cut, or is another. Then all of both is to be compared.</returns>
    public static StoreExchange? Of(IReadOnlyList<StoredLine> rows, StorePosition at, IReadOnlyList<Entry> copy)
    {
        if (at.Number > 0 && (rows.Count == 0 || rows[0].Number != at.Number || EntryLine.HashOf(rows[0].Line.Span) != at.Head))
            return null;
        Entry[] stored = [.. rows.Select(row => EntryLine.Parse(row.Line)).OfType<Entry>()];
        var inStore = new HashSet<string>(stored.Select(entry => entry.Hash));
        var inCopy = new HashSet<string>(copy.Select(entry => entry.Hash)) { at.Head };
        return new([.. stored.Where(entry => inCopy.Add(entry.Hash))], [.. copy.Where(entry => inStore.Add(entry.Hash))], stored.LastOrDefault(), rows.Count == 0 ? 0 : rows[^1].Number);
    }

    /// <summary>Sends what is unsent, with a merge event where the store has gone on meanwhile.</summary>
    public void Join(Author author, string host)
    {
        IReadOnlyList<Entry> lines = JournalMerge.Of(Tip is null ? [] : [Tip], Unsent).Lines(Tip?.Hash, author, host);
        sending.AddRange(lines);
        copying.AddRange(lines.Skip(Unsent.Count));
        Tip = sending.Count > 0 ? sending[^1] : Tip;
    }

    public Entry Add(EventData data, Author author, string host, DateTimeOffset? at)
    {
        Tip = EntryLine.After(Tip, at, author, host, data);
        sending.Add(Tip);
        copying.Add(Tip);
        return Tip;
    }
}
