namespace Jumpbag.Incident.Events;

public sealed record ChecklistItem(string Label, string Text, string? Command = null);

/// <summary>The steps of a runbook.</summary>
public sealed record ChecklistBrought(string File, IReadOnlyList<ChecklistItem> Items) : EventData
{
    public override string Type => "checklist";

    public override string Sentence => $"checklist {File}: {Items.Count} items";
}

public sealed record Checked(Reference List, string Item, string? Text = null) : EventData
{
    public override string Type => "check";

    public override string Sentence => $"{Item} checked{(Text is null ? "" : ": " + Text)}";

    public override EventData WithText(string text) => this with { Text = text };
}
