using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <summary>One step; its identity is the event that made it, whatever becomes of its text and place.</summary>
public sealed class Step(string id, StepText text)
{
    public string Id => id;

    public StepText Text { get; internal set; } = text;

    /// <summary>The last time that it was begun; null where it never was.</summary>
    public Entry? Started { get; internal set; }

    /// <summary>How that ended.</summary>
    public StepEnded? Ended { get; internal set; }

    public bool IsDone => Ended is { AsExpected: true };

    public bool WasUnvetted => Started?.Data is StepStarted { Leave: Leave.Unvetted };
}

/// <summary>Ordered steps. Whoever vets it stands for this very text: the hash of it all.</summary>
public sealed class Plan
{
    private readonly PlanMade made;
    private readonly List<Step> steps = [];
    private readonly List<(Author By, Vetted Data)> vets = [];
    private readonly List<Author> authors = [];

    internal Plan(Entry entry, PlanMade made)
    {
        Entry = entry;
        this.made = made;
        authors.Add(entry.Author);
    }

    public Entry Entry { get; }

    public string Label => made.Label;

    public string Title => made.Title;

    public IReadOnlyList<Reference> Assumptions => made.Assumptions;

    public IReadOnlyList<Step> Steps => steps;

    /// <summary>All who wrote any part of it.</summary>
    public IReadOnlyList<Author> Authors => authors;

    /// <summary>SHA-256 of its title, assumptions and steps as JSON.</summary>
    public string Hash
    {
        get
        {
            using var memory = new MemoryStream();
            using (var json = new Utf8JsonWriter(memory))
            {
                json.WriteStartObject();
                json.WriteString("title", Title);
                json.WriteStartArray("assumptions");
                foreach (Reference assumption in Assumptions)
                    json.WriteStringValue(assumption.Id);
                json.WriteEndArray();
                json.WriteStartArray("steps");
                foreach (Step step in steps)
                    JsonSerializer.Serialize(json, step.Text, EventJson.Readable.StepText);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            return Convert.ToHexStringLower(Sha256.Hash(memory.GetBuffer().AsSpan(0, (int)memory.Length)));
        }
    }

    /// <summary>Who vetted it as it stands now; null where nobody did who isn't one of its authors.</summary>
    public Author? VettedBy
    {
        get
        {
            string hash = Hash;
            return vets.FirstOrDefault(vet => vet.Data.PlanHash == hash && !IsAuthor(vet.By)).By;
        }
    }

    /// <summary>Whether it was vetted once, and then changed.</summary>
    public bool WasVetted => vets.Count > 0 && VettedBy is null;

    public bool NeedsVet => steps.Any(step => step.Text.Risk == Risk.WritesSource);

    public bool IsAuthor(Author person) => authors.Any(person.IsSamePersonAs);

    /// <summary>The first step that is not done; null when all are.</summary>
    public Step? Next => steps.FirstOrDefault(step => !step.IsDone);

    internal void Set(Entry entry, StepSet set)
    {
        authors.Add(entry.Author);
        Step? step = set.Step is null ? new(entry.Id, set.Text) : steps.Find(one => one.Id == set.Step);
        if (step is null)
            return;
        step.Text = set.Text;
        steps.Remove(step);
        steps.Insert(Math.Clamp(set.Position - 1, 0, steps.Count), step);
    }

    internal void Remove(Entry entry, StepRemoved removed)
    {
        authors.Add(entry.Author);
        steps.RemoveAll(step => step.Id == removed.Step);
    }

    internal void Add(Entry entry, Vetted vetted) => vets.Add((entry.Author, vetted));

    internal void Begin(Entry entry, StepStarted started)
    {
        if (steps.Find(step => step.Id == started.Step) is { } step)
            (step.Started, step.Ended) = (entry, null);
    }

    internal void End(StepEnded ended, Entry entry)
    {
        if (steps.Find(step => step.Id == ended.Step) is { } step)
            (step.Started, step.Ended) = (step.Started ?? entry, ended);
    }
}
