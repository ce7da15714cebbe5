using Jumpbag.Core;
using Jumpbag.Incident.Events;

namespace Jumpbag.Incident.Journal;

/// <summary>What one journal of an incident lacks of another, and which heads then stand side by side.</summary>
public sealed class JournalMerge
{
    private JournalMerge(IReadOnlyList<Entry> missing, IReadOnlyList<string> heads, string? lastId)
    {
        Missing = missing;
        Heads = heads;
        LastId = lastId;
    }

    /// <summary>In an order in which each stands behind what it follows.</summary>
    public IReadOnlyList<Entry> Missing { get; }

    /// <summary>Of both together: events that no other follows. More than one need a merge event.</summary>
    public IReadOnlyList<string> Heads { get; }

    /// <summary>The highest id of both.</summary>
    public string? LastId { get; }

    /// <exception cref="UnsupportedException">They are not of one incident.</exception>
    public static JournalMerge Of(IReadOnlyList<Entry> ours, IReadOnlyList<Entry> theirs)
    {
        if (ours.Count > 0 && theirs.Count > 0 && ours[0].Data is Opened && theirs[0].Data is Opened && ours[0].Hash != theirs[0].Hash)
            throw new UnsupportedException("the two journals are not of one incident: their first events differ");
        var known = new HashSet<string>(ours.Select(entry => entry.Hash));
        Entry[] missing = [.. theirs.Where(entry => known.Add(entry.Hash))];
        var open = new List<string>();
        string? lastId = null;
        foreach (Entry entry in ours.Concat(missing))
        {
            open.Remove(entry.Prev);
            if (entry.Data is Merged merged)
                open.RemoveAll(merged.Heads.Contains);
            open.Add(entry.Hash);
            if (lastId is null || string.CompareOrdinal(entry.Id, lastId) > 0)
                lastId = entry.Id;
        }
        return new(missing, open, lastId);
    }

    /// <summary>The lines to append: what is missing, and a merge event where there are several heads.</summary>
    public IReadOnlyList<Entry> Lines(string? ourHead, Author author, string host)
    {
        if (Heads.Count < 2)
            return Missing;
        string prev = ourHead is not null && Heads.Contains(ourHead) ? ourHead : Heads[^1];
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return [.. Missing, EntryLine.Make(EventId.Next(LastId, now), prev, now, null, author, host, new Merged([.. Heads.Where(head => head != prev)], Missing.Count))];
    }
}
