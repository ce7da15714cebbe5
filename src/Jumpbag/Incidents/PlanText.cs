using System.Globalization;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents;

/// <summary>A plan as whoever vets it has to see it: all of it.</summary>
internal static class PlanText
{
    public static void Show(Desk desk, IncidentState state, Plan plan)
    {
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WritePlan(json, state, plan));
            return;
        }
        foreach (string line in Lines(state, plan, Screen.UsesColor("auto", 1)))
            desk.Out.WriteLine(line);
    }

    public static IEnumerable<string> Lines(IncidentState state, Plan plan, bool color)
    {
        yield return $"{state.Plans.Name(plan)} {Printable.Line(plan.Title)}   {Standing(plan)}";
        foreach (Assumption assumption in state.Plans.AssumptionsOf(plan))
            yield return $"  rests on {assumption.Name} ({Verbs.EvidenceVerbs.StateOf(assumption)}): {Printable.Line(assumption.Data.Text)}";
        for (int i = 0; i < plan.Steps.Count; i++)
            foreach (string line in StepLines(i + 1, plan.Steps[i], color))
                yield return line;
        yield return $"  hash {plan.Hash}";
    }

    /// <summary>"vetted by ben", "NOT VETTED", "no step writes a source".</summary>
    public static string Standing(Plan plan) =>
        plan.VettedBy is { } by ? $"vetted by {Printable.Line(by.Name)}"
        : plan.WasVetted ? "NOT VETTED: changed since it was"
        : plan.NeedsVet ? "NOT VETTED" : "needs no vet: no step writes a source";

    private static IEnumerable<string> StepLines(int number, Step step, bool color)
    {
        string state = step.Ended is { } ended ? ended.AsExpected ? "done" : "NOT AS EXPECTED" : step.Started is not null ? "begun" : "";
        yield return $"  {number}. $ {Printable.Line(step.Text.Command)}{(state.Length > 0 ? $"   [{state}{(step.WasUnvetted ? ", UNVETTED" : "")}]" : "")}";
        string risk = step.Text.Risk == Risk.WritesSource && color ? $"\e[31m{step.Text.Risk.Words()}\e[0m" : step.Text.Risk.Words();
        yield return $"     target {Printable.Line(step.Text.Target)}, {risk}{(step.Text.Minutes is { } minutes ? string.Create(CultureInfo.InvariantCulture, $", time box {minutes} min") : "")}";
        yield return $"     expected: exit status 0{(step.Text.Expect is { } expect ? $" and \"{Printable.Line(expect)}\" in the output" : "")}";
        if (step.Text.WayBack is { } back)
            yield return $"     way back: {Printable.Line(back)}";
    }
}
