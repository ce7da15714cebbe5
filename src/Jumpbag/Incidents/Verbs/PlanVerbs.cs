using System.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident plan, vet</summary>
internal static class PlanVerbs
{
    /// <summary>Fewer characters of a hash would not say which plan was read.</summary>
    private const int ShortestHash = 8;

    public static readonly Option<string> Which = new("--plan") { HelpName = "P1", Description = "this plan instead of the latest" };
    private static readonly Argument<string[]> Title = IncidentOptions.Words("title", "what it does", required: false);
    private static readonly Option<string> Rests = new("--rests") { HelpName = "A1,A2", Description = "the assumptions that it rests on" };
    private static readonly Argument<string> Vetted = new("plan") { Arity = ArgumentArity.ZeroOrOne, Description = "such as P1 (the latest)" };
    private static readonly Option<string> Hash = new("--hash") { HelpName = "HASH", Description = "the plan that was read, by the first 8 or more characters of its hash; without it the plan is shown and a yes asked for" };
    private static readonly Option<string> Remark = new("--text") { HelpName = "TEXT", Description = "what is to say about it" };

    public static Command Plan() => IncidentOptions.Make("plan", desk =>
    {
        if (desk.Text(Title) is not { } title)
        {
            PlanText.Show(desk, desk.State, Find(desk.State, desk.Parsed.GetValue(Which)));
            return desk.Session.Status;
        }
        string[] labels = [.. (desk.Parsed.GetValue(Rests) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        return desk.Write(state => new PlanMade(state.Labels.Next('P'), title, [.. labels.Select(label => Assumption(state, label))]), desk.At);
    }, Title, Rests, Which, IncidentOptions.At);

    public static Command Vet() => IncidentOptions.Make("vet", desk =>
    {
        Plan seen = Find(desk.State, desk.Parsed.GetValue(Vetted));
        Vetting.RefuseAuthor(seen, Recorder.Me);
        string hash = seen.Hash;
        if (desk.Parsed.GetValue(Hash) is { } given)
        {
            if (given.Length < ShortestHash || !hash.StartsWith(given, StringComparison.OrdinalIgnoreCase))
                throw new UnsupportedException($"{seen.Label} is not {given} now, but {hash[..12]}: it was changed, or that is too short", "read it again with 'jumpbag incident plan'");
        }
        else
        {
            PlanText.Show(desk, desk.State, seen);
            desk.Out.Flush();
            string? answer = TerminalPrompt.Ask($"Do you stand for {seen.Label} ({hash[..12]})? Type yes: ");
            if (answer?.Trim() != "yes")
                throw new FailedException($"{seen.Label} was not vetted", "without a terminal, --hash says which plan was read");
        }
        return desk.Write(state => Vetting.Of(state, seen.Entry.Id, hash, Recorder.Me, desk.Text(Remark)));
    }, Vetted, Hash, Remark);

    public static Plan Find(IncidentState state, string? label) =>
        label is not null ? state.Plans.Of(state.Labels.Find(label, 'P', "plan"))
        : state.Plans.Latest ?? throw new NotFoundException("there is no plan", "'jumpbag incident plan TITLE' begins one");

    private static Reference Assumption(IncidentState state, string label)
    {
        Entry entry = state.Labels.Find(label, 'A', "assumption");
        return new(entry.Id, ((Assumed)entry.Data).Label);
    }
}
