using System.Globalization;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents;

/// <summary>Runs one step of a plan: looks whether it may, runs it, compares, writes both down.</summary>
internal static class StepRun
{
    /// <summary>Of the output the last so much stands in the journal.</summary>
    private const int MostOutput = 4000;

    public static int Run(Desk desk, int number, bool alone)
    {
        (Plan plan, Step step, _) = Verbs.StepVerbs.Find(desk, desk.State);
        string hash = plan.Hash;
        Leave leave = LeaveOf(plan, step);
        if (leave == Leave.Unvetted)
        {
            if (!alone)
                throw new UnsupportedException($"step {number} of {plan.Label} writes the source and is not vetted", "someone else runs 'jumpbag incident vet'; alone, --alone asks for the target's name");
            if (TerminalPrompt.Ask($"UNVETTED: $ {Printable.Line(step.Text.Command)}\nIt writes the source. To go on alone, type the name of its target: ")?.Trim() != step.Text.Target)
                throw new UnsupportedException("that is not the target's name; nothing was run", "'jumpbag incident plan' shows it");
        }
        Entry started = desk.Recorder.Append(state =>
        {
            // Between reading and running the plan may have been changed by another.
            (Plan now, Step same, int place) = Verbs.StepVerbs.Find(desk, state);
            if (now.Hash != hash || same.Id != step.Id || LeaveOf(now, same) != leave)
                throw new UnsupportedException($"{now.Label} was changed just now; nothing was run", "read it again with 'jumpbag incident plan'");
            return new StepStarted(new(now.Entry.Id, now.Label), same.Id, place, hash, leave, same.Text.Command, same.Text.Target);
        });
        long begin = System.Diagnostics.Stopwatch.GetTimestamp();
        using Timer? box = TimeBox(desk, step);
        TeeRun run;
        try
        {
            run = TeeRun.Of(Programs.Find("sh"), ["sh", "-c", step.Text.Command], MostOutput);
        }
        catch (JumpbagException e)
        {
            End(desk, started, plan, step, number, 127, false, TimeSpan.Zero, e.Message);
            throw;
        }
        bool expected = run.End.Status == 0 && (step.Text.Expect is null || run.Held(step.Text.Expect));
        Entry ended = End(desk, started, plan, step, number, run.End.Status, expected, System.Diagnostics.Stopwatch.GetElapsedTime(begin), run.Output);
        desk.Show(ended);
        if (!expected)
            desk.Session.Events(new Warning($"step {number} is not as expected", step.Text.WayBack is { } back ? $"the way back: {Printable.Line(back)}" : null));
        return expected ? desk.Session.Status : run.End.Status != 0 ? run.End.Status : ExitStatus.Failed;
    }

    private static Leave LeaveOf(Plan plan, Step step) => step.Text.Risk != Risk.WritesSource ? Leave.NotNeeded : plan.VettedBy is not null ? Leave.Vetted : Leave.Unvetted;

    private static Entry End(Desk desk, Entry started, Plan plan, Step step, int number, int status, bool expected, TimeSpan time, string output) =>
        desk.Recorder.Append(new StepEnded(started.Id, new(plan.Entry.Id, plan.Label), step.Id, number, expected, Math.Round(time.TotalSeconds, 3), status, output.Length == 0 ? null : Redaction.Text(output)));

    private static Timer? TimeBox(Desk desk, Step step) => step.Text.Minutes is not { } minutes ? null : new(_ =>
        desk.Session.Events(new Warning(string.Create(CultureInfo.InvariantCulture, $"the time box of {minutes} minutes is over"), step.Text.WayBack is { } back ? $"the way back: {Printable.Line(back)}" : "stop it with Ctrl-C, or take more time and say so")),
        null, TimeSpan.FromMinutes(minutes), Timeout.InfiniteTimeSpan);
}
