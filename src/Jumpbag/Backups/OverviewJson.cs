using System.Text.Json;
using Jumpbag.Backup.Tiers;

namespace Jumpbag.Backups;

/// <summary>The overview for programs. Times are UTC (RFC 3339), spans are seconds.</summary>
internal static class OverviewJson
{
    public static void Write(Utf8JsonWriter json, Overview overview)
    {
        json.WriteStartObject();
        json.WriteString("time", overview.Time.ToUniversalTime());
        json.WriteStartArray("copies");
        foreach (CopyState state in overview.States)
        {
            json.WriteStartObject();
            json.WriteString("source", state.Source.Name);
            json.WriteString("copy", state.Copy.Name);
            json.WriteString("tier", state.Copy.Tier.ToString().ToLowerInvariant());
            Text("unreachable", state.Unreachable);
            json.WriteNumber("snapshots", state.Snapshots);
            Text("snapshot", state.Snapshot);
            Time("taken", state.Taken);
            if (state.Taken is { } taken)
                json.WriteNumber("age", Math.Round((overview.Time - taken).TotalSeconds));
            if (state.Bytes is { } bytes)
                json.WriteNumber("bytes", bytes);
            Time("verified", state.Verified);
            Time("withstoodDeletion", state.Withstood);
            if (state.Restore is { } estimate)
            {
                json.WriteNumber("restore", Math.Round(estimate.Time.TotalSeconds, 1));
                Time("restoreMeasured", estimate.MeasuredAt);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("live");
        foreach (LiveState live in overview.Live)
        {
            json.WriteStartObject();
            json.WriteString("copy", live.Copy.Name);
            json.WriteBoolean("healthy", live.IsHealthy);
            if (live.Lag is { } lag)
                json.WriteNumber("lag", lag);
            json.WriteString("message", live.Message);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteViolations(json, overview.Violations);
        json.WriteEndObject();

        void Text(string name, string? text)
        {
            if (text is not null)
                json.WriteString(name, text);
        }

        void Time(string name, DateTimeOffset? time)
        {
            if (time is { } known)
                json.WriteString(name, known.ToUniversalTime());
        }
    }

    public static void WriteViolations(Utf8JsonWriter json, IReadOnlyList<Violation> violations)
    {
        json.WriteStartArray("violations");
        foreach (Violation violation in violations)
        {
            json.WriteStartObject();
            json.WriteString("rule", violation.Rule);
            json.WriteString("source", violation.Source);
            if (violation.Copy is { } copy)
                json.WriteString("copy", copy);
            json.WriteString("message", violation.Message);
            json.WriteString("mend", violation.Mend);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
