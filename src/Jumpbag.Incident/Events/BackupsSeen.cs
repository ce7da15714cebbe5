using System.Globalization;
using System.Text.Json.Serialization;

namespace Jumpbag.Incident.Events;

/// <summary>How a copy of a source stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CopyStanding>))]
public enum CopyStanding
{
    /// <summary>Every rule of the policy that is about it holds.</summary>
    [JsonStringEnumMemberName("good")]
    Good,

    /// <summary>It is there and young enough, and another rule does not hold: it was never verified, say.</summary>
    [JsonStringEnumMemberName("weak")]
    Weak,

    /// <summary>Nobody should count on it: it is too old, empty, out of reach, or must not be there.</summary>
    [JsonStringEnumMemberName("bad")]
    Bad,
}

/// <summary>One source in one copy.</summary>
/// <param name="Measured">Whether the time to restore rests on a measured rate; else it is a guess.</param>
/// <param name="Problem">What is wrong with it in words; null where nothing is.</param>
/// <param name="Taken">When its newest snapshot was.</param>
/// <param name="Bytes">That must cross to bring it back.</param>
/// <param name="Restore">Seconds that bringing it back takes.</param>
public sealed record CopySeen(string Source, string Copy, string Tier, CopyStanding Standing, bool Measured, string? Problem = null, DateTimeOffset? Taken = null, long? Bytes = null, double? Restore = null);

/// <summary>A live copy: a replica.</summary>
public sealed record LiveSeen(string Copy, bool IsHealthy, string Message);

/// <summary>How the backups stood when somebody looked: every source in every copy.</summary>
/// <param name="Violations">Rules of the policy that did not hold, in words.</param>
public sealed record BackupsSeen(IReadOnlyList<CopySeen> Copies, IReadOnlyList<LiveSeen> Live, IReadOnlyList<string> Violations) : EventData
{
    public override string Type => "backups";

    public override string Sentence => string.Create(CultureInfo.InvariantCulture,
        $"backups: {Copies.Count(copy => copy.Standing == CopyStanding.Good)} of {Copies.Count} copies are good{Named(CopyStanding.Bad, "not to be counted on")}{(Violations.Count > 0 ? $"; rules that do not hold: {Violations.Count}" : "")}");

    private string Named(CopyStanding standing, string what) =>
        Copies.Where(copy => copy.Standing == standing).Select(copy => $"{copy.Source} in {copy.Copy}").ToList() is { Count: > 0 } names ? $"; {what}: {string.Join(", ", names)}" : "";
}
