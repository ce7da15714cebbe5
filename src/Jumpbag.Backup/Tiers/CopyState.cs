namespace Jumpbag.Backup.Tiers;

/// <summary>How long it would take to bring a source back from a copy.</summary>
/// <param name="MeasuredAt">When the rate was last measured; null: it never was, and the time is a guess.</param>
public sealed record RestoreEstimate(TimeSpan Time, DateTimeOffset? MeasuredAt);

/// <summary>What is known of one source in one copy, as the copy itself says it.</summary>
public sealed record CopyState(BackupSource Source, BackupCopy Copy)
{
    /// <summary>Why the copy could not be asked; null where it could.</summary>
    public string? Unreachable { get; init; }

    /// <summary>How many snapshots of the source it has.</summary>
    public int Snapshots { get; init; }

    /// <summary>The newest one, and when it was taken.</summary>
    public string? Snapshot { get; init; }

    public DateTimeOffset? Taken { get; init; }

    /// <summary>Bytes that must cross to bring the newest one back, as they are stored; null where that is not known.</summary>
    public long? Bytes { get; init; }

    /// <summary>When its data was last read and found whole.</summary>
    public DateTimeOffset? Verified { get; init; }

    public RestoreEstimate? Restore { get; init; }

    /// <summary>When the copy last withstood an attempt to delete; null: it did not, or nobody tried.</summary>
    public DateTimeOffset? Withstood { get; init; }

    public bool HasSnapshot => Taken is not null;

    /// <summary>Whether there is anything to say of them together: it holds the source, is to hold it, or cannot be asked.</summary>
    public bool Concerns => HasSnapshot || Unreachable is not null || Source.GoesTo(Copy);
}
