using Jumpbag.Incident.Events;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incident.Folding;

/// <summary>What to do now, the most pressing first, as the seven steps and triage have it. Advice, never more than a few lines.</summary>
public static class NextSteps
{
    private const int Most = 3;

    public static IReadOnlyList<string> Of(IncidentState state, DateTimeOffset now) => [.. All(state, now).Take(Most)];

    private static IEnumerable<string> All(IncidentState state, DateTimeOffset now)
    {
        if (state.Closing is not null)
        {
            if (state.Phases.Done(Phase.Review) is null)
                yield return $"review it: jumpbag incident review {state.Opened.Id}, then jumpbag incident phase review --done --incident {state.Opened.Id}";
            yield break;
        }
        IReadOnlyList<Patient> patients = state.Triage.Sorted(now);
        if (patients.Count == 0)
            yield return "triage: jumpbag incident triage HOST red|yellow|green|grey|black --why TEXT";
        else if (patients[0].Now.Tag == TriageTag.Red)
            yield return $"treat {Printable.Line(patients[0].Name)}";
        foreach (Patient patient in patients.Where(patient => patient.IsDue(now)).Take(1))
            yield return $"look at {Printable.Line(patient.Name)} again";
        if (state.Updates.Next < now)
            yield return "tell those outside: jumpbag incident update TEXT";
        if (state.Plans.Latest is { } plan)
        {
            foreach (Assumption assumption in state.Plans.AssumptionsOf(plan).Where(assumption => assumption.IsFalse).Take(1))
                yield return $"make another plan: {plan.Label} rests on {assumption.Name}, which is false";
            if (plan.NeedsVet && plan.VettedBy is null && plan.Next is not null)
                yield return $"have {plan.Label} vetted by someone else: jumpbag incident vet";
            else if (plan.Next is { } next)
                yield return $"run step {plan.Steps.ToList().IndexOf(next) + 1} of {plan.Label}: jumpbag incident step run {plan.Steps.ToList().IndexOf(next) + 1}";
        }
        if (state.Evidence.Assumptions.FirstOrDefault(assumption => assumption.IsOpen) is { } open)
            yield return $"find a fact for or against {open.Name}: {Printable.Line(open.Data.Text)}";
        yield return state.Phases.Current switch
        {
            Phase.Bleeding => "when the bleeding is stopped: jumpbag incident phase bleeding --done WHAT STOPPED IT",
            Phase.Cause => "when the cause is known: jumpbag incident phase cause --done CAUSE",
            Phase.Plan => "make a plan: jumpbag incident plan TITLE",
            Phase.Vet => "have the plan vetted, or jumpbag incident phase vet --done",
            Phase.Execute => "when it is executed: jumpbag incident phase execute --done",
            Phase.Monitor => "watch the results: jumpbag incident monitor -- COMMAND; when stable: jumpbag incident phase monitor --done",
            _ => "jumpbag incident close SUMMARY, then jumpbag incident review",
        };
    }
}
