using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Backup.Tiers;

/// <summary>What was measured of one copy: kept in the state folder, fed by every read.</summary>
public sealed record Measurements
{
    /// <summary>How much a new measurement counts against all before.</summary>
    private const double Weight = 0.3;

    /// <summary>Reads of fewer bytes measure the fixed costs, not the rate.</summary>
    private const long LeastBytes = 4 << 20;

    /// <summary>What a copy is taken to give as long as nobody measured: a slow line.</summary>
    private const double GuessedRate = 5 << 20;

    private static readonly TimeSpan GuessedFixedCost = TimeSpan.FromSeconds(10);

    /// <summary>Bytes a second, as they are stored.</summary>
    public double? Rate { get; init; }

    /// <summary>Until the first byte of content comes: connecting, keys, index.</summary>
    public TimeSpan? FixedCost { get; init; }

    public DateTimeOffset? MeasuredAt { get; init; }

    /// <summary>When the data was last read and found whole.</summary>
    public DateTimeOffset? Verified { get; init; }

    /// <summary>When it was last tried to delete our canary, and whether it stayed.</summary>
    public DateTimeOffset? CanaryTested { get; init; }

    public bool CanaryStayed { get; init; }

    /// <summary>The name of the one that stayed.</summary>
    public string? Canary { get; init; }

    /// <summary>Takes in a read of so many bytes.</summary>
    /// <param name="opening">Until the first of them came.</param>
    /// <param name="isSample">It was read to measure: then a few bytes are better than none.</param>
    public Measurements With(long bytes, TimeSpan elapsed, TimeSpan? opening, DateTimeOffset now, bool isSample = false)
    {
        Measurements result = this;
        if (opening is { } cost)
            result = result with { FixedCost = FixedCost is { } before ? before * (1 - Weight) + cost * Weight : cost };
        if (bytes >= (isSample && Rate is null ? 1 : LeastBytes) && elapsed > TimeSpan.Zero)
            result = result with { Rate = Rate is { } rate ? rate * (1 - Weight) + bytes / elapsed.TotalSeconds * Weight : bytes / elapsed.TotalSeconds, MeasuredAt = now };
        return result;
    }

    /// <summary>How long so many bytes take: those that must cross ÷ rate + fixed costs.</summary>
    /// <param name="limit">Bytes a second that may be read at most.</param>
    public RestoreEstimate Estimate(long bytes, long? limit)
    {
        double rate = Math.Min(Rate ?? GuessedRate, limit ?? double.MaxValue);
        return new(TimeSpan.FromSeconds(Math.Min(bytes / Math.Max(rate, 1), TimeSpan.FromDays(3650).TotalSeconds)) + (FixedCost ?? GuessedFixedCost), Rate is null ? null : MeasuredAt);
    }

    /// <summary>Of a copy; what cannot be made out counts as nothing, and is measured anew.</summary>
    public static Measurements Load(string stateFolder, string copy)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(PathOf(stateFolder, copy)));
            JsonElement root = document.RootElement;
            return new()
            {
                Rate = root.TryGetProperty("bytesPerSecond", out JsonElement rate) ? rate.GetDouble() : null,
                FixedCost = root.TryGetProperty("fixedSeconds", out JsonElement cost) ? TimeSpan.FromSeconds(cost.GetDouble()) : null,
                MeasuredAt = Time(root, "measuredAt"),
                Verified = Time(root, "verified"),
                CanaryTested = Time(root, "canaryTested"),
                Canary = root.TryGetProperty("canary", out JsonElement canary) ? canary.GetString() : null,
                CanaryStayed = root.TryGetProperty("canaryStayed", out JsonElement stayed) && stayed.GetBoolean(),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or FormatException or OverflowException or ArgumentException)
        {
            return new();
        }
    }

    /// <exception cref="FailedException">It cannot be kept.</exception>
    public void Save(string stateFolder, string copy)
    {
        using var content = new MemoryStream();
        using (var json = new Utf8JsonWriter(content, new() { Indented = true }))
        {
            json.WriteStartObject();
            if (Rate is { } rate)
                json.WriteNumber("bytesPerSecond", Math.Round(rate));
            if (FixedCost is { } cost)
                json.WriteNumber("fixedSeconds", Math.Round(cost.TotalSeconds, 3));
            Write(json, "measuredAt", MeasuredAt);
            Write(json, "verified", Verified);
            Write(json, "canaryTested", CanaryTested);
            if (CanaryTested is not null)
                json.WriteBoolean("canaryStayed", CanaryStayed);
            if (Canary is not null)
                json.WriteString("canary", Canary);
            json.WriteEndObject();
        }
        try
        {
            WholeFile.Write(PathOf(stateFolder, copy), content.GetBuffer().AsSpan(0, (int)content.Length));
        }
        catch (FailedException e)
        {
            throw new FailedException($"what was measured cannot be kept: {e.Message}", "JUMPBAG_STATE names another state folder", e);
        }
    }

    private static string PathOf(string stateFolder, string copy) => Path.Combine(stateFolder, "backups", copy + ".json");

    private static DateTimeOffset? Time(JsonElement root, string name) => root.TryGetProperty(name, out JsonElement time) ? time.GetDateTimeOffset() : null;

    private static void Write(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } known)
            json.WriteString(name, known.ToUniversalTime());
    }
}
