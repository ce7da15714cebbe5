namespace Jumpbag.Storage.Search;

/// <summary>Something that begins, or began, at a place of a device: found by its superblock, whatever a partition table says.</summary>
/// <param name="Offset">Where the filesystem (volume, table) starts, in bytes of the device; not where its superblock was found.</param>
/// <param name="Format">blkid's word; "gpt" and "dos" for partition tables.</param>
/// <param name="Size">In bytes, as it claims; null where it does not say.</param>
/// <param name="FromBackup">The primary superblock is gone: the start follows from a copy.</param>
/// <param name="Note">What the person should know, in one line; empty where there is nothing.</param>
public sealed record FoundSuperblock(
    long Offset, string Format, string? Label, string? Uuid, long? Size, bool FromBackup, string Note);
