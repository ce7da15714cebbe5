using System.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Databases.Servers;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;
using Jumpbag.IncidentStore;

namespace Jumpbag.Incidents;

/// <summary>
/// Which store is meant: the one that --store names, else the one that is remembered of the incident; for new ones and those of others
/// what JUMPBAG_STORE or the configuration names.
/// </summary>
internal static class IncidentStores
{
    /// <summary>--store with this word: the file alone.</summary>
    public const string None = "none";

    /// <summary>For a list of all, or a first copy.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static string? Usual(EventSink? events) =>
        Environment.GetEnvironmentVariable("JUMPBAG_STORE") is { Length: > 0 } value ? value : IncidentSettings.Found(events).Store;

    /// <summary>What --store says; null where it isn't given, or says none.</summary>
    public static PostgresStore? Given(ParseResult parsed)
    {
        if (parsed.GetValue(IncidentOptions.Store) is not { } url || url == None)
            return null;
        if (ServerAddress.WithoutPassword(url) != url)
            throw new UsageException("--store: everyone on this machine who lists processes can read a password in it", "keep it in ~/.pgpass, or the whole address in the variable JUMPBAG_STORE");
        return PostgresStore.Parse(url) is var store && Same(store.Place) is { } full ? new(full) : store;
    }

    /// <summary>--store, else JUMPBAG_STORE, else the configuration's.</summary>
    public static PostgresStore? Wanted(ParseResult parsed, EventSink events) =>
        parsed.GetValue(IncidentOptions.Store) == None ? null : Given(parsed) ?? (Usual(events) is { } url ? PostgresStore.Parse(url) : null);

    /// <summary>A journal with the store that is remembered of it.</summary>
    public static FileJournal Journal(string path) =>
        StoreLink.Of(path, StateFolder.Fallbacks) is { } link ? new(path, StateFolder.Fallbacks, new PostgresStore(Same(link.Url) ?? link.Url), link.First)
        : new(path, StateFolder.Fallbacks, begins: Boards.Reports.IsWaiting(path));

    /// <summary>From now on the journal is in that store, or (null) in its file alone.</summary>
    public static FileJournal Move(string path, PostgresStore? store, string first, EventSink events)
    {
        try
        {
            if (store is null)
                StoreLink.Forget(path, StateFolder.Fallbacks);
            else
                new StoreLink(store.Place, first).Save(path, StateFolder.Fallbacks);
        }
        catch (FailedException e)
        {
            events(new Warning($"the store could not be remembered: {e.Message}", "name it each time with --store"));
        }
        return store is null ? new(path, StateFolder.Fallbacks) : new(path, StateFolder.Fallbacks, store, first);
    }

    /// <summary>The journals of a store; a warning and none where it can't be had.</summary>
    public static IReadOnlyList<StoredJournal> Journals(IEventStore store, EventSink events)
    {
        try
        {
            using IStoreSession session = store.Connect(Patience);
            return session.Journals();
        }
        catch (PlaceException e)
        {
            events(new Warning($"{Printable.Line(e.Message)}: what is there is not known", null));
            return [];
        }
    }

    /// <summary>The name of a journal's file: its id, and where another has that too, the beginning of its hash.</summary>
    public static string NameOf(StoredJournal journal, IEnumerable<StoredJournal> all) =>
        journal.First?.Data is not Opened opened || !Slug.IsOne(opened.Id) ? journal.Journal[..16]
        : all.Any(other => other.First?.Data is Opened { Id: var id } && id == opened.Id && string.CompareOrdinal(other.First.Id, journal.First.Id) < 0) ? $"{opened.Id}-{journal.Journal[..8]}" : opened.Id;

    /// <summary>Makes this machine's copy of an incident of the store.</summary>
    /// <param name="name">Its id or the beginning of that.</param>
    public static string? Fetch(PostgresStore store, string name, string? folder, EventSink events)
    {
        using IStoreSession session = Connect(store);
        IReadOnlyList<StoredJournal> all = Ask(session.Journals);
        StoredJournal[] found = [.. all.Where(one => NameOf(one, all) == name)];
        if (found.Length == 0)
            found = [.. all.Where(one => NameOf(one, all).StartsWith(name, StringComparison.Ordinal))];
        if (found.Length > 1)
            throw new UsageException($"{Printable.Line(name)}: several incidents begin so", $"say which: {string.Join(", ", found.Take(10).Select(one => NameOf(one, all)))}");
        if (found.Length == 0)
            return null;
        string id = NameOf(found[0], all), path = Path.Combine(folder ?? (found[0].First?.Data is Opened { Drill: true } ? IncidentPlaces.Drills : IncidentPlaces.Folder), id + ".ndjson");
        if (JournalReader.TryReadBytes(path) is not null)
            throw new FailedException($"{path}: is another incident of the same id", "give --journal DIR, a folder for this one");
        FileJournal journal = Move(path, store, found[0].Journal, events);
        if (journal.Sync(Recorder.Me, isNew: true)?.Away is { } away)
            throw new FailedException(Printable.Line(away.Message));
        return path;
    }

    private static IStoreSession Connect(PostgresStore store) => Ask(() => store.Connect(Patience));

    private static T Ask<T>(Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (PlaceException e)
        {
            throw new FailedException(Printable.Line(e.Message), null, e);
        }
    }

    /// <summary>What JUMPBAG_STORE or the configuration says of the same store, since that may have a password in it.</summary>
    private static string? Same(string place)
    {
        try
        {
            return Usual(null) is { } url && ServerAddress.WithoutPassword(url) == place ? url : null;
        }
        catch (UsageException)
        {
            // It is no address; whoever needs it says so.
            return null;
        }
    }
}
