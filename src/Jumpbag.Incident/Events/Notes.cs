using System.Text.Json.Serialization;

namespace Jumpbag.Incident.Events;

/// <summary>What a note is for the review.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NoteKind>))]
public enum NoteKind
{
    /// <summary>Who and what is hit, and how much.</summary>
    [JsonStringEnumMemberName("impact")]
    Impact,

    [JsonStringEnumMemberName("well")]
    Well,

    [JsonStringEnumMemberName("badly")]
    Badly,

    [JsonStringEnumMemberName("lucky")]
    Lucky,
}

public sealed record Noted(string Text, NoteKind? Kind = null) : EventData
{
    public override string Type => "note";

    public override string Sentence => Kind switch
    {
        NoteKind.Impact => $"impact: {Text}",
        NoteKind.Well => $"went well: {Text}",
        NoteKind.Badly => $"could go better: {Text}",
        NoteKind.Lucky => $"luck: {Text}",
        _ => Text,
    };

    public override EventData WithText(string text) => this with { Text = text };
}

/// <summary>
/// Takes the place of what the same author wrote before. A null text or time stays as it was; a withdrawn event counts no more.
/// </summary>
public sealed record Corrected(string Event, string What, bool Withdrawn, string? Text = null, DateTimeOffset? At = null) : EventData
{
    public override string Type => "correct";

    public override string Sentence => Withdrawn ? $"withdrawn: {What}{(Text is null ? "" : ": " + Text)}" : $"corrected: {What}{(Text is null ? "" : $", now: {Text}")}{(At is null ? "" : ", now at another time")}";
}
