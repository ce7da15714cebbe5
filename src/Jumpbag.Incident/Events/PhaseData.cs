using System.Text.Json.Serialization;

namespace Jumpbag.Incident.Events;

/// <summary>The seven steps.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Phase>))]
public enum Phase
{
    [JsonStringEnumMemberName("bleeding")]
    Bleeding,

    [JsonStringEnumMemberName("cause")]
    Cause,

    [JsonStringEnumMemberName("plan")]
    Plan,

    [JsonStringEnumMemberName("vet")]
    Vet,

    [JsonStringEnumMemberName("execute")]
    Execute,

    [JsonStringEnumMemberName("monitor")]
    Monitor,

    [JsonStringEnumMemberName("review")]
    Review,
}

public static class PhaseText
{
    private static readonly string[] Titles = ["stop the bleeding", "find the root cause", "make a plan", "vet it", "execute", "monitor the results", "review"];

    public static int Number(this Phase phase) => (int)phase + 1;

    public static string Title(this Phase phase) => Titles[(int)phase];

    public static string Word(this Phase phase) => phase.ToString().ToLowerInvariant();
}

/// <summary>A step was begun or done. The text of a done one says what stopped the bleeding, or what the cause was.</summary>
public sealed record PhaseStamped(Phase Phase, bool Done, string? Text = null) : EventData
{
    public override string Type => "phase";

    public override string Sentence => $"{Phase.Number()} {Phase.Title()}: {(Done ? "done" : "begun")}{(Text is null ? "" : ": " + Text)}";

    public override EventData WithText(string text) => this with { Text = text };
}
