using System.Runtime.InteropServices;

namespace Jumpbag.Host.Fuse;

/// <summary>struct fuse_read_in and fuse_write_in, 40 bytes, which differ in names only; the bytes to write stand behind it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseTransferIn
{
    public ulong Handle;
    public ulong Offset;
    public uint Size;
    public uint TransferFlags;
    public ulong LockOwner;
    public uint Flags;
    public uint Padding;
}

/// <summary>struct fuse_write_out</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseWriteOut
{
    public uint Size;
    public uint Padding;
}

/// <summary>struct fuse_getxattr_in (the name stands behind it) and fuse_getxattr_out: the room that there is, or that it takes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseXattrSize
{
    public uint Size;
    public uint Padding;
}

/// <summary>struct fuse_lseek_in</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseSeekIn
{
    /// <summary>SEEK_DATA and SEEK_HOLE</summary>
    public const uint Data = 3, Hole = 4;

    public ulong Handle;
    public ulong Offset;
    public uint Whence;
    public uint Padding;
}

/// <summary>struct fuse_fallocate_in</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAllocateIn
{
    /// <summary>FALLOC_FL_KEEP_SIZE, _PUNCH_HOLE and _ZERO_RANGE</summary>
    public const uint KeepSize = 1, PunchHole = 2, ZeroRange = 16;

    public ulong Handle;
    public ulong Offset;
    public ulong Length;
    public uint Mode;
    public uint Padding;
}

/// <summary>struct fuse_setattr_in, 88 bytes, as far as it is looked at.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseSetAttributesIn
{
    /// <summary>FATTR_SIZE: the size is to be changed.</summary>
    public const uint SetsSize = 8;

    public uint Valid;
    public uint Padding;
    public ulong Handle;
    public ulong Size;
}

/// <summary>struct fuse_forget_one, of which FUSE_BATCH_FORGET has a count in a u64 and then as many.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseForgotten
{
    public ulong Node;
    public ulong Lookups;
}

/// <summary>struct fuse_statfs_out, 80 bytes: what statvfs(3) tells.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct FuseSpace
{
    /// <summary>Of <see cref="FragmentSize"/> bytes, as the next two.</summary>
    public ulong Blocks;

    public ulong FreeBlocks;
    public ulong AvailableBlocks;
    public ulong Inodes;
    public ulong FreeInodes;
    public uint BlockSize;
    public uint NameLength;
    public uint FragmentSize;
    public uint Padding;
    internal ulong Spare0, Spare1, Spare2;
}
