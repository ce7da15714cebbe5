using System.Collections.Concurrent;
using System.Text.Json;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Board.Feed;

/// <summary>What runs on every host, and how far it is: of this machine from the files beside the journal, of others as they last told.</summary>
public sealed class RunningList(string journal)
{
    /// <summary>More operations at once are nobody's.</summary>
    private const int Most = 300;

    /// <summary>A host tells once a second.</summary>
    private static readonly TimeSpan Silent = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, (RunningProgress Progress, DateTimeOffset Received)> told = [];

    /// <summary>What another host tells of one of its commands.</summary>
    public void Tell(string eventId, RunningProgress progress)
    {
        if (told.Count < Most || told.ContainsKey(eventId))
            told[eventId] = (progress, DateTimeOffset.UtcNow);
    }

    public byte[] Json(IncidentState state, DateTimeOffset now)
    {
        Operation[] running = [.. state.Operations.Running.TakeLast(Most)];
        foreach (string over in told.Keys.Except(running.Select(operation => operation.Entry.Id)).Where(id => now - told[id].Received > Silent))
            told.TryRemove(over, out _);
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartArray();
            foreach (Operation operation in running)
                Write(json, operation, now);
            json.WriteEndArray();
        }
        return memory.ToArray();
    }

    private void Write(Utf8JsonWriter json, Operation operation, DateTimeOffset now)
    {
        Entry entry = operation.Entry;
        bool isHere = entry.Host == Environment.MachineName;
        bool heard = told.TryGetValue(entry.Id, out (RunningProgress Progress, DateTimeOffset Received) last);
        RunningProgress? progress = heard ? last.Progress : ProgressFile.Read(journal, entry.Id);
        // Two hosts may have one name (containers): a number is looked up only where nobody tells.
        bool isGone = isHere && !heard && entry.Data is CommandStarted started && !OtherProcess.Runs(started.Pid, entry.Time);
        json.WriteStartObject();
        json.WriteString("id", entry.Id);
        json.WriteString("command", operation.Command);
        json.WriteString("host", entry.Host);
        json.WriteString("author", entry.Author.Name);
        json.WriteString("begun", UtcTime.Text(entry.When));
        json.WriteString("standing", isGone ? "gone" : heard && now - last.Received > Silent ? "silent" : "runs");
        if (progress is not null)
        {
            if (progress.Share is { } share)
                json.WriteNumber("share", share);
            if (progress.RemainingSeconds is { } remaining && remaining is >= 0 and < 1e9)
                json.WriteString("end", UtcTime.Text(progress.Time.AddSeconds(remaining)));
            json.WriteString("line", progress.Line);
        }
        json.WriteEndObject();
    }
}
