namespace Jumpbag.Facts;

/// <summary>How much a fact matters tonight; the higher, the further up it stands.</summary>
public enum FactLevel
{
    /// <summary>As it should be: shown on request only.</summary>
    Info,

    /// <summary>Something that was changed in the last day: no fault, but where causes are looked for first.</summary>
    Changed,

    /// <summary>Not as it should be.</summary>
    Warning,

    /// <summary>It loses data or service now, or is about to.</summary>
    Critical,
}

/// <summary>Something that a probe saw.</summary>
/// <param name="Probe">Which one: "filesystems".</param>
/// <param name="Name">What kind of thing, in a word that stays the same from run to run: "space"; of messages with the words that they have in common.</param>
/// <param name="Subject">Of what: "/srv", "sda". Probe, name and subject together tell a fact from all others of a machine.</param>
/// <param name="Value">What is so, for people: "98% full, 1.2G left of 60G".</param>
/// <param name="Source">Where it was read, so that a person can look again: "statvfs /srv".</param>
/// <param name="Next">What to do about it or how to learn more, mostly a command; null where there is nothing to be done.</param>
public sealed record Fact(string Probe, FactLevel Level, string Name, string Subject, string Value, string Source, string? Next = null)
{
    /// <summary>A number that moves by itself (an uptime, a load): that it differs between two runs says nothing.</summary>
    public bool Moves { get; init; }

    public bool IsAbnormal => Level >= FactLevel.Warning;

    /// <summary>What is compared between two runs, and counted once.</summary>
    public (string, string, string) Key => (Probe, Name, Subject);
}

/// <summary>How a probe ended.</summary>
public enum ProbeOutcome
{
    Ok,

    /// <summary>It did not answer in time: what it asks may be stuck. This is a fact in itself.</summary>
    Timeout,

    /// <summary>What it asks is not on this machine: a program, a file of the kernel.</summary>
    Missing,

    /// <summary>Not allowed to this user.</summary>
    Denied,

    /// <summary>There was more than is taken.</summary>
    Truncated,

    /// <summary>It broke.</summary>
    Failed,
}

/// <param name="Reason">Null where all is well.</param>
public sealed record ProbeResult(string Probe, ProbeOutcome Outcome, string? Reason, double Seconds);

/// <summary>What a probe read, as it stood there: for a bundle that others look at later.</summary>
public sealed record Evidence(string Probe, string Name, string Text, bool Truncated);
