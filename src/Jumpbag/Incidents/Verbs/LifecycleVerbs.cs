using System.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident severity, role, update, close, reopen, use</summary>
internal static class LifecycleVerbs
{
    private static readonly Argument<int> Number = new("severity") { Description = "from 1, the worst, to 5" };
    private static readonly Option<string> Why = new("--why") { HelpName = "TEXT", Description = "the reason" };
    private static readonly Argument<string> RoleName = new("role") { Description = "lead, ops, comms, scribe, or any other word" };
    private static readonly Argument<string> Person = new("person") { Description = "a login" };
    private static readonly Argument<string[]> Told = IncidentOptions.Words("text", "what they were told");
    private static readonly Option<string> Next = new("--next") { HelpName = "TIME", Description = "when they hear next: +30m, 05:00" };
    private static readonly Argument<string[]> Summary = IncidentOptions.Words("summary", "what it was and how it ended");
    private static readonly Argument<string> Id = new("id") { Description = "an incident, or the beginning of its id" };

    public static Command Severity() => IncidentOptions.Make("severity", desk =>
    {
        var data = new SeveritySet(OpenVerb.SeverityOf(desk.Parsed.GetValue(Number)), Desk.Required(desk.Text(Why), "--why"));
        return desk.Show(desk.Recorder.Append(data, desk.At));
    }, Number, Why, IncidentOptions.At);

    public static Command Role() => IncidentOptions.Make("role", desk =>
        desk.Show(desk.Recorder.Append(new RoleSet(Desk.Clean(desk.Parsed.GetRequiredValue(RoleName)).ToLowerInvariant(), Desk.Clean(desk.Parsed.GetRequiredValue(Person))), desk.At)), RoleName, Person, IncidentOptions.At);

    public static Command Update() => IncidentOptions.Make("update", desk =>
    {
        DateTimeOffset? next = desk.Parsed.GetValue(Next) is { } time ? desk.Time("--next", time) : null;
        return desk.Show(desk.Recorder.Append(new Updated(desk.Text(Told)!, next), desk.At));
    }, Told, Next, IncidentOptions.At);

    public static Command Close() => IncidentOptions.Make("close", desk =>
    {
        string text = desk.Text(Summary)!;
        Entry entry = desk.Recorder.Append(state => state.Closing is null ? new Closed(text) : throw new FailedException($"{state.Opened.Id} is closed already", "'jumpbag incident correct' puts its summary right"), desk.At);
        IncidentPlaces.ClearCurrent(desk.Journal.Path, desk.Session.Events);
        IncidentState state = Desk.Read(desk.Journal);
        if (!state.Opened.Drill && state.Tasks.Open.Any())
            desk.Session.Events(new Status(state.Opened.Id, $"{state.Tasks.Open.Count()} open tasks stay in 'jumpbag incident actions'"));
        if (state.Phases.Done(Phase.Review) is null)
            desk.Session.Events(new Status(state.Opened.Id, $"'jumpbag incident review --incident {state.Opened.Id}' writes the review"));
        return desk.Show(entry);
    }, Summary, IncidentOptions.At);

    public static Command Reopen() => IncidentOptions.Make("reopen", desk =>
    {
        string text = Desk.Required(desk.Text(Why), "--why");
        Entry entry = desk.Recorder.Append(state => state.Closing is not null ? new Reopened(text) : throw new FailedException($"{state.Opened.Id} is open"), desk.At);
        IncidentPlaces.SetCurrent(desk.Journal.Path, desk.Session.Events);
        return desk.Show(entry);
    }, Why, IncidentOptions.At);

    public static Command Use() => IncidentOptions.Make("use", desk =>
    {
        string path = desk.Find(desk.Parsed.GetRequiredValue(Id));
        desk.UseJournal(path);
        IncidentState state = desk.State;
        if (state.Closing is not null)
            throw new FailedException($"{state.Opened.Id} is closed", $"'jumpbag incident reopen --incident {state.Opened.Id} --why TEXT' opens it again");
        IncidentPlaces.SetCurrent(path, desk.Session.Events);
        desk.Session.Events(new Status(state.Opened.Id, "is the current incident"));
        if (desk.Json)
            desk.Out.WriteJson(json => IncidentJson.WriteState(json, state, desk));
        return desk.Session.Status;
    }, Id);
}
