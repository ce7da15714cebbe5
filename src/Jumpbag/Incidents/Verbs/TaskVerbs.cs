using System.CommandLine;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident task, done, drop, move, actions</summary>
internal static class TaskVerbs
{
    private static readonly Argument<string[]> What = IncidentOptions.Words("text", "what is to be done", required: false);
    private static readonly Option<string> Owner = new("--owner") { HelpName = "NAME", Description = "the one who does it" };
    private static readonly Option<string> Due = new("--due") { HelpName = "TIME", Description = "by when: +15m, 05:00, 2026-12-01" };
    private static readonly Option<bool> FollowUp = new("--follow-up") { Description = "an action item: for after the incident, visible until it is closed" };
    private static readonly Argument<string> Label = new("task") { Description = "such as T1" };
    private static readonly Argument<string[]> More = IncidentOptions.Words("text", "what came of it", required: false);

    public static Command Task() => IncidentOptions.Make("task", desk =>
    {
        if (desk.Text(What) is not { } text)
            return Show(desk, [.. desk.State.Tasks.All.Select(task => (desk.State, task))]);
        string owner = Desk.Required(desk.Text(Owner), "--owner");
        DateTimeOffset due = desk.Time("--due", Desk.Required(desk.Parsed.GetValue(Due), "--due"));
        return desk.Write(state => new TaskSet(state.Labels.Next('T'), text, owner, due, desk.Parsed.GetValue(FollowUp)), desk.At);
    }, What, Owner, Due, FollowUp, IncidentOptions.At);

    public static Command Done() => End("done", dropped: false);

    public static Command Drop() => End("drop", dropped: true);

    public static Command Move() => IncidentOptions.Make("move", desk =>
    {
        string? owner = desk.Text(Owner);
        DateTimeOffset? due = desk.Parsed.GetValue(Due) is { } time ? desk.Time("--due", time) : null;
        if (owner is null && due is null)
            throw new UsageException("neither --owner nor --due");
        return desk.Write(state => new TaskMoved(Find(state, desk), owner, due), desk.At);
    }, Label, Owner, Due, IncidentOptions.At);

    public static Command Actions() => IncidentOptions.Make("actions", desk =>
    {
        IncidentState[] all = [.. PastIncidents.All(desk).Where(state => !state.Opened.Drill)];
        return Show(desk, [.. all.SelectMany(state => OpenActions(state).Select(task => (state, task))).OrderBy(pair => pair.task.Due)]);
    });

    /// <summary>What outlives the incident: follow-ups, and of a closed one every task.</summary>
    public static IEnumerable<IncidentTask> OpenActions(IncidentState state) => state.Tasks.Open.Where(task => task.IsFollowUp || state.Closing is not null);

    private static Command End(string name, bool dropped) => IncidentOptions.Make(name, desk =>
        desk.Write(state => new TaskDone(Find(state, desk), dropped, desk.Text(More)), desk.At), Label, More, IncidentOptions.At);

    private static Reference Find(IncidentState state, Desk desk)
    {
        IncidentTask task = state.Tasks.Of(state.Labels.Find(desk.Parsed.GetRequiredValue(Label), 'T', "task"));
        return task.IsOpen ? new(task.Entry.Id, task.Label) : throw new FailedException($"{task.Label} is {(task.IsDropped ? "dropped" : "done")} already");
    }

    private static int Show(Desk desk, IReadOnlyList<(IncidentState State, IncidentTask Task)> tasks)
    {
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WriteTasks(json, tasks, desk.Now));
            return desk.Session.Status;
        }
        bool several = tasks.Select(pair => pair.State).Distinct().Count() > 1 || desk.Parsed.CommandResult.Command.Name == "actions";
        var table = new Table(("", false), ("State", false), ("Due", false), ("Owner", false), ("Task", false), ("Incident", false));
        foreach ((IncidentState state, IncidentTask task) in tasks)
            table.Add(state.Tasks.Name(task), StateOf(task, desk.Now), ScreenTime.Of(task.Due), Printable.Line(task.Owner), Printable.Line(task.Text), several ? state.Opened.Id : "");
        foreach (string line in table.Lines(Screen.Width()))
            desk.Out.WriteLine(line);
        return desk.Session.Status;
    }

    public static string StateOf(IncidentTask task, DateTimeOffset now) =>
        task.IsDropped ? "dropped" : !task.IsOpen ? "done" : task.Due < now ? "OVERDUE" : task.IsFollowUp ? "follow-up" : "open";
}
