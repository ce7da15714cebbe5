using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Board.Feed;

/// <summary>Writes an event for someone, and tells those who want to be notified.</summary>
public delegate Entry AppendEvent(Author author, Func<IncidentState, EventData> make);

/// <summary>All that the board does with a journal: follow it, add to it, take in another's lines.</summary>
public sealed class BoardJournal(FileJournal journal, AppendEvent append)
{
    private static readonly TimeSpan FallbackPause = TimeSpan.FromSeconds(1);

    private readonly HashSet<string> known = [];
    private long offset;
    private DateTimeOffset nextFallback;

    public string Path => journal.Path;

    /// <summary>Whether the file is shorter than it was: its end was cut off.</summary>
    public bool IsCut { get; private set; }

    /// <summary>The events that came since the last call, in the order of the file, then those that wait in fallbacks. For one thread.</summary>
    public IReadOnlyList<Entry> Follow(DateTimeOffset now)
    {
        (IReadOnlyList<Entry> entries, offset) = journal.ReadFrom(offset);
        IsCut = offset > 0 && (!File.Exists(journal.Path) || new FileInfo(journal.Path).Length < offset);
        IEnumerable<Entry> all = entries;
        if (now >= nextFallback)
        {
            nextFallback = now + FallbackPause;
            if (journal.Pending.Count > 0)
                all = all.Concat(journal.Read());
        }
        return [.. all.Where(entry => known.Add(entry.Hash))];
    }

    public Entry Append(Author author, Func<IncidentState, EventData> make) => append(author, make);

    /// <summary>The number of new events.</summary>
    public int Merge(IReadOnlyList<Entry> theirs, Author bringer) => journal.Merge(theirs, bringer);

    /// <summary>The lines behind a byte of the file, and the byte to go on from.</summary>
    public (IReadOnlyList<Entry> Entries, long Next) ReadFrom(long from) => journal.ReadFrom(from);
}
