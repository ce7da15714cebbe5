using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Tests.Support;

/// <summary>Everything that can be told of one file from outside, in a form in which two of them compare.</summary>
public sealed record TreeEntry
{
    public required FileType Type { get; init; }
    public required int Permissions { get; init; }
    public required uint Uid { get; init; }
    public required uint Gid { get; init; }
    public required long Size { get; init; }
    public required long Links { get; init; }
    public required ulong Inode { get; init; }
    public required long Allocated { get; init; }
    public required uint DeviceMajor { get; init; }
    public required uint DeviceMinor { get; init; }
    public required Timestamp Accessed { get; init; }
    public required Timestamp Modified { get; init; }
    public required Timestamp Changed { get; init; }
    public required Timestamp? Born { get; init; }

    /// <summary>Of a symbolic link.</summary>
    public ByteString? Target { get; init; }

    public required SortedDictionary<ByteString, byte[]> ExtendedAttributes { get; init; }

    /// <summary>The letters of lsattr(1) in alphabetical order; only of regular files and directories.</summary>
    public string Flags { get; init; } = "";

    /// <summary>Of a regular file; "unreadable: why" where it can't be read.</summary>
    public string Content { get; init; } = "";

    /// <summary>Of a regular file: the ranges that are no holes, "0-4096 8192-12288".</summary>
    public string DataRanges { get; init; } = "";

    /// <summary>The first path, in byte order, of all that are this same file; its own where it is the only one.</summary>
    public ByteString HardLinkOf { get; init; }
}
