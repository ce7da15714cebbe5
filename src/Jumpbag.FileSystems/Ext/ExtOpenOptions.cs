using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Ext;

/// <summary>How an ext2, ext3 or ext4 filesystem is opened.</summary>
public sealed record ExtOpenOptions
{
    /// <summary>Whether a journal's contents are shown in place.</summary>
    public bool Replay { get; init; } = true;

    /// <summary>The device of an external journal by its UUID, or null where it is not at hand.</summary>
    public Func<Guid, BlockDevice?>? FindJournal { get; init; }
}
