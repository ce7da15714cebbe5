namespace Jumpbag.Incident.Events;

/// <summary>Something that was seen, and where: a probe, a file and line, or a person.</summary>
public sealed record FactFound(string Label, string Text, string Source) : EventData
{
    public override string Type => "fact";

    public override string Sentence => $"{Label} fact: {Text} [{Source}]";

    public override EventData WithText(string text) => this with { Text = text };
}

/// <summary>Something that is taken to be so and was not seen.</summary>
public sealed record Assumed(string Label, string Text) : EventData
{
    public override string Type => "assume";

    public override string Sentence => $"{Label} assumption: {Text}";

    public override EventData WithText(string text) => this with { Text = text };
}

public sealed record Confirmed(Reference Assumption, Reference Fact, string? Text = null) : EventData
{
    public override string Type => "confirm";

    public override string Sentence => $"{Assumption.Label} confirmed by {Fact.Label}{(Text is null ? "" : ": " + Text)}";

    public override EventData WithText(string text) => this with { Text = text };
}

public sealed record Refuted(Reference Assumption, Reference Fact, string? Text = null) : EventData
{
    public override string Type => "refute";

    public override string Sentence => $"{Assumption.Label} refuted by {Fact.Label}{(Text is null ? "" : ": " + Text)}";

    public override EventData WithText(string text) => this with { Text = text };
}
