using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents;

/// <summary>One run of "jumpbag incident …": the incident that is meant, and how answers go out.</summary>
internal sealed class Desk(ParseResult parsed, Session session)
{
    private Recorder? recorder;
    private IncidentState? state;

    public ParseResult Parsed => parsed;

    public Session Session => session;

    public Output Out => session.Out;

    public bool Json => parsed.GetValue(CommonOptions.Json);

    public DateTimeOffset Now { get; } = DateTimeOffset.UtcNow;

    /// <summary>The folder that --journal names; null where journals are in the state folder.</summary>
    public string? JournalFolder => parsed.GetValue(IncidentOptions.Journal) is { } folder ? Path.GetFullPath(folder) : null;

    /// <summary>Whether one is named or open.</summary>
    public bool HasJournal => parsed.GetValue(IncidentOptions.Incident) is not null || JournalFolder is not null || Boards.Reports.Journal(parsed) is not null || IncidentPlaces.Current() is not null;

    /// <exception cref="NotFoundException">None is open and none is named.</exception>
    public Recorder Recorder => recorder ??= new(InStore(
        parsed.GetValue(IncidentOptions.Incident) is { } name ? Find(name)
        : JournalFolder is { } folder ? Only(folder)
        : Boards.Reports.Journal(parsed) is { } reported ? reported
        : IncidentPlaces.Current() ?? throw new NotFoundException("no incident is open", "'jumpbag incident open TITLE' opens one; --incident ID means another, 'jumpbag incident list' shows them")), session.Events);

    public FileJournal Journal => Recorder.Journal;

    /// <summary>As it was when first asked for, with what others wrote.</summary>
    public IncidentState State => state ??= Read(Synced());

    /// <summary>The journal, after a turn with its store.</summary>
    public FileJournal Synced()
    {
        Recorder.Sync();
        return Journal;
    }

    /// <summary>The path of the journal that a person names; one that only the store has is copied from there.</summary>
    public string Find(string name)
    {
        try
        {
            return IncidentPlaces.Find(name, JournalFolder);
        }
        catch (NotFoundException) when (IncidentStores.Wanted(parsed) is not null)
        {
            if (IncidentStores.Fetch(IncidentStores.Wanted(parsed)!, name, JournalFolder, session.Events) is { } path)
                return path;
            throw;
        }
    }

    public static IncidentState Read(FileJournal journal)
    {
        IReadOnlyList<Entry> entries = journal.Read();
        if (Boards.Reports.IsWaiting(journal.Path))
            throw new FailedException($"the board was not reached yet, so its incident is not known here; {entries.Count} events wait", "'jumpbag board status' says why");
        return entries.Count > 0 ? IncidentState.Of(entries, journal.Path)
            : throw new NotFoundException($"{journal.Path}: {(File.Exists(journal.Path) ? "holds no event" : "no such journal")}", "is the medium that it is on there?");
    }

    public void UseJournal(string path) => UseJournal(InStore(path));

    public void UseJournal(FileJournal journal) => recorder = new(journal, session.Events);

    /// <summary>When it happened, where --at says so.</summary>
    public DateTimeOffset? At => parsed.GetValue(IncidentOptions.At) is { } text ? Time("--at", text) : null;

    public DateTimeOffset Time(string option, string text) => TimeWords.ParseTime(text, Now)
        ?? throw new UsageException($"{option} {Printable.Line(text)}: no time", "such as 04:10, +30m, '10m ago', '2026-11-27 04:10' or 2026-11-27T04:10:00Z");

    public static TimeSpan Duration(string option, string text) => TimeWords.ParseDuration(text) is { } time && time > TimeSpan.Zero ? time
        : throw new UsageException($"{option} {Printable.Line(text)}: no duration", "such as 90s, 30m, 2h, 1d");

    /// <summary>Words of the command line as one text, secrets masked; null where there are none.</summary>
    public string? Text(Argument<string[]> words) => parsed.GetValue(words) is { Length: > 0 } all ? Clean(string.Join(' ', all)) : null;

    public string? Text(Option<string> option) => parsed.GetValue(option) is { } text ? Clean(text) : null;

    /// <summary>As it can be written: valid text without secrets, and not empty.</summary>
    public static string Clean(string text)
    {
        string clean = Redaction.Text(System.Text.Encoding.UTF8.GetString(ByteString.FromArgument(text).Span)).Trim();
        return clean.Length > 0 ? clean : throw new UsageException("the text is empty");
    }

    public static string Required(string? text, string what) => text ?? throw new UsageException($"{what} is missing");

    /// <summary>Writes an event and shows it.</summary>
    public int Write(Func<IncidentState, EventData> make, DateTimeOffset? at = null) => Show(Recorder.Append(make, at));

    public int Show(Entry entry)
    {
        if (Json)
        {
            Out.Write(entry.Line.Span);
            Out.WriteLine();
        }
        else if (!parsed.GetValue(CommonOptions.Quiet))
        {
            Out.WriteLine(Printable.Line(entry.Data.Sentence));
        }
        return session.Status;
    }

    /// <summary>The journal, in the store that --store names from now on, else in the one that it is in.</summary>
    private FileJournal InStore(string path)
    {
        FileJournal journal = IncidentPlaces.Journal(path);
        if (parsed.GetValue(IncidentOptions.Store) is null || journal.FirstHash is not { } first)
            return journal;
        Incident.Journal.IEventStore? before = journal.Store;
        Jumpbag.IncidentStore.PostgresStore? given = IncidentStores.Given(parsed);
        return before?.Place == given?.Place ? journal : IncidentStores.Move(path, given, first, session.Events);
    }

    private string Only(string folder)
    {
        string[] all = [.. IncidentPlaces.All(folder)];
        return all.Length == 1 ? all[0]
            : IncidentPlaces.Current() is { } current && Path.GetDirectoryName(current) == folder ? current
            : throw new NotFoundException($"{folder}: {(all.Length == 0 ? "no journal is in it" : "several journals are in it")}", all.Length == 0 ? null : "say which with --incident ID");
    }
}
