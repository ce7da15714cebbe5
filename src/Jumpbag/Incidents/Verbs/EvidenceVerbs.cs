using System.CommandLine;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident fact, assume, confirm, refute</summary>
internal static class EvidenceVerbs
{
    private static readonly Argument<string[]> Seen = IncidentOptions.Words("text", "what was seen", required: false);
    private static readonly Argument<string[]> Taken = IncidentOptions.Words("text", "what is taken to be so", required: false);
    private static readonly Option<string> Source = new("--source") { HelpName = "SOURCE", Description = "a probe, a file and line, or a person and time (you, now)" };
    private static readonly Argument<string> Assumption = new("assumption") { Description = "such as A1" };
    private static readonly Argument<string> FactLabel = new("fact") { Description = "the fact that says so, such as F2" };
    private static readonly Argument<string[]> Why = IncidentOptions.Words("text", "what else is to say", required: false);

    public static Command Fact() => IncidentOptions.Make("fact", desk =>
    {
        if (desk.Text(Seen) is not { } text)
            return ShowFacts(desk);
        string source = desk.Text(Source) ?? $"seen by {Recorder.Me.Name}, {UtcTime.Text(desk.At ?? desk.Now)}";
        return desk.Write(state => new FactFound(state.Labels.Next('F'), text, source), desk.At);
    }, Seen, Source, IncidentOptions.At);

    public static Command Assume() => IncidentOptions.Make("assume", desk =>
        desk.Text(Taken) is { } text ? desk.Write(state => new Assumed(state.Labels.Next('A'), text), desk.At) : ShowAssumptions(desk), Taken, IncidentOptions.At);

    public static Command Confirm() => Verdict("confirm", (assumption, fact, text) => new Confirmed(assumption, fact, text));

    public static Command Refute() => Verdict("refute", (assumption, fact, text) => new Refuted(assumption, fact, text));

    private static Command Verdict(string name, Func<Reference, Reference, string?, EventData> make) => IncidentOptions.Make(name, desk => desk.Write(state =>
    {
        Entry assumption = state.Labels.Find(desk.Parsed.GetRequiredValue(Assumption), 'A', "assumption");
        Entry fact = state.Labels.Find(desk.Parsed.GetRequiredValue(FactLabel), 'F', "fact");
        return make(new(assumption.Id, ((Assumed)assumption.Data).Label), new(fact.Id, ((FactFound)fact.Data).Label), desk.Text(Why));
    }, desk.At), Assumption, FactLabel, Why, IncidentOptions.At);

    private static int ShowFacts(Desk desk)
    {
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WriteFacts(json, desk.State.Evidence.Facts));
            return desk.Session.Status;
        }
        var table = new Table(("", false), ("Time", false), ("Fact", false), ("Source", false));
        foreach (Fact fact in desk.State.Evidence.Facts)
            table.Add(fact.Name, ScreenTime.Of(fact.Entry.When), Printable.Line(fact.Data.Text), Printable.Line(fact.Data.Source));
        foreach (string line in table.Lines(Screen.Width()))
            desk.Out.WriteLine(line);
        return desk.Session.Status;
    }

    private static int ShowAssumptions(Desk desk)
    {
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WriteAssumptions(json, desk.State.Evidence.Assumptions));
            return desk.Session.Status;
        }
        var table = new Table(("", false), ("State", false), ("Time", false), ("By", false), ("Assumption", false));
        foreach (Assumption one in desk.State.Evidence.Assumptions)
            table.Add(one.Name, StateOf(one), ScreenTime.Of(one.Entry.When), Printable.Line(one.Entry.Author.Name), Printable.Line(one.Data.Text));
        foreach (string line in table.Lines(Screen.Width()))
            desk.Out.WriteLine(line);
        return desk.Session.Status;
    }

    public static string StateOf(Assumption assumption) => assumption.Verdict?.Data switch
    {
        Confirmed confirmed => $"confirmed ({confirmed.Fact.Label})",
        Refuted refuted => $"false ({refuted.Fact.Label})",
        _ => "open",
    };
}
