using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Tests.Unit.Incident;

public sealed class StateTests
{
    private static readonly Author Anna = new("anna", 1000, "login"), Ben = new("ben", 1001, "sudo");
    private static readonly DateTimeOffset Start = new(2026, 11, 27, 4, 0, 0, TimeSpan.Zero);

    private readonly List<Entry> entries = [];

    public StateTests() => Add(Anna, new Opened(1, "i", "db out of sync", 2, false, 60));

    private IncidentState State => IncidentState.Of(entries, "i.ndjson");

    [Fact]
    public void the_times_of_the_phases_are_those_of_the_stamps()
    {
        Add(Ben, new PhaseStamped(Phase.Bleeding, true, "took db3 out"), Start.AddMinutes(18));
        Add(Ben, new PhaseStamped(Phase.Cause, false));
        Assert.Equal((TimeSpan.FromMinutes(18), null, Phase.Cause), (State.Phases.ToBleedingStopped, State.Phases.ToCause, State.Phases.Current));
        Assert.Equal("took db3 out", State.Phases.TextOf(Phase.Bleeding));
        // In any order: the results are watched while the cause is still looked for.
        Add(Ben, new Monitored("M1", "check", 0, "ok", 1, true));
        Assert.Equal(Phase.Monitor, State.Phases.Current);
        Add(Ben, new PhaseStamped(Phase.Monitor, true));
        Assert.Equal(Phase.Cause, State.Phases.Current);
    }

    [Fact]
    public void the_patient_to_treat_next_is_on_top()
    {
        Add(Anna, new Triaged("black", TriageTag.Black, ""));
        Add(Anna, new Triaged("green", TriageTag.Green, ""));
        Add(Anna, new Triaged("grey later", TriageTag.Grey, "", Start.AddHours(9)));
        Add(Anna, new Triaged("grey due", TriageTag.Grey, "", Start.AddMinutes(1)));
        Add(Anna, new Triaged("yellow", TriageTag.Yellow, ""));
        Add(Anna, new Triaged("red later", TriageTag.Red, ""), Start.AddMinutes(9));
        Add(Anna, new Triaged("red first", TriageTag.Red, ""), Start.AddMinutes(3));
        Add(Anna, new Triaged("red first", TriageTag.Red, "still"), Start.AddMinutes(20));
        Assert.Equal(["red first", "red later", "grey due", "yellow", "green", "grey later", "black"], State.Triage.Sorted(Start.AddHours(1)).Select(patient => patient.Name));
        Assert.Equal(2, State.Triage.Find("red first")!.History.Count);
        Assert.Equal(Start.AddMinutes(3), State.Triage.Find("red first")!.Since);
    }

    [Fact]
    public void an_assumption_stays_open_until_a_fact_says_so_and_a_plan_shows_it()
    {
        Entry assumed = Add(Anna, new Assumed("A1", "the disk fails")), fact = Add(Ben, new FactFound("F1", "SMART is clean", "smartctl"));
        Add(Anna, new PlanMade("P1", "replace the disk", [new(assumed.Id, "A1")]));
        Assert.True(Assert.Single(State.Plans.AssumptionsOf(State.Plans.Latest!)).IsOpen);
        Add(Ben, new Refuted(new(assumed.Id, "A1"), new(fact.Id, "F1")));
        Assert.True(Assert.Single(State.Plans.AssumptionsOf(State.Plans.Latest!)).IsFalse);
        Assert.Contains(NextSteps.Of(State, Start), step => step.Contains("A1, which is false", StringComparison.Ordinal));
    }

    [Fact]
    public void a_vet_is_for_this_very_plan_and_never_its_authors()
    {
        Entry made = Add(Anna, new PlanMade("P1", "rebuild", []));
        var plan = new Reference(made.Id, "P1");
        var text = new StepText("dd of=/dev/sdb", "db3:/dev/sdb", Risk.WritesSource, "ok", "none", 10);
        Entry step = Add(Anna, new StepSet(plan, 1, text));
        Add(Anna, new Vetted(plan, State.Plans.Latest!.Hash));
        Assert.Null(State.Plans.Latest!.VettedBy);
        Add(Ben, new Vetted(plan, State.Plans.Latest!.Hash));
        Assert.Equal("ben", State.Plans.Latest!.VettedBy?.Name);
        foreach (EventData edit in new EventData[]
        {
            new StepSet(plan, 1, text with { Command = "dd of=/dev/sdc" }, step.Id), new StepSet(plan, 1, text with { Target = "db4" }, step.Id), new StepSet(plan, 1, text with { Risk = Risk.Reads }, step.Id),
            new StepSet(plan, 1, text with { Expect = "fine" }, step.Id), new StepSet(plan, 1, text with { WayBack = "x" }, step.Id), new StepSet(plan, 1, text with { Minutes = 11 }, step.Id),
            new StepSet(plan, 2, text), new StepRemoved(plan, step.Id, 1),
        })
        {
            Entry added = Add(Anna, edit);
            Assert.True(State.Plans.Latest!.WasVetted);
            entries.Remove(added);
            Assert.False(State.Plans.Latest!.WasVetted);
        }
        // Who changes a plan is one of its authors.
        Add(Ben, new StepSet(plan, 1, text with { Command = "dd if=/dev/zero" }, step.Id));
        Add(Ben, new Vetted(plan, State.Plans.Latest!.Hash));
        Assert.Null(State.Plans.Latest!.VettedBy);
    }

    [Fact]
    public void people_correct_their_own_and_nobody_elses()
    {
        Entry note = Add(Anna, new Noted("db3 is down"));
        Add(Ben, new Corrected(note.Id, "", false, "db2 is down"));
        Assert.Equal("db3 is down", ((Noted)State.Notes[0].Data).Text);
        Add(Anna, new Corrected(note.Id, "", false, "db1 is down", Start.AddMinutes(2)));
        Assert.Equal(("db1 is down", Start.AddMinutes(2)), (((Noted)State.Notes[0].Data).Text, State.Notes[0].When));
        Assert.Equal("db3 is down", State.Entries.Select(entry => entry.Data).OfType<Noted>().First().Text);
        Add(Anna, new Corrected(note.Id, "", true));
        Assert.Empty(State.Notes);
        Entry assumed = Add(Anna, new Assumed("A1", "x"));
        Add(Anna, new Corrected(assumed.Id, "", true));
        Assert.Equal("A2", State.Labels.Next('A'));
    }

    [Fact]
    public void a_label_that_two_machines_gave_is_told_apart_by_its_host()
    {
        Add(Anna, new Assumed("A1", "one"), host: "db1");
        Add(Anna, new Assumed("A1", "two"), host: "db2");
        Assert.Equal(["A1@db1", "A1@db2"], State.Evidence.Assumptions.Select(assumption => assumption.Name));
        Assert.Equal("two", ((Assumed)State.Labels.Find("A1@db2", 'A', "assumption").Data).Text);
        Assert.Contains("A1@db1, A1@db2", Assert.Throws<UsageException>(() => State.Labels.Find("A1", 'A', "assumption")).Hint, StringComparison.Ordinal);
        Assert.Equal("A2", State.Labels.Next('A'));
    }

    [Fact]
    public void an_update_is_due_as_often_as_was_said()
    {
        Assert.Equal(Start.AddHours(1), State.Updates.Next);
        Add(Anna, new Updated("we are on it", Start.AddMinutes(80)), Start.AddMinutes(50));
        Assert.Equal(Start.AddMinutes(80), State.Updates.Next);
        Add(Anna, new Updated("still"), Start.AddMinutes(70));
        Assert.Equal(Start.AddMinutes(130), State.Updates.Next);
        Add(Anna, new Closed("done"));
        Assert.Null(State.Updates.Next);
    }

    /// <summary>A step that only reads may be run before anyone vets.</summary>
    [Fact]
    public void whoever_runs_a_step_executes()
    {
        Entry plan = Add(Anna, new PlanMade("P1", "rebuild", []));
        var which = new Reference(plan.Id, "P1");
        Entry step = Add(Anna, new StepSet(which, 1, new("cat", "db1", Risk.Reads)));
        Entry started = Add(Anna, new StepStarted(which, step.Id, 1, "hash", Leave.NotNeeded, "cat", "db1"));
        Add(Anna, new StepEnded(started.Id, which, step.Id, 1, true, 1));
        Add(Ben, new Vetted(which, "hash"));
        Assert.Equal(Phase.Vet, State.Phases.Current);
        Add(Anna, new StepStarted(which, step.Id, 1, "hash", Leave.Vetted, "dd", "db3"));
        Assert.Equal(Phase.Execute, State.Phases.Current);
        Assert.Equal(State.Phases.Begun(Phase.Execute), started.When);
    }

    [Fact]
    public void what_was_begun_runs_until_its_end_is_written()
    {
        Entry first = Add(Anna, new CommandStarted("cp", 1)), second = Add(Ben, new CommandStarted("load", 2));
        Add(Anna, new CommandEnded(first.Id, "cp", 0, 1));
        Assert.Equal(second.Id, Assert.Single(State.Operations.Running).Entry.Id);
    }

    [Fact]
    public void a_search_finds_the_incident_that_has_all_the_words()
    {
        Add(Anna, new Noted("Replica LAG grows"));
        Add(Anna, new PhaseStamped(Phase.Cause, true, "a full disk"));
        Assert.Equal(2, IncidentSearch.Look(State, ["lag", "disk"])!.Lines.Count);
        Assert.Null(IncidentSearch.Look(State, ["lag", "network"]));
    }

    private Entry Add(Author author, EventData data, DateTimeOffset? at = null, string host = "h")
    {
        Entry? last = entries.LastOrDefault();
        Entry entry = EntryLine.Make(EventId.Next(last?.Id, Start), last?.Hash ?? EntryLine.Genesis, Start, at, author, host, data);
        // What is folded is what a reader sees.
        entries.Add(EntryLine.Parse(entry.Line)!);
        return entries[^1];
    }
}
