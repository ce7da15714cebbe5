using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Sources;

/// <summary>What is saved of a file beside its content and its name.</summary>
internal readonly record struct SourceFile
{
    public required FileType Type { get; init; }

    /// <summary>The twelve bits.</summary>
    public required int Permissions { get; init; }

    public required uint Uid { get; init; }

    public required uint Gid { get; init; }

    public required ulong Inode { get; init; }

    /// <summary>Of the filesystem that it is on, as st_dev.</summary>
    public required ulong Device { get; init; }

    public required long Size { get; init; }

    public required long Links { get; init; }

    public required Timestamp Modified { get; init; }

    public required Timestamp Changed { get; init; }

    /// <summary>Of a device, as st_rdev.</summary>
    public ulong DeviceNumber { get; init; }

    /// <summary>Of a symbolic link.</summary>
    public ByteString Target { get; init; }

    public IReadOnlyList<ExtendedAttribute> Xattrs { get; init; }
}
