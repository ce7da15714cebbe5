using System.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;
using Jumpbag.IncidentStore;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident open TITLE</summary>
internal static class OpenVerb
{
    private static readonly Argument<string[]> Title = IncidentOptions.Words("title", "what is wrong, in a few words");
    private static readonly Option<int> Severity = new("--severity", "-s") { HelpName = "1-5", Description = "1 is the worst (3)", DefaultValueFactory = _ => 3 };
    private static readonly Option<bool> Drill = new("--drill") { Description = "an exercise, kept apart from real incidents" };
    private static readonly Option<string> Every = new("--update-every") { HelpName = "DURATION", Description = "how often those outside hear (severity 1: 30m, 2: 1h, 3: 4h, then never)" };

    public static Command Make() => IncidentOptions.Make("open", Run, Title, Severity, Drill, Every, IncidentOptions.At);

    private static int Run(Desk desk)
    {
        string title = desk.Text(Title)!;
        int severity = SeverityOf(desk.Parsed.GetValue(Severity));
        bool drill = desk.Parsed.GetValue(Drill);
        TimeSpan? every = desk.Parsed.GetValue(Every) is { } text ? Desk.Duration("--update-every", text)
            : severity switch { 1 => TimeSpan.FromMinutes(30), 2 => TimeSpan.FromHours(1), 3 => TimeSpan.FromHours(4), _ => null };
        DateTimeOffset? at = desk.At;
        string folder = desk.JournalFolder ?? (drill ? IncidentPlaces.Drills : IncidentPlaces.Folder);
        PostgresStore? store = IncidentStores.Wanted(desk.Parsed, desk.Session.Events);
        string path = Free(folder, (drill ? "drill-" : "") + Slug.Of(title, at ?? desk.Now), [.. IncidentPlaces.All(desk.JournalFolder).Select(IncidentPlaces.IdOf), .. Stored(store, desk.Session.Events)]);
        if (IncidentPlaces.Current() is { } before)
            desk.Session.Events(new Warning($"{IncidentPlaces.IdOf(before)} is open too; from now on commands mean the new one", $"'jumpbag incident use {IncidentPlaces.IdOf(before)}' goes back to it"));
        desk.UseJournal(new FileJournal(path, StateFolder.Fallbacks, store));
        string id = IncidentPlaces.IdOf(path);
        Entry opened = desk.Recorder.Append(new Opened(Opened.CurrentFormat, id, title, severity, drill, (int?)every?.TotalMinutes), at);
        if (store is not null)
            desk.UseJournal(IncidentStores.Move(path, store, opened.Hash, desk.Session.Events));
        desk.Recorder.Append(new RoleSet("lead", Recorder.Me.Name), at);
        IncidentPlaces.SetCurrent(path, desk.Session.Events);
        desk.Session.Events(new Status(id, $"open, in {path}; you are {Recorder.Me}"));
        return desk.Show(opened);
    }

    public static int SeverityOf(int severity) => severity is >= 1 and <= 5 ? severity : throw new UsageException($"severity {severity}: not from 1 to 5");

    private static IEnumerable<string> Stored(PostgresStore? store, EventSink events) =>
        store is null ? [] : IncidentStores.Journals(store, events).Select(journal => journal.First?.Data).OfType<Opened>().Select(opened => opened.Id);

    private static string Free(string folder, string id, HashSet<string> taken)
    {
        string free = id;
        for (int number = 2; taken.Contains(free) || File.Exists(Path.Combine(folder, free + ".ndjson")); number++)
            free = $"{id}-{number}";
        return Path.Combine(folder, free + ".ndjson");
    }
}
