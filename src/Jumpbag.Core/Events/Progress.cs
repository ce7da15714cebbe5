namespace Jumpbag.Core.Events;

/// <summary>
/// A moment in a longer work. Totals are null while they are not known. The rate and the time to go follow from these
/// numbers; the renderer computes them.
/// </summary>
public readonly record struct Progress(
    string Activity, long FilesDone, long? FilesTotal, long BytesDone, long? BytesTotal, TimeSpan Elapsed)
{
    /// <summary>What is counted beside the bytes, where it is not files: "rows".</summary>
    public string? Unit { get; init; }

    /// <summary>What else there is to say, behind the numbers: "2 connections".</summary>
    public string? Note { get; init; }

    /// <summary>Why nothing moves, in the words of who knows: then more worth than numbers that stand.</summary>
    public string? Stall { get; init; }

    /// <summary>The share that is done, 0 to 1, where the worker knows better than the bytes tell.</summary>
    public double? Share { get; init; }

    /// <summary>The time to go, where the worker knows better; <see cref="Timeout.InfiniteTimeSpan"/>: nobody can know it.</summary>
    public TimeSpan? Estimate { get; init; }

    /// <summary>Bytes a second since the start; 0 in the first instant.</summary>
    public double Rate => Elapsed.TotalSeconds < 0.001 ? 0 : BytesDone / Elapsed.TotalSeconds;

    /// <summary>The time to go, from bytes where their total is known, else from files; null where nothing is known.</summary>
    public TimeSpan? Remaining =>
        Estimate is not null ? Estimate == Timeout.InfiniteTimeSpan ? null : Estimate
        : BytesTotal is > 0 && BytesDone > 0 ? Elapsed * ((double)Math.Max(0, BytesTotal.Value - BytesDone) / BytesDone)
        : FilesTotal is > 0 && FilesDone > 0 ? Elapsed * ((double)Math.Max(0, FilesTotal.Value - FilesDone) / FilesDone)
        : null;
}
