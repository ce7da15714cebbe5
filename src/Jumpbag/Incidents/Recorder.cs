using System.Text;
using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Notifying;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents;

/// <summary>Writes events to a journal for this person, says where they went when that is not the journal, and sends them on to hooks.</summary>
internal sealed class Recorder(FileJournal journal, EventSink events)
{
    public static Author Me { get; } = Author.Current();

    public FileJournal Journal => journal;

    /// <summary>Appends an event that follows from where the incident is, which nobody changes meanwhile.</summary>
    public Entry Append(Func<IncidentState, EventData> make, DateTimeOffset? at = null) =>
        Append(Me, make, at);

    /// <summary>As another than this process's person, who came with a key.</summary>
    public Entry Append(Author author, Func<IncidentState, EventData> make, DateTimeOffset? at = null) =>
        Tell(journal.Append(author, entries => make(IncidentState.Of(entries, journal.Path)), at));

    public Entry Append(EventData data, DateTimeOffset? at = null) => Tell(journal.Append(Me, data, at));

    /// <summary>A turn with the store, where there is one.</summary>
    public void Sync()
    {
        if (journal.Sync(Me) is not { } synced)
            return;
        if (synced.Away is { } away)
            events(new Warning($"{Printable.Line(away.Message)}: what others wrote since may be missing", "this machine's copy is shown; nothing is lost"));
        Tell(synced);
    }

    /// <summary>Keeps the journal up with its store from now on; tells when that goes, and when it is back.</summary>
    public JournalFollower Follow()
    {
        bool away = false;
        return new(journal, Me, synced =>
        {
            if (away != synced.Away is not null)
                events(synced.Away is { } reason ? new Warning($"{Printable.Line(reason.Message)}: what others write is shown when it is back") : new Status(journal.Store!.Place, "is back"));
            away = synced.Away is not null;
            Tell(synced);
        });
    }

    private void Tell(Synced? synced)
    {
        if (synced?.PutBack > 0)
            events(new Warning($"{journal.Store!.Place}: lacked {synced.PutBack} {(synced.PutBack == 1 ? "event" : "events")} that it had before, which this machine kept and put back", "was it restored from a backup? else someone took them out"));
        else if (synced?.Sent > 0)
            events(new Status(journal.Store!.Place, $"{synced.Sent} {(synced.Sent == 1 ? "event" : "events")} of this machine put into it"));
    }

    private Entry Tell(Appended appended)
    {
        if (appended.SavedIn is { } place)
            events(new Warning($"{Printable.Line(string.Join("; ", appended.Refused.Select(one => one.Message)))}: the event is saved in {place}", "it is merged into the journal as soon as that can be written"));
        Tell(appended.Store);
        if (appended.TakenIn > 0)
            events(new Status(journal.Path, $"{appended.TakenIn} {(appended.TakenIn == 1 ? "event" : "events")} of a fallback merged into it"));
        Notify(appended.Entry);
        Boards.Reports.Send(journal.Path, events);
        return appended.Entry;
    }

    /// <summary>The event is saved; whatever goes wrong here is told and no more.</summary>
    private void Notify(Entry entry)
    {
        try
        {
            Hook[] wanted = [.. new HookList(StateFolder.Path).Read().Where(hook => hook.Wants(entry.Data.Type))];
            // Of a board that was never reached nobody here knows the incident.
            if (wanted.Length == 0 || Boards.Reports.IsWaiting(journal.Path))
                return;
            IncidentState state = IncidentState.Of(journal.Read(), journal.Path);
            var spool = new Spool(StateFolder.Path, Delivery.Send);
            string text = $"[{state.Opened.Id}] {entry.Author.Name}: {Printable.Line(entry.Data.Sentence)}";
            foreach (Hook hook in wanted)
                spool.Add(entry.Id, hook, text, Payload(state, entry, text));
            if (Environment.ProcessPath is { } self)
                BackgroundProcess.Start(self, "incident", "notify", "send", "--wait", "--quiet");
        }
        catch (Exception e) when (e is JumpbagException or IOException or UnauthorizedAccessException)
        {
            events(new Warning($"nobody was notified: {e.Message}", "'jumpbag incident notify' lists the hooks"));
        }
    }

    private static string Payload(IncidentState state, Entry entry, string text)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            json.WriteString("text", text);
            json.WriteStartObject("incident");
            json.WriteString("id", state.Opened.Id);
            json.WriteString("title", state.Opened.Title);
            json.WriteNumber("severity", state.Severity);
            json.WriteBoolean("drill", state.Opened.Drill);
            json.WriteBoolean("open", state.Closing is null);
            json.WriteString("phase", state.Phases.Current?.Word());
            json.WriteEndObject();
            json.WritePropertyName("event");
            json.WriteRawValue(entry.Line.Span);
            json.WriteString("head", state.Head);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(memory.GetBuffer(), 0, (int)memory.Length);
    }
}
