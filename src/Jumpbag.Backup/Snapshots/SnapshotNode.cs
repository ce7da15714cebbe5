using Jumpbag.Backup.Repository;
using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Snapshots;

/// <summary>A file as a tree of a repository describes it.</summary>
public sealed class SnapshotNode : Node
{
    public required ByteString Name { get; init; }

    /// <summary>Its number where it was backed up.</summary>
    internal ulong OriginalInode { get; init; }

    /// <summary>Of a directory.</summary>
    internal StorageId? Subtree { get; init; }

    /// <summary>Of a regular file, in order.</summary>
    internal StorageId[] Content { get; init; } = [];

    /// <summary>Made when the content is first asked for.</summary>
    internal ContentMap? Map { get; set; }

    /// <summary>Of a symbolic link.</summary>
    internal ByteString Target { get; init; }

    internal IReadOnlyList<ExtendedAttribute> Xattrs { get; init; } = [];
}
