using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <summary>Roles that were handed on and not taken yet.</summary>
public sealed class HandoffList(Labels labels)
{
    private readonly Dictionary<string, Entry> open = [];

    public IReadOnlyCollection<Entry> Open => open.Values;

    public void Apply(Entry entry)
    {
        switch (entry.Data)
        {
            case HandedOff handoff:
                labels.Add(handoff.Label, entry);
                open[entry.Id] = entry;
                break;
            case Accepted accepted:
                open.Remove(accepted.Handoff.Id);
                break;
        }
    }
}
