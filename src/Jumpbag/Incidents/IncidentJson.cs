using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Notifying;

namespace Jumpbag.Incidents;

/// <summary>What "jumpbag incident … --json" prints. The keys are contract.</summary>
internal static class IncidentJson
{
    public static void WriteState(Utf8JsonWriter json, IncidentState state, Desk desk)
    {
        json.WriteStartObject();
        WriteHead(json, state);
        WritePhaseKeys(json, state.Phases);
        json.WriteStartObject("roles");
        foreach ((string role, string person) in state.Roles)
            json.WriteString(role, person);
        json.WriteEndObject();
        json.WriteTime("nextUpdate", state.Updates.Next);
        json.WritePropertyName("patients");
        WritePatients(json, state.Triage.Sorted(desk.Now), desk.Now);
        json.WritePropertyName("facts");
        WriteFacts(json, state.Evidence.Facts);
        json.WritePropertyName("assumptions");
        WriteAssumptions(json, state.Evidence.Assumptions);
        json.WritePropertyName("tasks");
        WriteTasks(json, [.. state.Tasks.All.Select(task => (state, task))], desk.Now);
        json.WriteStartArray("plans");
        foreach (Plan plan in state.Plans.All)
            WritePlan(json, state, plan);
        json.WriteEndArray();
        json.WriteStartArray("running");
        foreach (Operation operation in state.Operations.Running)
            WriteOperation(json, operation, desk.Journal.Path);
        json.WriteEndArray();
        json.WriteStartArray("watched");
        foreach (Entry entry in state.Operations.Monitors)
            json.WriteRawValue(entry.Line.Span);
        json.WriteEndArray();
        json.WritePropertyName("checklist");
        WriteChecklist(json, state.Checklists.Lines);
        json.WriteStartArray("handoffs");
        foreach (Entry entry in state.Handoffs.Open)
            json.WriteRawValue(entry.Line.Span);
        json.WriteEndArray();
        json.WriteStrings("next", NextSteps.Of(state, desk.Now));
        json.WriteString("journal", desk.Journal.Path);
        json.WriteString("store", desk.Journal.Store?.Place);
        json.WriteEndObject();
    }

    public static void WriteNone(Utf8JsonWriter json, IReadOnlyList<(IncidentState, IncidentTask)> actions, DateTimeOffset now)
    {
        json.WriteStartObject();
        json.WriteNull("id");
        json.WritePropertyName("actions");
        WriteTasks(json, actions, now);
        json.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter json, IReadOnlyList<IncidentState> all, DateTimeOffset now)
    {
        json.WriteStartArray();
        foreach (IncidentState state in all)
        {
            json.WriteStartObject();
            WriteHead(json, state);
            json.WriteNumber("seconds", Math.Round(((state.Closing?.When ?? now) - state.Opening.When).TotalSeconds));
            json.WriteNumber("openActions", Verbs.TaskVerbs.OpenActions(state).Count());
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void WriteHits(Utf8JsonWriter json, IReadOnlyList<SearchHit> hits)
    {
        json.WriteStartArray();
        foreach (SearchHit hit in hits)
        {
            json.WriteStartObject();
            WriteHead(json, hit.State);
            json.WriteNumber("score", hit.Score);
            json.WriteStrings("lines", hit.Lines);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void WritePatients(Utf8JsonWriter json, IReadOnlyList<Patient> patients, DateTimeOffset now)
    {
        json.WriteStartArray();
        foreach (Patient patient in patients)
        {
            json.WriteStartObject();
            json.WriteString("patient", patient.Name);
            json.WriteString("tag", patient.Now.Tag.ToString().ToLowerInvariant());
            json.WriteString("why", patient.Now.Why);
            json.WriteTime("since", patient.Since);
            json.WriteTime("revisit", patient.Now.Revisit);
            json.WriteBoolean("due", patient.IsDue(now));
            json.WriteStartArray("history");
            foreach (Entry entry in patient.History)
            {
                json.WriteStartObject();
                json.WriteTime("time", entry.When);
                json.WriteString("tag", ((Triaged)entry.Data).Tag.ToString().ToLowerInvariant());
                json.WriteString("why", ((Triaged)entry.Data).Why);
                json.WriteString("author", entry.Author.Name);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void WriteFacts(Utf8JsonWriter json, IReadOnlyList<Fact> facts)
    {
        json.WriteStartArray();
        foreach (Fact fact in facts)
        {
            json.WriteStartObject();
            Labelled(json, fact.Name, fact.Entry);
            json.WriteString("text", fact.Data.Text);
            json.WriteString("source", fact.Data.Source);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void WriteAssumptions(Utf8JsonWriter json, IReadOnlyList<Assumption> assumptions)
    {
        json.WriteStartArray();
        foreach (Assumption one in assumptions)
        {
            json.WriteStartObject();
            Labelled(json, one.Name, one.Entry);
            json.WriteString("text", one.Data.Text);
            json.WriteString("state", one.IsOpen ? "open" : one.IsFalse ? "false" : "confirmed");
            json.WriteString("fact", one.Verdict?.Data switch { Confirmed confirmed => confirmed.Fact.Label, Refuted refuted => refuted.Fact.Label, _ => null });
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void WriteTasks(Utf8JsonWriter json, IReadOnlyList<(IncidentState State, IncidentTask Task)> tasks, DateTimeOffset now)
    {
        json.WriteStartArray();
        foreach ((IncidentState state, IncidentTask task) in tasks)
        {
            json.WriteStartObject();
            Labelled(json, state.Tasks.Name(task), task.Entry);
            json.WriteString("incident", state.Opened.Id);
            json.WriteString("text", task.Text);
            json.WriteString("owner", task.Owner);
            json.WriteTime("due", task.Due);
            json.WriteBoolean("followUp", task.IsFollowUp);
            json.WriteString("state", task.IsDropped ? "dropped" : task.IsOpen ? "open" : "done");
            json.WriteBoolean("overdue", task.IsOpen && task.Due < now);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void WritePlan(Utf8JsonWriter json, IncidentState state, Plan plan)
    {
        json.WriteStartObject();
        Labelled(json, state.Plans.Name(plan), plan.Entry);
        json.WriteString("title", plan.Title);
        json.WriteString("hash", plan.Hash);
        json.WriteBoolean("needsVet", plan.NeedsVet);
        json.WriteString("vettedBy", plan.VettedBy?.Name);
        json.WriteStrings("authors", [.. plan.Authors.Select(author => author.Name).Distinct()]);
        json.WritePropertyName("assumptions");
        WriteAssumptions(json, [.. state.Plans.AssumptionsOf(plan)]);
        json.WriteStartArray("steps");
        foreach (Step step in plan.Steps)
        {
            json.WriteStartObject();
            json.WriteString("command", step.Text.Command);
            json.WriteString("target", step.Text.Target);
            json.WriteString("risk", step.Text.Risk switch { Risk.Reads => "reads", Risk.WritesCopy => "copy", _ => "source" });
            json.WriteString("expect", step.Text.Expect);
            json.WriteString("wayBack", step.Text.WayBack);
            if (step.Text.Minutes is { } minutes)
                json.WriteNumber("minutes", minutes);
            json.WriteString("state", step.Ended is { } ended ? ended.AsExpected ? "done" : "unexpected" : step.Started is not null ? "begun" : "open");
            json.WriteBoolean("unvetted", step.WasUnvetted);
            if (step.Ended?.ExitStatus is { } status)
                json.WriteNumber("exitStatus", status);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void WritePhases(Utf8JsonWriter json, PhaseClock phases)
    {
        json.WriteStartObject();
        WritePhaseKeys(json, phases);
        json.WriteEndObject();
    }

    public static void WriteChecklist(Utf8JsonWriter json, IReadOnlyList<ChecklistLine> lines)
    {
        json.WriteStartArray();
        foreach (ChecklistLine line in lines)
        {
            json.WriteStartObject();
            json.WriteString("label", line.Item.Label);
            json.WriteString("file", line.File);
            json.WriteString("text", line.Item.Text);
            json.WriteString("command", line.Item.Command);
            json.WriteTime("checked", line.Check?.When);
            json.WriteString("by", line.Check?.Author.Name);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <param name="file">Where the text was written to; null where it is to be in the document.</param>
    public static void WriteReview(Utf8JsonWriter json, IncidentState state, string text, bool isHtml, string? file)
    {
        json.WriteStartObject();
        WriteHead(json, state);
        json.WriteString("format", isHtml ? "html" : "markdown");
        json.WriteString(file is null ? "text" : "file", file ?? text);
        json.WriteEndObject();
    }

    public static void WriteHooks(Utf8JsonWriter json, IReadOnlyList<Hook> hooks, int waiting)
    {
        json.WriteStartObject();
        json.WriteStartArray("hooks");
        foreach (Hook hook in hooks)
        {
            json.WriteStartObject();
            json.WriteString("name", hook.Name);
            json.WriteString("to", hook.ToString());
            json.WriteStrings("on", hook.On);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("waiting", waiting);
        json.WriteEndObject();
    }

    private static void WriteOperation(Utf8JsonWriter json, Operation operation, string journal)
    {
        json.WriteStartObject();
        json.WriteString("id", operation.Entry.Id);
        json.WriteString("command", operation.Command);
        json.WriteString("host", operation.Entry.Host);
        json.WriteString("author", operation.Entry.Author.Name);
        json.WriteTime("begun", operation.Entry.When);
        json.WriteBoolean("gone", Running.IsGone(operation));
        if (ProgressFile.Read(journal, operation.Entry.Id) is { } progress)
        {
            json.WritePropertyName("progress");
            json.WriteRawValue(ProgressFile.Bytes(progress));
        }
        json.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter json, IncidentState state)
    {
        json.WriteString("id", state.Opened.Id);
        json.WriteString("title", state.Opened.Title);
        json.WriteNumber("severity", state.Severity);
        json.WriteBoolean("drill", state.Opened.Drill);
        json.WriteString("state", state.Closing is null ? "open" : "closed");
        json.WriteTime("opened", state.Opening.When);
        json.WriteTime("closed", state.Closing?.When);
        json.WriteNumber("events", state.Entries.Count);
        json.WriteString("head", state.Head);
    }

    private static void WritePhaseKeys(Utf8JsonWriter json, PhaseClock phases)
    {
        json.WriteString("phase", phases.Current?.Word());
        json.WriteStartArray("phases");
        foreach (Phase phase in Enum.GetValues<Phase>())
        {
            json.WriteStartObject();
            json.WriteString("phase", phase.Word());
            json.WriteTime("begun", phases.Begun(phase));
            json.WriteTime("done", phases.Done(phase)?.When);
            json.WriteString("text", phases.TextOf(phase));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("seconds");
        foreach ((string key, TimeSpan? time) in new[] { ("toBleedingStopped", phases.ToBleedingStopped), ("toCause", phases.ToCause), ("toStable", phases.ToStable), ("toReviewed", phases.ToReviewed) })
            if (time is { } known)
                json.WriteNumber(key, Math.Round(known.TotalSeconds));
        json.WriteEndObject();
    }

    private static void Labelled(Utf8JsonWriter json, string label, Entry entry)
    {
        json.WriteString("label", label);
        json.WriteString("id", entry.Id);
        json.WriteTime("time", entry.When);
        json.WriteString("author", entry.Author.Name);
    }
}
