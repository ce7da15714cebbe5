using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <summary>One patient, with all its tags, the last of which counts.</summary>
public sealed class Patient(string name)
{
    private readonly List<Entry> history = [];

    public string Name => name;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<Entry> History => history;

    public Triaged Now => (Triaged)history[^1].Data;

    /// <summary>Since when it has its tag.</summary>
    public DateTimeOffset Since => history.Skip(history.FindLastIndex(entry => ((Triaged)entry.Data).Tag != Now.Tag) + 1).First().When;

    /// <summary>Whether a patient that was given up is to be looked at again.</summary>
    public bool IsDue(DateTimeOffset now) => Now.Revisit is { } revisit && revisit <= now;

    internal void Add(Entry entry) => history.Add(entry);
}

/// <summary>Hosts, services and volumes, the one to treat next on top.</summary>
public sealed class TriageList
{
    private readonly Dictionary<string, Patient> patients = new(StringComparer.Ordinal);

    /// <summary>Red first; then those whose time to be looked at again has come; within a tag the one that has waited longest.</summary>
    public IReadOnlyList<Patient> Sorted(DateTimeOffset now) =>
        [.. patients.Values.OrderBy(patient => patient.Now.Tag == TriageTag.Red ? 0 : patient.IsDue(now) ? 1 : 2).ThenBy(patient => patient.Now.Tag).ThenBy(patient => patient.Since)];

    public Patient? Find(string name) => patients.GetValueOrDefault(name);

    public void Apply(Entry entry)
    {
        if (entry.Data is not Triaged triaged)
            return;
        if (!patients.TryGetValue(triaged.Patient, out Patient? patient))
            patients.Add(triaged.Patient, patient = new(triaged.Patient));
        patient.Add(entry);
    }
}
