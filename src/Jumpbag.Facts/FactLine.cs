using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Jumpbag.Facts;

/// <summary>
/// One line of what probes say to the program that started them, of --json, and of what a remote machine answers: the same everywhere.
/// The type says which of the values are there: begin, fact, at (what a probe is about to touch), evidence, probe (how one ended), end.
/// </summary>
public sealed record FactLine
{
    /// <summary>A line that is longer is none of ours.</summary>
    public const int Longest = 1 << 20;

    public string Type { get; init; } = "";

    public string? Host { get; init; }

    public string? Time { get; init; }

    public string? Version { get; init; }

    public string? Probe { get; init; }

    public string? Level { get; init; }

    public string? Name { get; init; }

    public string? Subject { get; init; }

    public string? Value { get; init; }

    public string? Source { get; init; }

    public string? Next { get; init; }

    public bool? Moves { get; init; }

    public string? Result { get; init; }

    public string? Reason { get; init; }

    public double? Seconds { get; init; }

    public string? Text { get; init; }

    public bool? Truncated { get; init; }

    public int? Critical { get; init; }

    public int? Warning { get; init; }

    public int? Changed { get; init; }

    public static FactLine Of(Fact fact) => new()
    {
        Type = "fact",
        Probe = fact.Probe,
        Level = Word(fact.Level),
        Name = fact.Name,
        Subject = fact.Subject,
        Value = fact.Value,
        Source = fact.Source,
        Next = fact.Next,
        Moves = fact.Moves ? true : null,
    };

    public static FactLine Of(ProbeResult result) =>
        new() { Type = "probe", Probe = result.Probe, Result = Word(result.Outcome), Reason = result.Reason, Seconds = Math.Round(result.Seconds, 3) };

    public static FactLine Of(Evidence evidence) =>
        new() { Type = "evidence", Probe = evidence.Probe, Name = evidence.Name, Text = evidence.Text, Truncated = evidence.Truncated ? true : null };

    public Fact? ToFact() => Type == "fact" && Probe is { } probe && Name is { } name && Subject is { } subject && Value is { } value && LevelOf(Level) is { } level
        ? new(probe, level, name, subject, value, Source ?? "", Next) { Moves = Moves == true } : null;

    public ProbeResult? ToResult() => Type == "probe" && Probe is { } probe && OutcomeOf(Result) is { } outcome ? new(probe, outcome, Reason, Seconds ?? 0) : null;

    public Evidence? ToEvidence() => Type == "evidence" && Name is { } name && Text is { } text ? new(Probe ?? "", name, text, Truncated == true) : null;

    /// <summary>With its line end.</summary>
    public byte[] ToBytes() => [.. JsonSerializer.SerializeToUtf8Bytes(this, FactLineJson.Readable.FactLine), (byte)'\n'];

    /// <summary>Null of anything that is not such a line.</summary>
    public static FactLine? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, FactLineJson.Readable.FactLine) is { Type.Length: > 0 } read ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static FactLine? Parse(string line) => Parse(Encoding.UTF8.GetBytes(line));

    public static string Word(FactLevel level) => level switch
    {
        FactLevel.Critical => "critical",
        FactLevel.Warning => "warning",
        FactLevel.Changed => "changed",
        _ => "info",
    };

    public static string Word(ProbeOutcome outcome) => outcome switch
    {
        ProbeOutcome.Ok => "ok",
        ProbeOutcome.Timeout => "timeout",
        ProbeOutcome.Missing => "missing",
        ProbeOutcome.Denied => "denied",
        ProbeOutcome.Truncated => "truncated",
        _ => "failed",
    };

    private static FactLevel? LevelOf(string? word) => word switch
    {
        "critical" => FactLevel.Critical,
        "warning" => FactLevel.Warning,
        "changed" => FactLevel.Changed,
        "info" => FactLevel.Info,
        _ => null,
    };

    private static ProbeOutcome? OutcomeOf(string? word) => word switch
    {
        "ok" => ProbeOutcome.Ok,
        "timeout" => ProbeOutcome.Timeout,
        "missing" => ProbeOutcome.Missing,
        "denied" => ProbeOutcome.Denied,
        "truncated" => ProbeOutcome.Truncated,
        "failed" => ProbeOutcome.Failed,
        _ => null,
    };
}

[JsonSerializable(typeof(FactLine))]
internal sealed partial class FactLineJson : JsonSerializerContext
{
    /// <summary>Letters of all scripts stay readable; control characters are escaped.</summary>
    public static FactLineJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
