using System.CommandLine;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident list, search</summary>
internal static class PastVerbs
{
    private const int MostLines = 3;

    private static readonly Option<bool> Drills = new("--drills") { Description = "exercises too" };
    private static readonly Argument<string[]> Words = IncidentOptions.Words("words", "each of them occurs in the incident");

    public static Command List() => IncidentOptions.Make("list", desk =>
    {
        IncidentState[] all = [.. PastIncidents.All(desk).Where(state => desk.Parsed.GetValue(Drills) || !state.Opened.Drill)];
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WriteList(json, all, desk.Now));
            return desk.Session.Status;
        }
        var table = new Table(("Incident", false), ("Severity", true), ("State", false), ("Opened", false), ("Took", false), ("Actions", true), ("Title", false));
        string? current = IncidentPlaces.Current() is { } path ? IncidentPlaces.IdOf(path) : null;
        foreach (IncidentState state in all)
            table.Add(state.Opened.Id, $"{state.Severity}", state.Closing is not null ? "closed" : state.Opened.Id == current ? "OPEN, current" : "OPEN", ScreenTime.Of(state.Opening.When),
                TimeWords.Duration((state.Closing?.When ?? desk.Now) - state.Opening.When), TaskVerbs.OpenActions(state).Count() is > 0 and var count ? $"{count}" : "", Printable.Line(state.Opened.Title));
        foreach (string line in table.Lines(Screen.Width()))
            desk.Out.WriteLine(line);
        return desk.Session.Status;
    }, Drills);

    public static Command Search() => IncidentOptions.Make("search", desk =>
    {
        string[] words = [.. desk.Parsed.GetRequiredValue(Words).SelectMany(word => word.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        SearchHit[] hits = [.. PastIncidents.All(desk).Where(state => desk.Parsed.GetValue(Drills) || !state.Opened.Drill).Select(state => IncidentSearch.Look(state, words)).OfType<SearchHit>().OrderByDescending(hit => hit.Score).ThenByDescending(hit => hit.State.Opening.When)];
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WriteHits(json, hits));
            return desk.Session.Status;
        }
        foreach (SearchHit hit in hits)
        {
            desk.Out.WriteLine($"{hit.State.Opened.Id}  severity {hit.State.Severity}, {(hit.State.Closing is null ? "OPEN" : "closed")}: {Printable.Line(hit.State.Opened.Title)}");
            foreach (string line in hit.Lines.Take(MostLines))
                desk.Out.WriteLine($"    {Printable.Line(line)}");
            if (hit.Lines.Count > MostLines)
                desk.Out.WriteLine($"    and {hit.Lines.Count - MostLines} more");
        }
        return hits.Length > 0 ? desk.Session.Status : throw new Core.NotFoundException($"no incident has {Printable.Line(string.Join(" and ", words))} in it");
    }, Words, Drills);
}
