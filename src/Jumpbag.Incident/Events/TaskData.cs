namespace Jumpbag.Incident.Events;

/// <param name="FollowUp">An action item: for after the incident, visible until it is closed.</param>
public sealed record TaskSet(string Label, string Text, string Owner, DateTimeOffset Due, bool FollowUp) : EventData
{
    public override string Type => "task";

    public override string Sentence => $"{Label} {(FollowUp ? "action item" : "task")}: {Text} ({Owner})";

    public override EventData WithText(string text) => this with { Text = text };
}

/// <summary>A new owner or deadline; null stays as it was.</summary>
public sealed record TaskMoved(Reference Task, string? Owner = null, DateTimeOffset? Due = null) : EventData
{
    public override string Type => "taskMove";

    public override string Sentence => $"{Task.Label} {(Owner is null ? "has another deadline" : $"is {Owner}'s")}";
}

public sealed record TaskDone(Reference Task, bool Dropped, string? Text = null) : EventData
{
    public override string Type => "taskDone";

    public override string Sentence => $"{Task.Label} {(Dropped ? "dropped" : "done")}{(Text is null ? "" : ": " + Text)}";

    public override EventData WithText(string text) => this with { Text = text };
}
