namespace Jumpbag.Incident.Events;

/// <param name="To">The login of the next person.</param>
/// <param name="Head">The head that the brief showed.</param>
public sealed record HandedOff(string Label, string To, string Role, string Head) : EventData
{
    public override string Type => "handoff";

    public override string Sentence => $"{Label} {Role} handed to {To}, not accepted yet";
}

public sealed record Accepted(Reference Handoff, string Role) : EventData
{
    public override string Type => "accept";

    public override string Sentence => $"{Handoff.Label} accepted: {Role}";
}
