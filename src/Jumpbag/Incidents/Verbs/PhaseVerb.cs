using System.CommandLine;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident phase [NAME [TEXT]]</summary>
internal static class PhaseVerb
{
    private static readonly Argument<string> Name = new("phase") { Arity = ArgumentArity.ZeroOrOne, Description = "bleeding, cause, plan, vet, execute, monitor or review; or its number" };
    private static readonly Argument<string[]> Text = IncidentOptions.Words("text", "with --done: what stopped the bleeding, what the cause was", required: false);
    private static readonly Option<bool> Done = new("--done") { Description = "it is done; else it begins" };

    public static Command Make() => IncidentOptions.Make("phase", Run, Name, Text, Done, IncidentOptions.At);

    private static int Run(Desk desk)
    {
        if (desk.Parsed.GetValue(Name) is not { } name)
            return Show(desk);
        Phase phase = Parse(name);
        return desk.Show(desk.Recorder.Append(new PhaseStamped(phase, desk.Parsed.GetValue(Done), desk.Text(Text)), desk.At));
    }

    private static Phase Parse(string name)
    {
        foreach (Phase phase in Enum.GetValues<Phase>())
            if (phase.Word() == name || phase.Number().ToString(System.Globalization.CultureInfo.InvariantCulture) == name)
                return phase;
        throw new UsageException($"{Printable.Line(name)}: no such phase", "bleeding, cause, plan, vet, execute, monitor, review, or 1 to 7");
    }

    private static int Show(Desk desk)
    {
        PhaseClock phases = desk.State.Phases;
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WritePhases(json, phases));
            return desk.Session.Status;
        }
        var table = new Table(("", false), ("Phase", false), ("Begun", false), ("Done", false), ("", false));
        foreach (Phase phase in Enum.GetValues<Phase>())
            table.Add(phase == phases.Current ? $">{phase.Number()}" : $" {phase.Number()}", phase.Title(), phases.Begun(phase) is { } begun ? ScreenTime.Of(begun) : "",
                phases.Done(phase) is { } done ? ScreenTime.Of(done.When) : "", Printable.Line(phases.TextOf(phase) ?? ""));
        foreach (string line in table.Lines(Screen.Width()))
            desk.Out.WriteLine(line);
        foreach ((string what, TimeSpan? time) in new[] { ("bleeding stopped", phases.ToBleedingStopped), ("cause known", phases.ToCause), ("stable", phases.ToStable), ("reviewed", phases.ToReviewed) })
            if (time is { } known)
                desk.Out.WriteLine($"{what} after {TimeWords.Duration(known)}");
        return desk.Session.Status;
    }
}
