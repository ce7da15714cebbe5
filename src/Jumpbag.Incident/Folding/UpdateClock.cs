using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <summary>When those outside hear next.</summary>
public sealed class UpdateClock(TimeSpan? every)
{
    private TimeSpan? interval = every;

    public Entry? Last { get; private set; }

    /// <summary>Null where nobody waits for one.</summary>
    public DateTimeOffset? Next { get; private set; }

    public TimeSpan? Interval => interval;

    public void Apply(Entry entry)
    {
        switch (entry.Data)
        {
            case Opened opened:
                interval = opened.UpdateMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null;
                Next = entry.When + interval;
                break;
            case Updated updated:
                Last = entry;
                Next = updated.Next ?? entry.When + interval;
                break;
            case Closed:
                Next = null;
                break;
            case Reopened:
                Next = entry.When + interval;
                break;
        }
    }
}
