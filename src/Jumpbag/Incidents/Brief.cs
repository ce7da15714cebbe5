using System.Globalization;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents;

/// <summary>An incident on one screen.</summary>
internal static class Brief
{
    private const int MostOfAKind = 8;

    public static IEnumerable<string> Lines(IncidentState state, string journal, DateTimeOffset now)
    {
        bool color = Screen.UsesColor("auto", 1);
        yield return $"{(state.Opened.Drill ? "DRILL " : "")}{state.Opened.Id}: {Printable.Line(state.Opened.Title)}";
        yield return $"Severity  {state.Severity}, {(state.Closing is { } end ? $"closed after {TimeWords.Duration(end.When - state.Opening.When)}: {Printable.Line(((Closed)end.Data).Text)}" : $"open for {TimeWords.Duration(now - state.Opening.When)}")}";
        yield return "Phase     " + PhaseLine(state.Phases, now);
        yield return "Roles     " + string.Join(", ", state.Roles.Select(role => $"{Printable.Line(role.Key)} {Printable.Line(role.Value)}"))
            + string.Concat(state.Handoffs.Open.Select(entry => (HandedOff)entry.Data).Select(data => $"; {data.Label} {Printable.Line(data.Role)} waits for {Printable.Line(data.To)}"));
        if (state.Updates.Next is { } next)
            yield return $"Update    {(next < now ? "OVERDUE, was due" : "due")} {ScreenTime.Of(next)} ({ScreenTime.Distance(next, now)})";
        foreach (string line in Section("Patients", [.. state.Triage.Sorted(now).Select(patient => Patient(patient, now, color))]))
            yield return line;
        foreach (string line in Section("Assumed", [.. state.Evidence.Assumptions.Where(one => one.IsOpen).Select(one => $"{one.Name} {Printable.Line(one.Data.Text)} ({Printable.Line(one.Entry.Author.Name)}, {ScreenTime.Of(one.Entry.When)})")]))
            yield return line;
        foreach (string line in Section("Running", [.. state.Operations.Running.Select(operation => Running.Line(operation, journal, now))]))
            yield return line;
        foreach (string line in Section("Watched", [.. state.Operations.Monitors.Select(Watched)]))
            yield return line;
        foreach (string line in Section("Tasks", [.. state.Tasks.Open.Select(task => Task(state, task, now))]))
            yield return line;
        if (state.Plans.Latest is { } plan)
            yield return "Plan      " + PlanLine(state, plan);
        if (state.Checklists.Next is { } item)
            yield return $"Checklist {state.Checklists.Lines.Count(line => line.Check is not null)} of {state.Checklists.Lines.Count} done, next {item.Item.Label} {Printable.Line(item.Item.Text)}";
        foreach (string line in Section("Next", [.. NextSteps.Of(state, now)]))
            yield return line;
    }

    public static string Task(IncidentState state, IncidentTask task, DateTimeOffset now) =>
        $"{state.Tasks.Name(task)} {Printable.Line(task.Text)}: {Printable.Line(task.Owner)}, {(task.Due < now ? "OVERDUE, was due" : "due")} {ScreenTime.Of(task.Due)} ({ScreenTime.Distance(task.Due, now)}){(task.IsFollowUp ? ", follow-up" : "")}";

    private static string PhaseLine(PhaseClock phases, DateTimeOffset now)
    {
        var parts = new List<string> { phases.Current is { } phase ? $"{phase.Number()} {phase.Title()}{(phases.Begun(phase) is { } begun ? $", for {TimeWords.Duration(now - begun)}" : ", not begun")}" : "all seven are done" };
        foreach ((string what, TimeSpan? time) in new[] { ("bleeding stopped", phases.ToBleedingStopped), ("cause known", phases.ToCause), ("stable", phases.ToStable), ("reviewed", phases.ToReviewed) })
            if (time is { } known)
                parts.Add($"{what} after {TimeWords.Duration(known)}");
        return string.Join("; ", parts);
    }

    private static string Patient(Patient patient, DateTimeOffset now, bool color)
    {
        string tag = patient.Now.Tag.ToString().ToLowerInvariant().PadRight(6);
        string? code = !color ? null : patient.Now.Tag switch { TriageTag.Red => "31;1", TriageTag.Yellow => "33", TriageTag.Green => "32", TriageTag.Grey => "90", _ => "7" };
        string again = patient.Now.Revisit is not { } revisit ? "" : revisit <= now ? ", LOOK AGAIN NOW" : $", look again {ScreenTime.Distance(revisit, now)}";
        return $"{(code is null ? tag : $"\e[{code}m{tag}\e[0m")} {Printable.Line(patient.Name)}: {Printable.Line(patient.Now.Why)} (for {TimeWords.Duration(now - patient.Since)}{again})";
    }

    private static string Watched(Entry entry)
    {
        var data = (Monitored)entry.Data;
        string output = data.Output.Length > 60 ? data.Output[..60] + "…" : data.Output;
        return $"{data.Label} $ {Printable.Line(data.Command)}: exit status {data.ExitStatus} since {ScreenTime.Of(entry.When)}{(output.Length > 0 ? ": " + Printable.Line(output) : "")}";
    }

    private static string PlanLine(IncidentState state, Plan plan)
    {
        int at = plan.Next is { } next ? plan.Steps.ToList().IndexOf(next) : -1;
        string rests = string.Join(", ", state.Plans.AssumptionsOf(plan).Where(one => one.IsFalse).Select(one => one.Name));
        return $"{state.Plans.Name(plan)} {Printable.Line(plan.Title)}: {plan.Steps.Count(step => step.IsDone)} of {plan.Steps.Count} steps done; {PlanText.Standing(plan)}"
            + (rests.Length > 0 ? $"; RESTS ON WHAT IS FALSE: {rests}" : "")
            + (at >= 0 ? string.Create(CultureInfo.InvariantCulture, $"; next {at + 1}: $ {Printable.Line(plan.Next!.Text.Command)}") : "");
    }

    private static IEnumerable<string> Section(string title, IReadOnlyList<string> lines)
    {
        for (int i = 0; i < Math.Min(lines.Count, MostOfAKind); i++)
            yield return (i == 0 ? title.PadRight(10) : new string(' ', 10)) + lines[i];
        if (lines.Count > MostOfAKind)
            yield return $"{new string(' ', 10)}and {lines.Count - MostOfAKind} more";
    }
}
