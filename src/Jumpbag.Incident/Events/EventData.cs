namespace Jumpbag.Incident.Events;

/// <summary>What an event says, without who said it and when.</summary>
public abstract record EventData
{
    /// <summary>As the journal has it: "note".</summary>
    public abstract string Type { get; }

    /// <summary>One sentence for the timeline. It holds what people typed, so it is not safe for a screen or a page as it is.</summary>
    public abstract string Sentence { get; }

    /// <summary>The same with another text, for a correction; null where nothing of it is a text that a person wrote.</summary>
    public virtual EventData? WithText(string text) => null;
}

/// <summary>Another event, by its id and by the label that people call it by.</summary>
public sealed record Reference(string Id, string Label);

/// <summary>An event of a type that this version does not know, or whose data it cannot read. It counts in the chain.</summary>
public sealed record UnknownData(string TypeName, string Reason) : EventData
{
    public override string Type => TypeName;

    public override string Sentence => $"({TypeName}: {Reason})";
}
