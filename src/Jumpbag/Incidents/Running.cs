using System.Globalization;
using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents;

/// <summary>
/// How far a running command is: no event, but a small file beside the journal, ID.running/EVENT.json, which is written over once a
/// second and is gone at the end.
/// </summary>
internal sealed class Running(string journal, string eventId)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly string file = FileOf(journal, eventId);
    private DateTimeOffset next;

    public void Show(Progress progress) => Show((json, now) => Write(json, progress, now));

    /// <summary>In the words that the person chose.</summary>
    public void Show(string line) => Show((json, now) =>
    {
        json.WriteStartObject();
        json.WriteString("time", UtcTime.Text(now));
        json.WriteString("line", line.Trim());
        json.WriteEndObject();
    });

    private void Show(Action<Utf8JsonWriter, DateTimeOffset> write)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        if (now < next)
            return;
        next = now + Pause;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            string beside = file + ".new";
            using (FileStream stream = File.Create(beside))
            using (var json = new Utf8JsonWriter(stream))
                write(json, now);
            File.Move(beside, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nobody sees how far it is; the journal has its start and will have its end.
            next = DateTimeOffset.MaxValue;
        }
    }

    public void End()
    {
        try
        {
            File.Delete(file);
            Directory.Delete(Path.GetDirectoryName(file)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Never made, or another command's file is in the folder too.
        }
    }

    /// <summary>"$ cp … 38% ETA 0:01:10 (pid 4242 on db3, for 2 min)".</summary>
    public static string Line(Operation operation, string journal, DateTimeOffset now)
    {
        string where = operation.Entry.Host == Environment.MachineName ? "here" : "on " + Printable.Line(operation.Entry.Host);
        string far = IsGone(operation) ? "  ENDED without a word: killed, or the machine went down"
            : Read(journal, operation.Entry.Id) is { } text ? "  " + text : "";
        return $"$ {Printable.Line(operation.Command)}{far}  ({Printable.Line(operation.Entry.Author.Name)} {where}, for {TimeWords.Duration(now - operation.Entry.When)})";
    }

    /// <summary>Whether its process was of this machine and is no more.</summary>
    public static bool IsGone(Operation operation) =>
        operation.Entry.Host == Environment.MachineName && operation.Entry.Data is CommandStarted started && !OtherProcess.Runs(started.Pid, operation.Entry.Time);

    /// <summary>As JSON, as the command last wrote it; null where nothing is known.</summary>
    public static JsonDocument? ReadJson(string journal, string eventId)
    {
        try
        {
            string file = FileOf(journal, eventId);
            return File.Exists(file) ? JsonDocument.Parse(File.ReadAllBytes(file)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static string? Read(string journal, string eventId)
    {
        using JsonDocument? document = ReadJson(journal, eventId);
        return document is not null && document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("line", out JsonElement line) && line.ValueKind == JsonValueKind.String
            ? Printable.Line(line.GetString()!) : null;
    }

    private static void Write(Utf8JsonWriter json, Progress progress, DateTimeOffset now)
    {
        json.WriteStartObject();
        json.WriteString("time", UtcTime.Text(now));
        json.WriteString("activity", progress.Activity);
        json.WriteNumber("bytesDone", progress.BytesDone);
        if (progress.BytesTotal is { } total)
            json.WriteNumber("bytesTotal", total);
        json.WriteNumber("filesDone", progress.FilesDone);
        if (progress.FilesTotal is { } files)
            json.WriteNumber("filesTotal", files);
        json.WriteNumber("bytesPerSecond", Math.Round(progress.Rate));
        if (progress.Remaining is { } remaining)
            json.WriteNumber("remainingSeconds", Math.Round(remaining.TotalSeconds, 1));
        json.WriteString("line", ProgressLine.Text(progress).Trim());
        json.WriteEndObject();
    }

    private static string FileOf(string journal, string eventId) => Path.Combine(Path.ChangeExtension(journal, ".running"), eventId + ".json");
}
