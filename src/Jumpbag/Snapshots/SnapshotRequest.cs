using Jumpbag.Core;

namespace Jumpbag.Snapshots;

/// <summary>What a person asked of jumpbag snapshot.</summary>
public sealed record SnapshotRequest
{
    /// <summary>"VG/LV" or a path of its device.</summary>
    public required string Origin { get; init; }

    /// <summary>Of the store, in bytes; null for a share of the origin.</summary>
    public long? Size { get; init; }

    public string? Partition { get; init; }

    public string? MountFolder { get; init; }

    /// <summary>Shell commands around the making of the snapshot.</summary>
    public string? Before { get; init; }

    public string? After { get; init; }

    public bool Keep { get; init; }

    public bool DryRun { get; init; }

    /// <summary>The command and its arguments; empty to mount and wait.</summary>
    public IReadOnlyList<ByteString> Command { get; init; } = [];

    /// <summary>The command with the folder in the place of each {}.</summary>
    public IReadOnlyList<ByteString> CommandFor(string folder) =>
        [.. Command.Select(word => ByteString.FromArgument(word.ToArgument().Replace("{}", folder, StringComparison.Ordinal)))];
}
