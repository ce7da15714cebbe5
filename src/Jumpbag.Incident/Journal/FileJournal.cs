using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Incident.Events;

namespace Jumpbag.Incident.Journal;

/// <param name="Entry">As it stands in the journal now.</param>
/// <param name="Refused">Where it should stand as well and could not be written, and why.</param>
/// <param name="SavedIn">Where it is, when that is not everywhere: another file, the journal's file alone, or the store alone.</param>
/// <param name="TakenIn">Events that came from fallbacks before it.</param>
/// <param name="Store">How it went with the store; null where there is none.</param>
public sealed record Appended(Entry Entry, IReadOnlyList<PlaceException> Refused, string? SavedIn, int TakenIn, Synced? Store);

/// <param name="Away">Why the store can't be had; null where it could.</param>
/// <param name="Sent">Events that the store got that were written while it was away.</param>
/// <param name="Pulled">Events of others.</param>
/// <param name="PutBack">Events among those sent that the store had had before: it was cut, or restored from an older state.</param>
public sealed record Synced(PlaceException? Away, int Sent, int Pulled, int PutBack);

/// <summary>
/// The journal of one incident in a file, with the fallbacks that stand in while that can't be written. Where there is a store, the file is
/// this machine's copy of what stands there, and takes events alone while the store is away. An event is returned by Append only when it is
/// on a disk.
/// </summary>
/// <param name="first">The hash of its first event, where the file may be away.</param>
/// <param name="begins">Whether it may begin with any event: a chain that is to be merged into a journal that isn't here yet.</param>
public sealed class FileJournal(string path, IReadOnlyList<string> fallbacks, IEventStore? store = null, string? first = null, bool begins = false)
{
    /// <summary>What the store may cost a command; an answer that takes longer comes too late for an emergency.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>A first copy may be long, and is worth waiting for.</summary>
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(30);

    /// <summary>Events of the store while they can't be copied.</summary>
    private IReadOnlyList<Entry> uncopied = [];

    public string Path => path;

    public IEventStore? Store => store;

    /// <summary>The hash of its first event, by which a store knows it; null where there is none.</summary>
    public string? FirstHash => first ?? (Read() is [var opening, ..] ? opening.Hash : null);

    /// <summary>The number of the store's last line that this machine has.</summary>
    public long StoreNumber => StorePosition.Of(path).Number;

    /// <summary>The files of fallbacks that hold events which the journal has not taken in.</summary>
    public IReadOnlyList<string> Pending => [.. FallbackFiles().Where(File.Exists)];

    /// <summary>Appends an event that needs to know the others, for labels and the like; <paramref name="make"/> runs while nobody else can append.</summary>
    /// <exception cref="FailedException">It could be saved nowhere.</exception>
    public Appended Append(Author author, Func<IReadOnlyList<Entry>, EventData> make, DateTimeOffset? at = null) => Append(author, null, make, at);

    public Appended Append(Author author, EventData data, DateTimeOffset? at = null) => Append(author, data, null, at);

    /// <summary>Everything that this machine has: the journal and what waits in fallbacks, each event once, in the order of the files.</summary>
    public IReadOnlyList<Entry> Read() => Union(JournalReader.TryReadBytes(path));

    /// <summary>The journal's own events from a byte on, and the byte to go on from: for those who follow it.</summary>
    public (IReadOnlyList<Entry> Entries, long Next) ReadFrom(long offset)
    {
        JournalLines lines = JournalLines.Split(JournalReader.TryReadBytes(path, offset) ?? []);
        return ([.. JournalReader.Entries(lines.Whole)], offset + lines.Whole.Sum(line => line.Length + 1L));
    }

    /// <summary>Gets from the store what others wrote, and gives it what was written while it was away. Null where there is no store.</summary>
    public Synced? Sync(Author author, bool isNew = false)
    {
        using var turn = StoreTurn.Begin(store, path, isNew ? LongPatience : Patience);
        if (turn is null)
            return null;
        if (turn.Away is not null || FirstHash is not { } journal)
            return new(turn.Away, 0, 0, 0);
        using JournalFile? file = OpenOwn(isNew, author, out _, out _);
        StoreExchange? exchange = turn.Look(journal, file, file is null ? Read() : null, locked: false);
        if (exchange?.Unsent.Count > 0 || file?.SetAside is not null)
        {
            exchange = turn.Look(journal, file, file is null ? Read() : null, locked: true);
            exchange?.Join(author, Host);
            if (file?.SetAside is { } aside)
                exchange?.Add(aside, author, Host, null);
        }
        if (exchange is null)
            return new(turn.Away, 0, 0, 0);
        bool sent = turn.Send(journal, exchange);
        _ = Copy(file, exchange, sent ? turn : null);
        return new(turn.Away, sent ? exchange.Unsent.Count : 0, exchange.Pulled.Count, sent ? turn.PutBack : 0);
    }

    /// <summary>Takes in what another journal of this incident has and this one lacks. The number of new events; makes the file where there is none.</summary>
    /// <exception cref="FailedException">The journal can't be written.</exception>
    public int Merge(IReadOnlyList<Entry> theirs, Author author)
    {
        try
        {
            using JournalFile file = JournalFile.Open(path, create: true);
            return TakeIn(file, author, theirs);
        }
        catch (PlaceException e)
        {
            throw new FailedException($"{e.Message}; nothing was merged", "merge again when it can be written", e);
        }
    }

    internal static string Host { get; } = Environment.MachineName;

    private Appended Append(Author author, EventData? data, Func<IReadOnlyList<Entry>, EventData>? make, DateTimeOffset? at)
    {
        // The network first: nobody waits for that with the file's lock.
        using var turn = StoreTurn.Begin(store, path, Patience);
        using JournalFile? file = OpenOwn(begins || data is Opened || OpenedInFallback(), author, out PlaceException? refused, out int takenIn);
        string? journal = data is Opened ? null : FirstHash;
        StoreExchange? exchange = turn?.Look(journal, file, file is null ? Read() : null, locked: true);
        Entry? entry = null;
        bool sent = false;
        if (exchange is not null)
        {
            exchange.Join(author, Host);
            if (file?.SetAside is { } aside)
                exchange.Add(aside, author, Host, null);
            entry = exchange.Add(make is null ? data! : make([.. file is null ? Read() : Content(file), .. exchange.Copying]), author, Host, at);
            sent = turn!.Send(journal ?? entry.Hash, exchange);
            refused = Copy(file, exchange, sent ? turn : null) ?? refused;
        }
        else if (file is not null)
        {
            try
            {
                entry = Write(file, file.Last, make is null ? data! : make(Content(file)), author, at);
            }
            catch (PlaceException e)
            {
                refused = e;
            }
        }
        Synced? synced = turn is null ? null : new(turn.Away, sent ? exchange!.Unsent.Count : 0, exchange?.Pulled.Count ?? 0, sent ? turn.PutBack : 0);
        PlaceException[] all = [.. new[] { turn?.Away, refused }.OfType<PlaceException>()];
        if (sent || refused is null)
            return new(entry!, all, all.Length == 0 ? null : sent ? store!.Place : path, takenIn, synced);
        return AppendToFallback(exchange, entry, last => make is null ? data! : make(last), author, at, all, synced);
    }

    /// <summary>Saves the event, which the journal and the store would not take, in another place.</summary>
    private Appended AppendToFallback(StoreExchange? exchange, Entry? entry, Func<IReadOnlyList<Entry>, EventData> make, Author author, DateTimeOffset? at, PlaceException[] refused, Synced? synced)
    {
        var reasons = new List<string>(refused.Select(one => one.Message));
        // A fallback that holds events already comes first: the chain goes on there.
        foreach (string place in FallbackFiles().OrderByDescending(File.Exists))
        {
            try
            {
                Folder.MakePrivate(System.IO.Path.GetDirectoryName(place)!);
                using JournalFile file = JournalFile.Open(place, create: true);
                // A line that the store was given is the same everywhere: it may have arrived there.
                if (exchange is not null && entry is not null)
                {
                    AppendAll(file, exchange.Copying);
                    return new(entry, refused, place, 0, synced);
                }
                IReadOnlyList<Entry> all = Read();
                return new(Write(file, all.MaxBy(one => one.Id, StringComparer.Ordinal), make(all), author, at), refused, place, 0, synced);
            }
            catch (PlaceException e)
            {
                reasons.Add(e.Message);
            }
        }
        throw new FailedException($"the event could not be saved: {string.Join("; ", reasons)}", "free space, or name another place with --journal DIR");
    }

    /// <summary>The journal's file, with what waited in fallbacks taken in; null, and why, where it can't be written.</summary>
    private JournalFile? OpenOwn(bool create, Author author, out PlaceException? refused, out int takenIn)
    {
        (refused, takenIn) = (null, 0);
        JournalFile? file = null;
        try
        {
            if (create)
                Folder.Make(System.IO.Path.GetDirectoryName(path)!);
            file = JournalFile.Open(path, create);
            takenIn = TakeIn(file, author, []);
            return file;
        }
        catch (PlaceException e)
        {
            file?.Dispose();
            refused = e;
            return null;
        }
    }

    /// <summary>Adds to the file what came from the store or was given to it; why that can't be done.</summary>
    /// <param name="turn">Null where the store may not have it all.</param>
    private PlaceException? Copy(JournalFile? file, StoreExchange exchange, StoreTurn? turn)
    {
        PlaceException? refused = null;
        try
        {
            if (file is not null)
            {
                AppendAll(file, exchange.Copying);
                turn?.Remember(file, exchange);
                return null;
            }
        }
        catch (PlaceException e)
        {
            refused = e;
        }
        if (turn is not null)
            uncopied = exchange.Copying;
        return refused;
    }

    /// <summary>Whether the incident was opened while the journal could not be made; else a journal that is missing is on a medium that is.</summary>
    private bool OpenedInFallback() => Pending.Any(place => JournalReader.Entries(JournalLines.Split(JournalReader.TryReadBytes(place) ?? []).Whole).FirstOrDefault()?.Data is Opened);

    private static Entry Write(JournalFile file, Entry? last, EventData data, Author author, DateTimeOffset? at)
    {
        var lines = new List<Entry>();
        if (file.SetAside is { } aside)
            lines.Add(last = EntryLine.After(last, null, author, Host, aside));
        lines.Add(last = EntryLine.After(last, at, author, Host, data));
        AppendAll(file, lines);
        return last;
    }

    private static void AppendAll(JournalFile file, IReadOnlyList<Entry> entries)
    {
        if (entries.Count > 0)
            file.Append([.. entries.Select(entry => entry.Line)], entries[^1]);
    }

    /// <summary>Adds what waits in fallbacks, and what another journal has.</summary>
    private int TakeIn(JournalFile file, Author author, IReadOnlyList<Entry> theirs)
    {
        List<JournalFile> pending = OpenPending();
        try
        {
            if (pending.Count == 0 && theirs.Count == 0)
                return 0;
            var merge = JournalMerge.Of(Content(file), [.. pending.SelectMany(Content).OrderBy(entry => entry.Id, StringComparer.Ordinal), .. theirs]);
            AppendAll(file, merge.Lines(file.Last?.Hash, author, Host));
            pending.ForEach(one => one.Remove());
            return merge.Missing.Count;
        }
        finally
        {
            pending.ForEach(one => one.Dispose());
        }
    }

    private List<JournalFile> OpenPending()
    {
        var open = new List<JournalFile>();
        foreach (string place in Pending)
            if (Folder.IsPrivate(System.IO.Path.GetDirectoryName(place)!))
                open.Add(JournalFile.Open(place, create: false));
        return open;
    }

    private static Entry[] Content(JournalFile file) => [.. JournalReader.Entries(JournalLines.Split(file.ReadAll()).Whole)];

    private List<Entry> Union(byte[]? journal)
    {
        List<Entry> all = [.. JournalReader.Entries(JournalLines.Split(journal ?? []).Whole)];
        IReadOnlyList<string> pending = [.. Pending.Where(place => Folder.IsPrivate(System.IO.Path.GetDirectoryName(place)!))];
        if (pending.Count == 0 && uncopied.Count == 0)
            return all;
        var known = new HashSet<string>(all.Select(entry => entry.Hash));
        IEnumerable<Entry> more = pending.SelectMany(place => JournalReader.Entries(JournalLines.Split(JournalReader.TryReadBytes(place) ?? []).Whole)).Concat(uncopied);
        all.AddRange(more.OrderBy(entry => entry.Id, StringComparer.Ordinal).Where(entry => known.Add(entry.Hash)));
        return all;
    }

    private IEnumerable<string> FallbackFiles() => fallbacks.Select(folder => System.IO.Path.Combine(folder, System.IO.Path.GetFileName(path)));
}
