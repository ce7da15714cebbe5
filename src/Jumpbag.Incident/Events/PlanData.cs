using System.Text.Json.Serialization;

namespace Jumpbag.Incident.Events;

/// <summary>What a step can do to the source: the data that is being saved.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Risk>))]
public enum Risk
{
    [JsonStringEnumMemberName("reads")]
    Reads,

    [JsonStringEnumMemberName("copy")]
    WritesCopy,

    [JsonStringEnumMemberName("source")]
    WritesSource,
}

public static class RiskText
{
    public static string Words(this Risk risk) => risk switch
    {
        Risk.Reads => "reads",
        Risk.WritesCopy => "writes a copy",
        _ => "writes the source",
    };
}

/// <param name="Assumptions">What it rests on.</param>
public sealed record PlanMade(string Label, string Title, IReadOnlyList<Reference> Assumptions) : EventData
{
    public override string Type => "plan";

    public override string Sentence => $"{Label} plan: {Title}";

    public override EventData WithText(string text) => this with { Title = text };
}

/// <summary>What one step is.</summary>
/// <param name="Command">For a shell.</param>
/// <param name="Expect">A text that the output must hold; null where exit status 0 is all that is expected.</param>
/// <param name="WayBack">How to undo it.</param>
public sealed record StepText(string Command, string Target, Risk Risk, string? Expect = null, string? WayBack = null, int? Minutes = null);

/// <summary>A step that is new or takes the place of one, at this position from 1.</summary>
/// <param name="Step">The id of the event that made the step; null of a new one.</param>
public sealed record StepSet(Reference Plan, int Position, StepText Text, string? Step = null) : EventData
{
    public override string Type => "stepSet";

    public override string Sentence => $"{Plan.Label} step {Position}{(Step is null ? "" : " changed")}: {Text.Command} on {Text.Target} ({Text.Risk.Words()})";
}

public sealed record StepRemoved(Reference Plan, string Step, int Position) : EventData
{
    public override string Type => "stepRemove";

    public override string Sentence => $"{Plan.Label} step {Position} removed";
}

/// <summary>Someone else has read the plan of this hash and stands for it.</summary>
public sealed record Vetted(Reference Plan, string PlanHash, string? Text = null) : EventData
{
    public override string Type => "vet";

    public override string Sentence => $"{Plan.Label} vetted ({PlanHash[..Math.Min(12, PlanHash.Length)]}){(Text is null ? "" : ": " + Text)}";
}

/// <summary>What gave leave to run a step.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Leave>))]
public enum Leave
{
    /// <summary>It writes no source.</summary>
    [JsonStringEnumMemberName("notNeeded")]
    NotNeeded,

    [JsonStringEnumMemberName("vetted")]
    Vetted,

    /// <summary>Nobody: whoever ran it was alone, and typed the target's name.</summary>
    [JsonStringEnumMemberName("UNVETTED")]
    Unvetted,
}

public sealed record StepStarted(Reference Plan, string Step, int Position, string PlanHash, Leave Leave, string Command, string Target) : EventData
{
    public override string Type => "step";

    public override string Sentence => $"{Plan.Label} step {Position} begun{(Leave == Leave.Unvetted ? ", UNVETTED" : "")}: {Command} on {Target}";
}

/// <param name="ExitStatus">Null of a step that was done by hand.</param>
/// <param name="AsExpected">Whether the result is the one that the plan expects.</param>
public sealed record StepEnded(string Started, Reference Plan, string Step, int Position, bool AsExpected, double Seconds, int? ExitStatus = null, string? Output = null) : EventData
{
    public override string Type => "stepEnd";

    public override string Sentence => $"{Plan.Label} step {Position} {(ExitStatus is null ? "done by hand" : $"ended with exit status {ExitStatus}")}, {(AsExpected ? "as expected" : "NOT as expected")}";
}
