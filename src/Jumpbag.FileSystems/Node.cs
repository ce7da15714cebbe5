using Jumpbag.Core;

namespace Jumpbag.FileSystems;

public enum FileType
{
    Unknown,
    Regular,
    Directory,
    SymbolicLink,
    CharacterDevice,
    BlockDevice,
    Fifo,
    Socket,
}

/// <summary>
/// A file as its filesystem describes it: what stat(2) tells, and more. Each filesystem adds what it needs to find the
/// content again.
/// </summary>
public abstract class Node
{
    public required ulong Inode { get; init; }

    public required FileType Type { get; init; }

    /// <summary>The twelve permission bits, set-user-ID to others' execute.</summary>
    public required int Permissions { get; init; }

    public required uint Uid { get; init; }

    public required uint Gid { get; init; }

    /// <summary>In bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes that the content takes on the disk, metadata blocks included, as st_blocks × 512.</summary>
    public required long Allocated { get; init; }

    public required long Links { get; init; }

    public required Timestamp Accessed { get; init; }

    public required Timestamp Modified { get; init; }

    public required Timestamp Changed { get; init; }

    /// <summary>When it was created, where the filesystem keeps that.</summary>
    public Timestamp? Born { get; init; }

    /// <summary>The project that project quotas count the file for; 0 where there are none.</summary>
    public uint Project { get; init; }

    /// <summary>Of a character or block device.</summary>
    public uint DeviceMajor { get; init; }

    /// <inheritdoc cref="DeviceMajor"/>
    public uint DeviceMinor { get; init; }

    /// <summary>What lsattr(1) shows, in its letters, such as "ai" (append only, immutable).</summary>
    public string Attributes { get; init; } = "";
}

/// <summary>A name in a directory. The type is a hint that may be <see cref="FileType.Unknown"/>; "." and ".." are not listed.</summary>
public readonly record struct DirectoryEntry(ByteString Name, ulong Inode, FileType Type);

/// <summary>A name with its value, as getxattr(2) gives it: "user.comment", "system.posix_acl_access", "security.capability".</summary>
public readonly record struct ExtendedAttribute(ByteString Name, ReadOnlyMemory<byte> Value);

public enum FileExtentKind
{
    /// <summary>The bytes stand at <see cref="FileExtent.DeviceOffset"/> of the filesystem's device.</summary>
    Data,

    /// <summary>Zeros: never allocated.</summary>
    Hole,

    /// <summary>Zeros: allocated (fallocate), never written.</summary>
    Unwritten,

    /// <summary>The bytes are in <see cref="FileExtent.Inline"/>: they stand in the inode or were computed.</summary>
    Inline,

    /// <summary>Where the bytes lie cannot be known; <see cref="FileExtent.Reason"/> says why.</summary>
    Unreadable,
}

/// <summary>A range of a file's bytes, [Offset, Offset + Length), never past its size.</summary>
public readonly record struct FileExtent(
    long Offset, long Length, FileExtentKind Kind, long DeviceOffset = 0, ReadOnlyMemory<byte> Inline = default, string? Reason = null);
