using System.Text.Json;
using System.Text.Json.Serialization;
using Jumpbag.Incident.Events;

namespace Jumpbag.Incident.Journal;

/// <summary>How far a running command is.</summary>
/// <param name="Share">From 0 to 1; null where no total is known.</param>
/// <param name="Line">All of it in one line of text.</param>
public sealed record RunningProgress(
    DateTimeOffset Time, string Activity, long BytesDone, long? BytesTotal, long FilesDone, long? FilesTotal, double BytesPerSecond, double? RemainingSeconds, string Line, double? Share = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(UtcTime)])]
[JsonSerializable(typeof(RunningProgress))]
internal sealed partial class ProgressJson : JsonSerializerContext;

/// <summary>Progress is no event: it lies beside the journal, in ID.running/EVENT.json, is written over once a second, and is gone at the end.</summary>
public static class ProgressFile
{
    /// <summary>One is a few hundred bytes.</summary>
    private const int MostBytes = 16 << 10;

    public static string Of(string journal, string eventId) => Path.Combine(Path.ChangeExtension(journal, ".running"), eventId + ".json");

    /// <summary>Null where nothing is known of that event's command.</summary>
    public static RunningProgress? Read(string journal, string eventId) => ReadBytes(journal, eventId) is { } bytes ? Parse(bytes) : null;

    public static byte[]? ReadBytes(string journal, string eventId)
    {
        try
        {
            string file = Of(journal, eventId);
            return new FileInfo(file) is { Exists: true, Length: <= MostBytes } ? File.ReadAllBytes(file) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // It ended at this moment.
        }
    }

    public static RunningProgress? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ProgressJson.Default.RunningProgress);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static byte[] Bytes(RunningProgress progress) => JsonSerializer.SerializeToUtf8Bytes(progress, ProgressJson.Default.RunningProgress);
}
