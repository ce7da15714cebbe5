using System.Globalization;
using System.Text.Json;

namespace Jumpbag.Facts.Texts;

/// <summary>What "smartctl --json" says of a disk, as far as it matters tonight.</summary>
/// <param name="IsAsleep">It was left alone.</param>
/// <param name="Passed">Its own verdict; null where it gives none.</param>
/// <param name="Worries">Counters that should be zero and are not: "8 pending sectors".</param>
/// <param name="Failure">Why there is no report.</param>
public sealed record SmartReport(bool IsAsleep, bool? Passed, IReadOnlyList<string> Worries, string? Failure, string Summary)
{
    /// <summary>Attributes of ATA disks whose raw value should be zero.</summary>
    private static readonly (int Id, string What)[] Counted =
        [(5, "reallocated sectors"), (187, "uncorrectable errors reported"), (196, "reallocation events"), (197, "pending sectors"), (198, "sectors uncorrectable offline")];

    private const int StandbyBit = 2;

    public static SmartReport Parse(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return new(false, null, [], "smartctl gives no report (too old for --json?)", "");
        }
    }

    private static SmartReport Read(JsonElement root)
    {
        long status = Number(root, "smartctl", "exit_status") ?? 0;
        string[] messages = [.. Find(root, "smartctl", "messages") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().Select(message => message.TryGetProperty("string", out JsonElement text) ? text.GetString() ?? "" : "") : []];
        bool asleep = messages.Any(message => message.Contains("STANDBY", StringComparison.Ordinal) || message.Contains("SLEEP mode", StringComparison.Ordinal));
        bool? passed = Find(root, "smart_status", "passed") is { ValueKind: JsonValueKind.True or JsonValueKind.False } verdict ? verdict.GetBoolean() : null;
        if (asleep)
            return new(true, passed, [], null, "asleep, left alone");
        var worries = new List<string>();
        Attributes(root, worries);
        Nvme(root, worries);
        if (Number(root, "scsi_grown_defect_list") is > 0 and var grown)
            worries.Add($"{grown} grown defects");
        bool any = passed is not null || worries.Count > 0 || Number(root, "power_on_time", "hours") is not null;
        string? failure = any ? null : messages.FirstOrDefault(message => message.Length > 0) ?? $"smartctl: exit status {status.ToString(CultureInfo.InvariantCulture)}";
        return new((status & StandbyBit) != 0 && !any && messages.Length == 0, passed, worries, failure, Summarise(root, passed));
    }

    private static void Attributes(JsonElement root, List<string> worries)
    {
        if (Find(root, "ata_smart_attributes", "table") is not { ValueKind: JsonValueKind.Array } table)
            return;
        foreach (JsonElement attribute in table.EnumerateArray())
        {
            long id = Number(attribute, "id") ?? 0, raw = (Number(attribute, "raw", "value") ?? 0) & 0xFFFFFFFF;
            foreach ((int counted, string what) in Counted)
                if (id == counted && raw > 0)
                    worries.Add($"{raw} {what}");
            if (Find(attribute, "when_failed") is { ValueKind: JsonValueKind.String } failed && failed.GetString() == "now" && attribute.TryGetProperty("name", out JsonElement name))
                worries.Add($"{name.GetString()} is below its threshold");
        }
    }

    private static void Nvme(JsonElement root, List<string> worries)
    {
        const string Log = "nvme_smart_health_information_log";
        if (Number(root, Log, "critical_warning") is > 0 and var warning)
            worries.Add($"critical warning 0x{warning:x}");
        if (Number(root, Log, "media_errors") is > 0 and var media)
            worries.Add($"{media} media errors");
        if (Number(root, Log, "percentage_used") is >= 95 and var used)
            worries.Add($"{used}% of its endurance used");
        if (Number(root, Log, "available_spare") is { } spare && Number(root, Log, "available_spare_threshold") is { } threshold && spare < threshold)
            worries.Add($"spare {spare}%, threshold {threshold}%");
    }

    private static string Summarise(JsonElement root, bool? passed)
    {
        var parts = new List<string> { passed switch { true => "passed", false => "FAILED", null => "no verdict" } };
        if (Number(root, "power_on_time", "hours") is { } hours)
            parts.Add($"{hours} hours on");
        if (Number(root, "temperature", "current") is > 0 and var degrees)
            parts.Add($"{degrees} °C");
        return string.Join(", ", parts);
    }

    private static long? Number(JsonElement at, params string[] path) =>
        Find(at, path) is { ValueKind: JsonValueKind.Number } found && found.TryGetInt64(out long number) ? number : null;

    private static JsonElement? Find(JsonElement at, params string[] path)
    {
        foreach (string name in path)
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
                return null;
        return at;
    }
}
