namespace Jumpbag.Storage.Search;

/// <summary>One superblock that the scan met, and what it says of the filesystem it belongs to.</summary>
/// <param name="Start">Of the filesystem, in bytes of the device.</param>
/// <param name="Verified">Something else stands where a filesystem with this start has it: not a stray copy.</param>
internal sealed record Candidate(
    long Start, string Format, string? Label, string? Uuid, long? Size, bool FromBackup, bool Verified, string Note = "");
