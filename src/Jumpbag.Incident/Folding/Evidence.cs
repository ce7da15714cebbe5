using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

public sealed record Fact(string Name, Entry Entry, FactFound Data);

/// <param name="Verdict">The event that confirmed or refuted it; null while it is open.</param>
public sealed record Assumption(string Name, Entry Entry, Assumed Data)
{
    public Entry? Verdict { get; internal set; }

    public bool IsOpen => Verdict is null;

    public bool IsFalse => Verdict?.Data is Refuted;
}

/// <summary>What was seen, and what is only taken to be so until a fact says whether it is.</summary>
public sealed class Evidence(Labels labels)
{
    private readonly List<(string Label, Entry Entry, FactFound Data)> facts = [];
    private readonly List<(string Label, Entry Entry, Assumed Data)> assumptions = [];
    private readonly Dictionary<string, Entry> verdicts = [];

    public IReadOnlyList<Fact> Facts => [.. facts.Select(fact => new Fact(labels.Name(fact.Label, fact.Entry), fact.Entry, fact.Data))];

    public IReadOnlyList<Assumption> Assumptions =>
        [.. assumptions.Select(one => new Assumption(labels.Name(one.Label, one.Entry), one.Entry, one.Data) { Verdict = verdicts.GetValueOrDefault(one.Entry.Id) })];

    public Assumption? Find(string id) => Assumptions.FirstOrDefault(assumption => assumption.Entry.Id == id);

    public void Apply(Entry entry)
    {
        switch (entry.Data)
        {
            case FactFound fact:
                labels.Add(fact.Label, entry);
                facts.Add((fact.Label, entry, fact));
                break;
            case Assumed assumed:
                labels.Add(assumed.Label, entry);
                assumptions.Add((assumed.Label, entry, assumed));
                break;
            case Confirmed confirmed:
                verdicts[confirmed.Assumption.Id] = entry;
                break;
            case Refuted refuted:
                verdicts[refuted.Assumption.Id] = entry;
                break;
        }
    }
}
