using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <summary>What people put right of what they wrote themselves. Another's correction of it is a note and no more.</summary>
public sealed class Corrections
{
    private readonly Dictionary<string, List<Entry>> byEvent = [];

    private Corrections()
    {
    }

    public static Corrections Of(IEnumerable<Entry> entries)
    {
        var all = new Corrections();
        var authors = new Dictionary<string, Author>();
        foreach (Entry entry in entries)
        {
            authors[entry.Id] = entry.Author;
            if (entry.Data is not Corrected corrected || !authors.TryGetValue(corrected.Event, out Author? author) || !author.IsSamePersonAs(entry.Author))
                continue;
            if (!all.byEvent.TryGetValue(corrected.Event, out List<Entry>? list))
                all.byEvent.Add(corrected.Event, list = []);
            list.Add(entry);
        }
        return all;
    }

    /// <summary>The corrections of an event, oldest first.</summary>
    public IReadOnlyList<Entry> For(Entry entry) => byEvent.TryGetValue(entry.Id, out List<Entry>? list) ? list : [];

    /// <summary>The event as it counts now; null where it was withdrawn.</summary>
    public Entry? Apply(Entry entry)
    {
        foreach (Entry correction in For(entry))
        {
            var corrected = (Corrected)correction.Data;
            // What opened the incident can be put right, and not be taken away.
            if (corrected.Withdrawn && entry.Data is not Opened)
                return null;
            entry = entry with
            {
                At = corrected.At ?? entry.At,
                Data = corrected.Text is { } text && entry.Data.WithText(text) is { } data ? data : entry.Data,
            };
        }
        return entry;
    }
}
