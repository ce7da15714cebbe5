namespace Jumpbag.Incident.Events;

/// <summary>Branches of the journal come together: the heads beside the one that is this event's prev.</summary>
public sealed record Merged(IReadOnlyList<string> Heads, int Events) : EventData
{
    public override string Type => "merge";

    public override string Sentence => $"merged: {Events} events of another journal";
}

/// <summary>A torn tail was set aside.</summary>
public sealed record Recovered(string File, long Bytes, string Sha256) : EventData
{
    public override string Type => "recovered";

    public override string Sentence => $"a torn last line of {Bytes} bytes was set aside in {File}";
}
