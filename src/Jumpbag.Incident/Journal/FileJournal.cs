using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Incident.Events;

namespace Jumpbag.Incident.Journal;

/// <param name="Entry">As it stands in the journal now.</param>
/// <param name="Fallback">Where it stands, when that is not the journal; and why.</param>
/// <param name="TakenIn">Events that came from fallbacks before it.</param>
public sealed record Appended(Entry Entry, PlaceException? Refused, string? Fallback, int TakenIn);

/// <summary>
/// The journal of one incident in a file, with the fallbacks that stand in while that can't be written. An event is
/// returned by Append only when it is on a disk.
/// </summary>
/// <param name="begins">Whether it may begin with any event: a chain that is to be merged into a journal that isn't here yet.</param>
public sealed class FileJournal(string path, IReadOnlyList<string> fallbacks, bool begins = false)
{
    public string Path => path;

    /// <summary>The files of fallbacks that hold events which the journal has not taken in.</summary>
    public IReadOnlyList<string> Pending => [.. FallbackFiles().Where(File.Exists)];

    /// <summary>Appends an event that needs to know the others, for labels and the like; <paramref name="make"/> runs while nobody else can append.</summary>
    /// <exception cref="FailedException">It could be saved nowhere.</exception>
    public Appended Append(Author author, Func<IReadOnlyList<Entry>, EventData> make, DateTimeOffset? at = null) => Append(author, null, make, at);

    public Appended Append(Author author, EventData data, DateTimeOffset? at = null) => Append(author, data, null, at);

    /// <summary>Everything there is: the journal and what waits in fallbacks, each event once, in the order of the files.</summary>
    public IReadOnlyList<Entry> Read() => Union(JournalReader.TryReadBytes(path));

    /// <summary>The journal's own events from a byte on, and the byte to go on from: for those who follow it.</summary>
    public (IReadOnlyList<Entry> Entries, long Next) ReadFrom(long offset)
    {
        JournalLines lines = JournalLines.Split(JournalReader.TryReadBytes(path, offset) ?? []);
        return ([.. JournalReader.Entries(lines.Whole)], offset + lines.Whole.Sum(line => line.Length + 1L));
    }

    /// <summary>Takes in what another journal of this incident has and this one lacks. The number of new events; makes the file where there is none.</summary>
    /// <exception cref="FailedException">The journal can't be written.</exception>
    public int Merge(IReadOnlyList<Entry> theirs, Author author)
    {
        try
        {
            using JournalFile file = JournalFile.Open(path, create: true);
            List<JournalFile> pending = OpenPending();
            try
            {
                IReadOnlyList<Entry> more = [.. pending.SelectMany(Content), .. theirs];
                var merge = JournalMerge.Of(Content(file), more);
                AppendAll(file, merge.Lines(file.Last?.Hash, author, Host));
                pending.ForEach(one => one.Remove());
                return merge.Missing.Count;
            }
            finally
            {
                pending.ForEach(one => one.Dispose());
            }
        }
        catch (PlaceException e)
        {
            throw new FailedException($"{e.Message}; nothing was merged", "merge again when it can be written", e);
        }
    }

    internal static string Host { get; } = Environment.MachineName;

    private Appended Append(Author author, EventData? data, Func<IReadOnlyList<Entry>, EventData>? make, DateTimeOffset? at)
    {
        PlaceException refused;
        try
        {
            bool create = begins || data is Opened || OpenedInFallback();
            if (create)
                Folder.Make(System.IO.Path.GetDirectoryName(path)!);
            using JournalFile file = JournalFile.Open(path, create);
            int takenIn = TakeIn(file, author);
            return new(Write(file, file.Last, make is null ? data! : make(Content(file)), author, at), null, null, takenIn);
        }
        catch (PlaceException e)
        {
            refused = e;
        }
        var reasons = new List<string> { refused.Message };
        // A fallback that holds events already comes first: the chain goes on there.
        foreach (string place in FallbackFiles().OrderByDescending(File.Exists))
        {
            try
            {
                Folder.MakePrivate(System.IO.Path.GetDirectoryName(place)!);
                using JournalFile file = JournalFile.Open(place, create: true);
                IReadOnlyList<Entry> all = Read();
                return new(Write(file, all.MaxBy(entry => entry.Id, StringComparer.Ordinal), make is null ? data! : make(all), author, at), refused, place, 0);
            }
            catch (PlaceException e)
            {
                reasons.Add(e.Message);
            }
        }
        throw new FailedException($"the event could not be saved: {string.Join("; ", reasons)}", "free space, or name another place with --journal DIR");
    }

    /// <summary>Whether the incident was opened while the journal could not be made; else a journal that is missing is on a medium that is.</summary>
    private bool OpenedInFallback() => Pending.Any(place => JournalReader.Entries(JournalLines.Split(JournalReader.TryReadBytes(place) ?? []).Whole).FirstOrDefault()?.Data is Opened);

    private static Entry Write(JournalFile file, Entry? last, EventData data, Author author, DateTimeOffset? at)
    {
        var lines = new List<Entry>();
        void Add(EventData added, DateTimeOffset? happened)
        {
            DateTimeOffset now = DateTimeOffset.UtcNow;
            last = EntryLine.Make(EventId.Next(last?.Id, now), last?.Hash ?? EntryLine.Genesis, now, happened, author, Host, added);
            lines.Add(last);
        }
        if (file.SetAside is { } aside)
            Add(aside, null);
        Add(data, at);
        AppendAll(file, lines);
        return last!;
    }

    private static void AppendAll(JournalFile file, IReadOnlyList<Entry> entries)
    {
        if (entries.Count > 0)
            file.Append([.. entries.Select(entry => entry.Line)], entries[^1]);
    }

    private int TakeIn(JournalFile file, Author author)
    {
        List<JournalFile> pending = OpenPending();
        try
        {
            if (pending.Count == 0)
                return 0;
            var merge = JournalMerge.Of(Content(file), [.. pending.SelectMany(Content).OrderBy(entry => entry.Id, StringComparer.Ordinal)]);
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
        if (pending.Count == 0)
            return all;
        var known = new HashSet<string>(all.Select(entry => entry.Hash));
        IEnumerable<Entry> more = pending.SelectMany(place => JournalReader.Entries(JournalLines.Split(JournalReader.TryReadBytes(place) ?? []).Whole));
        all.AddRange(more.OrderBy(entry => entry.Id, StringComparer.Ordinal).Where(entry => known.Add(entry.Hash)));
        return all;
    }

    private IEnumerable<string> FallbackFiles() => fallbacks.Select(folder => System.IO.Path.Combine(folder, System.IO.Path.GetFileName(path)));
}
