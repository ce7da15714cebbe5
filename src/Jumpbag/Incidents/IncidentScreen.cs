using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents;

/// <summary>jumpbag incident: where are we, what is next, who owes what by when.</summary>
internal static class IncidentScreen
{
    public static int Show(Desk desk)
    {
        bool isNamed = desk.Parsed.GetValue(IncidentOptions.Incident) is not null || desk.JournalFolder is not null || Boards.Reports.Journal(desk.Parsed) is not null;
        if (!isNamed && IncidentPlaces.Current() is null)
            return ShowNone(desk);
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WriteState(json, desk.State, desk));
            return desk.Session.Status;
        }
        foreach (string line in Brief.Lines(desk.State, desk.Journal.Path, desk.Now))
            desk.Out.WriteLine(line);
        desk.Out.WriteLine($"Head      {desk.State.Head[..16]}  {desk.State.Entries.Count} events in {Printable.Line(desk.Journal.Path)}{(desk.Journal.Store is { } store ? $" and {Printable.Line(store.Place)}" : "")}");
        return desk.Session.Status;
    }

    private static int ShowNone(Desk desk)
    {
        (IncidentState State, IncidentTask Task)[] actions = [.. PastIncidents.All(desk).Where(state => !state.Opened.Drill)
            .SelectMany(state => Verbs.TaskVerbs.OpenActions(state).Select(task => (state, task))).OrderBy(pair => pair.task.Due)];
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WriteNone(json, actions, desk.Now));
            return desk.Session.Status;
        }
        desk.Out.WriteLine("No incident is open. 'jumpbag incident open TITLE' opens one.");
        if (actions.Length > 0)
            desk.Out.WriteLine($"Action items of past ones ({actions.Length} open):");
        foreach ((IncidentState state, IncidentTask task) in actions)
            desk.Out.WriteLine($"  {Brief.Task(state, task, desk.Now)}  [{state.Opened.Id}]");
        return desk.Session.Status;
    }
}
