namespace Jumpbag.FileSystems.Extraction;

/// <summary>An attribute that could not be kept for a number of files, all for the same reason.</summary>
public readonly record struct AttributeLoss(string Attribute, string Reason, long Count);

public sealed record ExtractionResult
{
    /// <summary>Regular files made, damaged ones included.</summary>
    public long Files { get; init; }

    /// <summary>Directories made; one that was there is not counted.</summary>
    public long Directories { get; init; }

    /// <summary>Further names of a file that was made or was there.</summary>
    public long HardLinks { get; init; }

    public long SymbolicLinks { get; init; }

    /// <summary>Devices, fifos and sockets made.</summary>
    public long SpecialFiles { get; init; }

    /// <summary>Bytes of content written.</summary>
    public long Bytes { get; init; }

    /// <summary>Of <see cref="Bytes"/>, those that were not read: shared by a reflink or copied within the kernel.</summary>
    public long KernelBytes { get; init; }

    /// <summary>Bytes of content that are zeros without a place on the disk.</summary>
    public long HoleBytes { get; init; }

    /// <summary>Bytes that could not be read and are zeros in the copy.</summary>
    public long LostBytes { get; init; }

    /// <summary>Left as they were there, as told (-n, -u, --resume).</summary>
    public long Skipped { get; init; }

    /// <summary>Files and directories of which something could not be read; each was told as FileDamaged.</summary>
    public long Damaged { get; init; }

    /// <summary>Files that were not made; each was told as FileFailed.</summary>
    public long Failed { get; init; }

    public IReadOnlyList<AttributeLoss> AttributesLost { get; init; } = [];

    public TimeSpan Elapsed { get; init; }

    /// <summary>By the person. All that is there is complete; nothing half-written is left.</summary>
    public bool Interrupted { get; init; }

    /// <summary>Why the run ended before its time ("no space left on device"), or null.</summary>
    public string? Stopped { get; init; }

    /// <summary>Everything was delivered as it is on the disk, apart from <see cref="AttributesLost"/>.</summary>
    public bool IsComplete => Damaged == 0 && Failed == 0 && !Interrupted && Stopped is null;
}
