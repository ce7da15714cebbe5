using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <summary>Who may stand for a plan, and for which.</summary>
public static class Vetting
{
    /// <summary>The event by which someone stands for the plan that was read.</summary>
    /// <param name="plan">The id of the event that made it.</param>
    /// <param name="hash">The whole hash of what was read.</param>
    /// <exception cref="UnsupportedException">It was changed since, or is the person's own.</exception>
    public static Vetted Of(IncidentState state, string plan, string hash, Author by, string? remark)
    {
        Plan now = state.Plans.All.FirstOrDefault(one => one.Entry.Id == plan) ?? throw new NotFoundException("that plan is not there, or was withdrawn");
        RefuseAuthor(now, by);
        return now.Hash == hash ? new(new(now.Entry.Id, now.Label), hash, remark)
            : throw new UnsupportedException($"{now.Label} was changed while you read it", "read it again with 'jumpbag incident plan'");
    }

    /// <exception cref="UnsupportedException">Some of it is that person's.</exception>
    public static void RefuseAuthor(Plan plan, Author person)
    {
        if (plan.IsAuthor(person))
            throw new UnsupportedException($"{plan.Label} is in part {person}'s, who can't vet it", "someone with another login vets; alone, 'jumpbag incident step run N --alone' runs a step unvetted");
    }
}
