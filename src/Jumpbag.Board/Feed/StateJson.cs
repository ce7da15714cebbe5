using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Board.Feed;

/// <summary>Where the incident is, for the page: made once for each change.</summary>
internal static class StateJson
{
    /// <summary>Of each kind; a board shows no more, and every stream carries it with each change.</summary>
    private const int Most = 200;

    public static byte[] Of(IncidentState state, string? problem, DateTimeOffset now)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            Head(json, state, problem);
            Phases(json, state.Phases);
            People(json, state);
            json.WriteStrings("next", NextSteps.Of(state, now));
            Patients(json, state.Triage.Sorted(now));
            Tasks(json, state);
            Assumptions(json, state.Evidence);
            if (state.Plans.Latest is { } plan)
                Planned(json, state, plan);
            Watched(json, state.Operations.Monitors);
            if (state.Backups is { } backups)
                Backups(json, backups);
            if (state.Checklists.Lines is { Count: > 0 } lines)
            {
                json.WriteStartObject("checklist");
                json.WriteNumber("done", lines.Count(line => line.Check is not null));
                json.WriteNumber("of", lines.Count);
                json.WriteString("next", state.Checklists.Next is { } next ? $"{next.Item.Label} {next.Item.Text}" : null);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        return memory.ToArray();
    }

    private static void Head(Utf8JsonWriter json, IncidentState state, string? problem)
    {
        json.WriteString("id", state.Opened.Id);
        json.WriteString("title", state.Opened.Title);
        json.WriteNumber("severity", state.Severity);
        json.WriteBoolean("drill", state.Opened.Drill);
        json.WriteTime("opened", state.Opening.When);
        json.WriteTime("closed", state.Closing?.When);
        json.WriteString("summary", (state.Closing?.Data as Closed)?.Text);
        json.WriteNumber("events", state.Entries.Count);
        json.WriteString("head", state.Head);
        json.WriteString("problem", problem);
        json.WriteTime("nextUpdate", state.Updates.Next);
    }

    private static void Phases(Utf8JsonWriter json, PhaseClock phases)
    {
        json.WriteNumber("phase", phases.Current?.Number() ?? 0);
        json.WriteStartArray("phases");
        foreach (Phase phase in Enum.GetValues<Phase>())
        {
            json.WriteStartObject();
            json.WriteNumber("number", phase.Number());
            json.WriteString("title", phase.Title());
            json.WriteTime("begun", phases.Begun(phase));
            json.WriteTime("done", phases.Done(phase)?.When);
            json.WriteString("text", phases.TextOf(phase));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void People(Utf8JsonWriter json, IncidentState state)
    {
        json.WriteStartArray("roles");
        foreach ((string role, string person) in state.Roles.Take(Most))
        {
            json.WriteStartObject();
            json.WriteString("role", role);
            json.WriteString("person", person);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("handoffs");
        foreach (HandedOff handoff in state.Handoffs.Open.Take(Most).Select(entry => (HandedOff)entry.Data))
        {
            json.WriteStartObject();
            json.WriteString("role", handoff.Role);
            json.WriteString("to", handoff.To);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Patients(Utf8JsonWriter json, IReadOnlyList<Patient> patients)
    {
        json.WriteStartArray("patients");
        foreach (Patient patient in patients.Take(Most))
        {
            json.WriteStartObject();
            json.WriteString("name", patient.Name);
            json.WriteString("tag", patient.Now.Tag.ToString().ToLowerInvariant());
            json.WriteString("why", patient.Now.Why);
            json.WriteTime("since", patient.Since);
            json.WriteTime("revisit", patient.Now.Revisit);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Tasks(Utf8JsonWriter json, IncidentState state)
    {
        json.WriteStartArray("tasks");
        foreach (IncidentTask task in state.Tasks.Open.OrderBy(task => task.IsFollowUp).ThenBy(task => task.Due).Take(Most))
        {
            json.WriteStartObject();
            json.WriteString("label", state.Tasks.Name(task));
            json.WriteString("text", task.Text);
            json.WriteString("owner", task.Owner);
            json.WriteTime("due", task.Due);
            json.WriteBoolean("followUp", task.IsFollowUp);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("tasksDone", state.Tasks.All.Count(task => !task.IsOpen));
    }

    /// <summary>The open ones, then those that turned out false: they explain why a plan was given up.</summary>
    private static void Assumptions(Utf8JsonWriter json, Evidence evidence)
    {
        json.WriteStartArray("assumptions");
        foreach (Assumption one in evidence.Assumptions.OrderBy(one => one.IsOpen ? 0 : one.IsFalse ? 1 : 2).Take(Most))
        {
            json.WriteStartObject();
            json.WriteString("label", one.Name);
            json.WriteString("text", one.Data.Text);
            json.WriteString("author", one.Entry.Author.Name);
            json.WriteString("standing", one.IsOpen ? "open" : one.IsFalse ? "false" : "confirmed");
            json.WriteString("fact", one.Verdict?.Data switch { Confirmed confirmed => confirmed.Fact.Label, Refuted refuted => refuted.Fact.Label, _ => null });
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("facts", evidence.Facts.Count);
    }

    private static void Planned(Utf8JsonWriter json, IncidentState state, Plan plan)
    {
        json.WriteStartObject("plan");
        json.WriteString("id", plan.Entry.Id);
        json.WriteString("label", state.Plans.Name(plan));
        json.WriteString("title", plan.Title);
        json.WriteString("hash", plan.Hash);
        json.WriteString("standing", plan.VettedBy is { } by ? $"vetted by {by.Name}" : plan.WasVetted ? "NOT VETTED: changed since it was" : plan.NeedsVet ? "NOT VETTED" : "needs no vet: no step writes a source");
        json.WriteBoolean("waits", plan.NeedsVet && plan.VettedBy is null && plan.Next is not null);
        json.WriteStrings("authors", plan.Authors.Select(author => author.Name).Distinct());
        json.WriteStrings("rests", state.Plans.AssumptionsOf(plan).Select(one => $"{one.Name} ({(one.IsOpen ? "open" : one.IsFalse ? "FALSE" : "confirmed")}): {one.Data.Text}"));
        json.WriteBoolean("restsOnFalse", state.Plans.AssumptionsOf(plan).Any(one => one.IsFalse));
        json.WriteStartArray("steps");
        foreach (Step step in plan.Steps.Take(Most))
        {
            json.WriteStartObject();
            json.WriteString("command", step.Text.Command);
            json.WriteString("target", step.Text.Target);
            json.WriteString("risk", step.Text.Risk.Words());
            json.WriteString("expect", step.Text.Expect);
            json.WriteString("wayBack", step.Text.WayBack);
            if (step.Text.Minutes is { } minutes)
                json.WriteNumber("minutes", minutes);
            json.WriteString("standing", step.Ended is { } ended ? ended.AsExpected ? "done" : "not as expected" : step.Started is not null ? "begun" : "open");
            json.WriteBoolean("unvetted", step.WasUnvetted);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Watched(Utf8JsonWriter json, IReadOnlyCollection<Entry> monitors)
    {
        json.WriteStartArray("watched");
        foreach (Entry entry in monitors.Take(Most))
        {
            var data = (Monitored)entry.Data;
            json.WriteStartObject();
            json.WriteString("label", data.Label);
            json.WriteString("command", data.Command);
            json.WriteNumber("exitStatus", data.ExitStatus);
            json.WriteString("output", data.Output.Length > 200 ? data.Output[..200] + "…" : data.Output);
            json.WriteString("host", entry.Host);
            json.WriteTime("since", entry.When);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Backups(Utf8JsonWriter json, Entry entry)
    {
        var data = (BackupsSeen)entry.Data;
        json.WriteStartObject("backups");
        json.WriteString("host", entry.Host);
        json.WriteTime("seen", entry.When);
        json.WriteStartArray("copies");
        foreach (CopySeen copy in data.Copies.Take(Most))
        {
            json.WriteStartObject();
            json.WriteString("source", copy.Source);
            json.WriteString("copy", copy.Copy);
            json.WriteString("tier", copy.Tier);
            json.WriteString("standing", copy.Standing.ToString().ToLowerInvariant());
            json.WriteString("problem", copy.Problem);
            json.WriteTime("taken", copy.Taken);
            json.WriteString("size", copy.Bytes is { } bytes ? ByteSize.Format(bytes) : null);
            json.WriteString("restore", copy.Restore is { } seconds ? Durations.Format(TimeSpan.FromSeconds(seconds)) + (copy.Measured ? "" : " ?") : null);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("live");
        foreach (LiveSeen live in data.Live.Take(Most))
        {
            json.WriteStartObject();
            json.WriteString("copy", live.Copy);
            json.WriteBoolean("healthy", live.IsHealthy);
            json.WriteString("message", live.Message);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStrings("violations", data.Violations.Take(Most));
        json.WriteEndObject();
    }
}
