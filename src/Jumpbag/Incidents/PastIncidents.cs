using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents;

/// <summary>All incidents of this machine and of the stores that are known here, as far as they can be read; of the others it is told.</summary>
internal static class PastIncidents
{
    public static IEnumerable<IncidentState> All(Desk desk)
    {
        EventSink events = desk.Session.Events;
        FileJournal[] own = [.. IncidentPlaces.All(desk.JournalFolder).Select(IncidentPlaces.Journal)];
        // The one that is wanted, and those that incidents of this machine are in; each is asked once.
        IEventStore[] stores = [.. own.Select(journal => journal.Store).Prepend(IncidentStores.Wanted(desk.Parsed, events)).OfType<IEventStore>().DistinctBy(store => store.Place)];
        var stored = new Dictionary<string, (IEventStore Store, StoredJournal Journal)>(StringComparer.Ordinal);
        foreach (IEventStore store in stores)
            foreach (StoredJournal journal in IncidentStores.Journals(store, events))
                stored.TryAdd(journal.Journal, (store, journal));
        var all = new List<IncidentState>();
        foreach (FileJournal journal in own)
        {
            if (journal.Store is not null && journal.FirstHash is { } first && stored.Remove(first, out var there) && there.Journal.Last > journal.StoreNumber)
                new Recorder(journal, events).Sync();
            if (TryRead(journal.Read, journal.Path, events) is { } state)
                all.Add(state);
        }
        foreach ((IEventStore store, StoredJournal journal) in stored.Values)
            if (TryRead(() => Lines(store, journal.Journal), store.Place, events) is { } state)
                all.Add(state);
        return all.OrderBy(state => state.Opened.Id, StringComparer.Ordinal);
    }

    private static Entry[] Lines(IEventStore store, string journal)
    {
        using IStoreSession session = store.Connect(IncidentStores.Patience);
        return [.. JournalReader.Entries(session.Read(journal, 1).Select(row => row.Line))];
    }

    private static IncidentState? TryRead(Func<IReadOnlyList<Entry>> read, string place, EventSink events)
    {
        try
        {
            return IncidentState.Of(read(), place);
        }
        catch (PlaceException e)
        {
            events(new Warning(Printable.Line(e.Message)));
        }
        catch (JumpbagException e)
        {
            events(new Warning(e.Message, e.Hint));
        }
        return null;
    }
}
