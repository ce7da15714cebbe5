namespace Jumpbag.Incident.Events;

/// <param name="Path">As given.</param>
/// <param name="Serial">Of a disk, as the kernel tells it.</param>
public sealed record CommandSource(string Path, string? Serial = null);

/// <summary>A command begins: one of Jumpbag's own, or another that "incident run" runs. Its secrets are masked.</summary>
public sealed record CommandStarted(string Command, int Pid, IReadOnlyList<CommandSource>? Sources = null, string? Folder = null) : EventData
{
    public override string Type => "command";

    public override string Sentence => $"$ {Command}";
}

/// <param name="Damaged">Files told as damaged or not made.</param>
/// <param name="Message">What it said of its failure.</param>
public sealed record CommandEnded(string Started, string Command, int ExitStatus, double Seconds, long? Bytes = null, long? Damaged = null, string? Message = null) : EventData
{
    public override string Type => "commandEnd";

    public override string Sentence => $"$ {Command}: exit status {ExitStatus}{(Damaged > 0 ? $", {Damaged} damaged" : "")}{(Message is null ? "" : ": " + Message)}";
}

/// <summary>The first result of a check, or one that differs from the one before.</summary>
public sealed record Monitored(string Label, string Command, int ExitStatus, string Output, int Checks, bool First) : EventData
{
    public override string Type => "monitor";

    public override string Sentence => $"{Label} {(First ? "watches" : "changed")}: {Command}: exit status {ExitStatus}{(Output.Length == 0 ? "" : ": " + Output)}";
}

public sealed record MonitorEnded(string Label, string Command, int Checks, int Changes) : EventData
{
    public override string Type => "monitorEnd";

    public override string Sentence => $"{Label} no longer watches {Command}: {Checks} checks, {Changes} changes";
}
