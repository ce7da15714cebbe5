using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident verify, merge, export</summary>
internal static class JournalVerbs
{
    private static readonly Argument<string> Which = new("id") { Arity = ArgumentArity.ZeroOrOne, Description = "an incident or a journal's file (the current one)" };
    private static readonly Option<string[]> Head = new("--head") { HelpName = "HASH", Description = "a head that was kept elsewhere, or its first 8 or more characters (repeatable)", Arity = ArgumentArity.OneOrMore };
    private static readonly Argument<string> File = new("file") { Description = "another machine's journal, or an export of it" };

    public static Command Verify() => IncidentOptions.Make("verify", desk =>
    {
        if (desk.Parsed.GetValue(Which) is { } which)
            desk.UseJournal(desk.Find(which));
        FileJournal journal = desk.Journal;
        string path = journal.Path;
        string[] heads = desk.Parsed.GetValue(Head) ?? [];
        if (heads.FirstOrDefault(head => head.Length < 8 || !head.All(char.IsAsciiHexDigit)) is { } wrong)
            throw new UsageException($"--head {Printable.Line(wrong)}: not a hash, or fewer than 8 characters of one");
        IReadOnlyList<string> pending = journal.Pending;
        byte[]? bytes = JournalReader.TryReadBytes(path);
        if (bytes is null && pending.Count == 0)
            throw new NotFoundException($"{Printable.Line(path)}: no such journal");
        // What waits in a fallback goes on where the journal ends.
        JournalLines lines = JournalLines.Split(bytes ?? []).With(pending.Select(file => JournalLines.Split(JournalReader.ReadBytes(file))));
        var check = ChainCheck.Of(lines, heads);
        StoreCheck? store = CheckStore(desk, journal);
        if (desk.Json)
            desk.Out.WriteJson(json => JournalJson.WriteCheck(json, path, check, heads, journal.Store, store));
        foreach (string problem in store?.Problems ?? [])
            desk.Session.Events(new SourceFailed(Printable.Line(journal.Store!.Place), problem));
        foreach (ChainProblem problem in check.Problems)
            desk.Session.Events(new SourceFailed(Printable.Line(path), problem.ToString()));
        foreach (string file in pending)
            desk.Session.Events(new Status(file, "holds events that the journal has not taken in yet"));
        if (check.Problems.Count > 0 || store?.Problems.Count > 0)
            return ExitStatus.Failed;
        if (!desk.Json)
        {
            desk.Out.WriteLine($"{IncidentPlaces.IdOf(path)}: {check.Events} events, each as it was written");
            if (store is not null)
                desk.Out.WriteLine($"{Printable.Line(journal.Store!.Place)}: {store.Chain.Events} events, each as it was written{(store.Unsent > 0 ? $"; {store.Unsent} of this machine are still to be put into it" : "")}");
            desk.Out.WriteLine($"head {check.Head}");
            foreach (string head in heads)
                desk.Out.WriteLine($"{check.EventsSince(head)} events since {head}");
            if (heads.Length == 0)
                desk.Out.WriteLine("Whether its end was cut off shows only against a head that was kept elsewhere: --head HASH.");
        }
        return journal.Store is not null && store is null ? ExitStatus.Partial : desk.Session.Status;
    }, Which, Head);

    /// <summary>Null where there is no store, or (told) where it can't be had.</summary>
    private static StoreCheck? CheckStore(Desk desk, FileJournal journal)
    {
        try
        {
            return journal.Store is null ? null : StoreCheck.Of(journal, IncidentStores.Patience);
        }
        catch (PlaceException e)
        {
            desk.Session.Events(new Warning($"{Printable.Line(e.Message)}: the store was not looked at", "only this machine's copy was"));
            return null;
        }
    }

    public static Command Merge() => IncidentOptions.Make("merge", desk =>
    {
        string file = desk.Parsed.GetRequiredValue(File);
        var lines = JournalLines.Split(JournalReader.ReadBytes(file));
        var check = ChainCheck.Of(lines);
        if (check.Problems.Count > 0)
            throw new UnsupportedException($"{Printable.Line(file)}: {check.Problems[0]}", "get a whole copy: 'jumpbag incident export' on the other machine");
        IReadOnlyList<Entry> theirs = [.. JournalReader.Entries(lines.Whole)];
        if (theirs.Count == 0 || theirs[0].Data is not Opened opened)
            throw new UnsupportedException($"{Printable.Line(file)}: is no journal of an incident");
        if (!Slug.IsOne(opened.Id))
            throw new UnsupportedException($"{Printable.Line(file)}: its id is not one");
        string path = Path.Combine(desk.JournalFolder ?? (opened.Drill ? IncidentPlaces.Drills : IncidentPlaces.Folder), opened.Id + ".ndjson");
        if (IncidentPlaces.Current() is { } current && IncidentPlaces.IdOf(current) == opened.Id && desk.JournalFolder is null)
            path = current;
        if (Path.GetFullPath(file) == path)
            throw new UsageException($"{Printable.Line(file)}: is the journal itself");
        bool isNew = !System.IO.File.Exists(path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        int count = IncidentPlaces.Journal(path).Merge(theirs, Recorder.Me);
        desk.UseJournal(path);
        desk.Recorder.Sync();
        if (isNew && IncidentPlaces.Current() is null && Desk.Read(IncidentPlaces.Journal(path)).Closing is null)
            IncidentPlaces.SetCurrent(path, desk.Session.Events);
        if (desk.Json)
            desk.Out.WriteJson(json => JournalJson.WriteMerge(json, path, count));
        else
            desk.Out.WriteLine($"{opened.Id}: {count} new {(count == 1 ? "event" : "events")}");
        return desk.Session.Status;
    }, File);

    public static Command Export() => IncidentOptions.Make("export", desk =>
    {
        if (desk.Parsed.GetValue(Which) is { } which)
            desk.UseJournal(desk.Find(which));
        IReadOnlyList<Entry> entries = desk.Synced().Read();
        if (entries.Count == 0)
            throw new NotFoundException($"{Printable.Line(desk.Journal.Path)}: no such journal");
        foreach (Entry entry in entries)
        {
            desk.Out.Write(entry.Line.Span);
            desk.Out.WriteLine();
        }
        return desk.Session.Status;
    }, Which);
}
