using System.Text.Json.Serialization;

namespace Jumpbag.Incident.Events;

/// <summary>In the order in which they are treated.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TriageTag>))]
public enum TriageTag
{
    /// <summary>Losing data or customers now, and can be saved.</summary>
    [JsonStringEnumMemberName("red")]
    Red,

    /// <summary>Hurt, and can wait.</summary>
    [JsonStringEnumMemberName("yellow")]
    Yellow,

    /// <summary>Walks by itself.</summary>
    [JsonStringEnumMemberName("green")]
    Green,

    /// <summary>Beyond repair with what is at hand: looked at again later.</summary>
    [JsonStringEnumMemberName("grey")]
    Grey,

    /// <summary>To be rebuilt.</summary>
    [JsonStringEnumMemberName("black")]
    Black,
}

public sealed record Triaged(string Patient, TriageTag Tag, string Why, DateTimeOffset? Revisit = null) : EventData
{
    public override string Type => "triage";

    public override string Sentence => $"{Patient} is {Tag.ToString().ToLowerInvariant()}: {Why}";

    public override EventData WithText(string text) => this with { Why = text };
}
