using System.CommandLine;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident handoff, accept</summary>
internal static class HandoffVerbs
{
    private const int MostEvents = 10;

    private static readonly Argument<string> To = new("name") { Description = "the login of the next person" };
    private static readonly Option<string> RoleOption = new("--role") { HelpName = "ROLE", Description = "what is handed on (lead)" };
    private static readonly Argument<string> Which = new("handoff") { Arity = ArgumentArity.ZeroOrOne, Description = "such as H1 (the one for you)" };

    public static Command Handoff() => IncidentOptions.Make("handoff", desk =>
    {
        string to = Desk.Clean(desk.Parsed.GetRequiredValue(To)), role = (desk.Text(RoleOption) ?? "lead").ToLowerInvariant();
        Entry entry = desk.Recorder.Append(state => new HandedOff(state.Labels.Next('H'), to, role, state.Head));
        IncidentState state = Desk.Read(desk.Journal);
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WriteState(json, state, desk));
            return desk.Session.Status;
        }
        foreach (string line in Brief.Lines(state, desk.Journal.Path, desk.Now))
            desk.Out.WriteLine(line);
        foreach (Fact fact in state.Evidence.Facts)
            desk.Out.WriteLine($"Fact      {fact.Name} {Printable.Line(fact.Data.Text)} [{Printable.Line(fact.Data.Source)}]");
        foreach (Entry late in state.Entries.TakeLast(MostEvents))
            desk.Out.WriteLine("Lately    " + TimelineVerb.Line(state, late));
        desk.Out.WriteLine($"Head      {state.Head} ({state.Entries.Count} events; keep it: 'jumpbag incident verify --head' tells later whether all is there)");
        desk.Out.WriteLine($"{Printable.Line(to)} takes over as {Printable.Line(role)} with: jumpbag incident accept {((HandedOff)entry.Data).Label}");
        return desk.Session.Status;
    }, To, RoleOption);

    public static Command Accept() => IncidentOptions.Make("accept", desk => desk.Write(state =>
    {
        Entry handoff = desk.Parsed.GetValue(Which) is { } label ? state.Labels.Find(label, 'H', "handoff")
            : state.Handoffs.Open.LastOrDefault(entry => ((HandedOff)entry.Data).To == Recorder.Me.Name) ?? throw new NotFoundException($"nothing was handed to {Recorder.Me}", Waiting(state));
        var data = (HandedOff)handoff.Data;
        if (!state.Handoffs.Open.Contains(handoff))
            throw new FailedException($"{data.Label} was accepted already");
        if (data.To != Recorder.Me.Name)
            throw new UnsupportedException($"{data.Label} is for {Printable.Line(data.To)}; you are {Recorder.Me}", $"{Printable.Line(data.To)} accepts it from an own login");
        return new Accepted(new(handoff.Id, data.Label), data.Role);
    }), Which);

    private static string? Waiting(IncidentState state) =>
        state.Handoffs.Open.Count == 0 ? null : "waiting: " + string.Join(", ", state.Handoffs.Open.Select(entry => (HandedOff)entry.Data).Select(data => $"{data.Label} for {Printable.Line(data.To)}"));
}
