using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incidents;

/// <summary>All incidents of this machine that can be read; of the others it is told.</summary>
internal static class PastIncidents
{
    public static IEnumerable<IncidentState> All(Desk desk)
    {
        foreach (string path in IncidentPlaces.All(desk.JournalFolder))
            if (TryRead(path, desk.Session.Events) is { } state)
                yield return state;
    }

    private static IncidentState? TryRead(string path, EventSink events)
    {
        try
        {
            IReadOnlyList<Entry> entries = IncidentPlaces.Journal(path).Read();
            return IncidentState.Of(entries, path);
        }
        catch (JumpbagException e)
        {
            events(new Warning(e.Message, e.Hint));
            return null;
        }
    }
}
