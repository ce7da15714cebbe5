using System.Runtime.InteropServices;

namespace Jumpbag.Host.Fuse;

/// <summary>struct fuse_statx_out, 288 bytes, with its struct fuse_statx: asked for where someone wants to know the time of birth.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseStatxOut
{
    /// <summary>STATX_BASIC_STATS and STATX_BTIME</summary>
    public const uint BasicMask = 0x7FF, BornMask = 0x800;

    public ulong Valid;
    public uint ValidNanoseconds;
    public uint Flags;
    public fixed ulong Spare[2];

    public uint Mask;
    public uint BlockSize;
    public ulong StatxAttributes;
    public uint Links;
    public uint Uid;
    public uint Gid;
    public ushort Mode;
    public ushort Spare0;
    public ulong Inode;
    public ulong Size;
    public ulong Blocks;
    public ulong StatxAttributesMask;
    public FuseTime Accessed;
    public FuseTime Born;
    public FuseTime Changed;
    public FuseTime Modified;
    public uint DeviceMajor;
    public uint DeviceMinor;
    public uint FileSystemMajor;
    public uint FileSystemMinor;
    public fixed ulong Spare2[14];

    /// <summary>struct fuse_sx_time</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FuseTime(long seconds, uint nanoseconds)
    {
        public long Seconds = seconds;
        public uint Nanoseconds = nanoseconds;
        public int Reserved;
    }
}
