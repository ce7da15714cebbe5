namespace Jumpbag.Incident.Events;

/// <summary>The first event of every journal. Its format is 1; a reader refuses others.</summary>
public sealed record Opened(int Format, string Id, string Title, int Severity, bool Drill, int? UpdateMinutes = null) : EventData
{
    public const int CurrentFormat = 1;

    public override string Type => "open";

    public override string Sentence => $"{(Drill ? "drill" : "incident")} opened: {Title} (severity {Severity})";

    public override EventData WithText(string text) => this with { Title = text };
}

public sealed record Closed(string Text) : EventData
{
    public override string Type => "close";

    public override string Sentence => $"closed: {Text}";

    public override EventData WithText(string text) => this with { Text = text };
}

public sealed record Reopened(string Text) : EventData
{
    public override string Type => "reopen";

    public override string Sentence => $"opened again: {Text}";

    public override EventData WithText(string text) => this with { Text = text };
}

public sealed record SeveritySet(int Severity, string Why) : EventData
{
    public override string Type => "severity";

    public override string Sentence => $"severity {Severity}: {Why}";

    public override EventData WithText(string text) => this with { Why = text };
}

/// <summary>Who does what: lead, ops, comms, scribe, or any other word.</summary>
public sealed record RoleSet(string Role, string Person) : EventData
{
    public override string Type => "role";

    public override string Sentence => $"{Role} is {Person}";
}

/// <summary>What those outside were told, and when they hear next.</summary>
public sealed record Updated(string Text, DateTimeOffset? Next = null) : EventData
{
    public override string Type => "update";

    public override string Sentence => $"update: {Text}";

    public override EventData WithText(string text) => this with { Text = text };
}
