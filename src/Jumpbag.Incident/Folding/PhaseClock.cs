using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <summary>The seven steps and their times. A step begins by a stamp, or by what happens.</summary>
public sealed class PhaseClock
{
    private static readonly Phase[] All = Enum.GetValues<Phase>();

    private readonly Dictionary<Phase, DateTimeOffset> begun = [];
    private readonly Dictionary<Phase, Entry> done = [];
    private DateTimeOffset opened;
    private Phase? latest;

    /// <summary>The step that people are at: the last that began, or, when that is done, the first that isn't. Null when all are done.</summary>
    public Phase? Current => latest is { } last && !done.ContainsKey(last) ? last : All.Cast<Phase?>().FirstOrDefault(phase => !done.ContainsKey(phase!.Value));

    public TimeSpan? ToBleedingStopped => Until(Phase.Bleeding);

    public TimeSpan? ToCause => Until(Phase.Cause);

    /// <summary>Until watching the results ended.</summary>
    public TimeSpan? ToStable => Until(Phase.Monitor);

    public TimeSpan? ToReviewed => Until(Phase.Review);

    public DateTimeOffset? Begun(Phase phase) => begun.TryGetValue(phase, out DateTimeOffset time) ? time : null;

    /// <summary>The stamp that ended it; its text says what stopped the bleeding, or what the cause was.</summary>
    public Entry? Done(Phase phase) => done.GetValueOrDefault(phase);

    public string? TextOf(Phase phase) => (Done(phase)?.Data as PhaseStamped)?.Text;

    public void Apply(Entry entry)
    {
        switch (entry.Data)
        {
            case Opened:
                opened = entry.When;
                Begin(Phase.Bleeding, entry);
                break;
            case PhaseStamped { Done: false } stamp:
                done.Remove(stamp.Phase);
                Begin(stamp.Phase, entry);
                break;
            case PhaseStamped stamp:
                begun.TryAdd(stamp.Phase, entry.When);
                done[stamp.Phase] = entry;
                break;
            case PlanMade or StepSet:
                BeginOnce(Phase.Plan, entry);
                break;
            case Vetted:
                BeginOnce(Phase.Vet, entry);
                break;
            case StepStarted:
                BeginOnce(Phase.Execute, entry);
                // A step that reads may have begun it before the plan was vetted.
                latest = Phase.Execute;
                break;
            case Monitored:
                BeginOnce(Phase.Monitor, entry);
                break;
        }
    }

    private void BeginOnce(Phase phase, Entry entry)
    {
        if (!begun.ContainsKey(phase))
            Begin(phase, entry);
    }

    private void Begin(Phase phase, Entry entry)
    {
        begun[phase] = entry.When;
        latest = phase;
    }

    private TimeSpan? Until(Phase phase) => Done(phase) is { } end ? end.When - opened : null;
}
