using System.Runtime.InteropServices;

namespace Jumpbag.Host.Fuse;

// The wire structures in this folder are those of the kernel's include/uapi/linux/fuse.h, fields in its order, in the
// machine's own byte order: https://www.kernel.org/doc/html/latest/filesystems/fuse/fuse.html, fuse(4)

/// <summary>struct fuse_in_header, 40 bytes: before every request.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseInHeader
{
    public uint Length;
    public FuseOpcode Opcode;

    /// <summary>To be given back with the answer.</summary>
    public ulong Unique;

    public ulong Node;
    public uint Uid;
    public uint Gid;
    public uint Pid;
    public ushort ExtensionLength;
    public ushort Padding;
}

/// <summary>struct fuse_out_header, 16 bytes: before every answer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOutHeader
{
    public uint Length;

    /// <summary>0, or an errno below zero.</summary>
    public int Error;

    public ulong Unique;
}
