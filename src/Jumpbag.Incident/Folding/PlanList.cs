using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

public sealed class PlanList(Labels labels, Evidence evidence)
{
    private readonly Dictionary<string, Plan> plans = [];

    public IReadOnlyList<Plan> All => [.. plans.Values];

    /// <summary>The one that is meant where none is named; null where there is none.</summary>
    public Plan? Latest => plans.Values.LastOrDefault();

    public Plan Of(Entry entry) => plans[entry.Id];

    public string Name(Plan plan) => labels.Name(plan.Label, plan.Entry);

    /// <summary>What it rests on, as that stands now.</summary>
    public IEnumerable<Assumption> AssumptionsOf(Plan plan) => plan.Assumptions.Select(reference => evidence.Find(reference.Id)).OfType<Assumption>();

    public void Apply(Entry entry)
    {
        switch (entry.Data)
        {
            case PlanMade made:
                labels.Add(made.Label, entry);
                plans[entry.Id] = new(entry, made);
                break;
            case StepSet set when plans.TryGetValue(set.Plan.Id, out Plan? plan):
                plan.Set(entry, set);
                break;
            case StepRemoved removed when plans.TryGetValue(removed.Plan.Id, out Plan? plan):
                plan.Remove(entry, removed);
                break;
            case Vetted vetted when plans.TryGetValue(vetted.Plan.Id, out Plan? plan):
                plan.Add(entry, vetted);
                break;
            case StepStarted started when plans.TryGetValue(started.Plan.Id, out Plan? plan):
                plan.Begin(entry, started);
                break;
            case StepEnded ended when plans.TryGetValue(ended.Plan.Id, out Plan? plan):
                plan.End(ended, entry);
                break;
        }
    }
}
