using System.Runtime.InteropServices;

namespace Jumpbag.Host.Fuse;

/// <summary>struct fuse_init_in: the first request, what the kernel can do. Older kernels end it after <see cref="Flags"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseInitIn
{
    /// <summary>Until the flags of the second word were added (7.36).</summary>
    public const int OldSize = 16;

    public uint Major;
    public uint Minor;

    /// <summary>In bytes.</summary>
    public uint MaxReadahead;

    public FuseFeatures Flags;
    public uint Flags2;
    public fixed uint Unused[11];
}

/// <summary>struct fuse_init_out, 64 bytes: what is used of that.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FuseInitOut
{
    public uint Major;
    public uint Minor;
    public uint MaxReadahead;
    public FuseFeatures Flags;

    /// <summary>Requests that may wait at once of those that no one waits for (readahead).</summary>
    public ushort MaxBackground;

    public ushort CongestionThreshold;

    /// <summary>Bytes of one WRITE.</summary>
    public uint MaxWrite;

    /// <summary>Of times, in nanoseconds.</summary>
    public uint TimeGranularity;

    /// <summary>Of 4 KiB, in one READ or WRITE.</summary>
    public ushort MaxPages;

    public ushort MapAlignment;
    public uint Flags2;
    public uint MaxStackDepth;
    public ushort RequestTimeout;
    public fixed ushort Unused[11];
}

/// <summary>FUSE_ASYNC_READ and so on: those that are asked for where the kernel has them.</summary>
[Flags]
internal enum FuseFeatures : uint
{
    None = 0,

    /// <summary>Several reads of one file at once, for readahead.</summary>
    AsyncRead = 1 << 0,

    BigWrites = 1 << 5,

    /// <summary>Attributes come with the names of a directory.</summary>
    ReadDirectoryPlus = 1 << 13,

    /// <summary>Only where someone asks for attributes too.</summary>
    ReadDirectoryPlusAuto = 1 << 14,

    /// <summary>Several direct reads at once.</summary>
    AsyncDirect = 1 << 15,

    /// <summary>"Not implemented" as the answer to an open means: none is needed, nor ever asked for again.</summary>
    NoOpen = 1 << 17,

    /// <summary>Several lookups in one directory at once.</summary>
    ParallelDirectories = 1 << 18,

    MaxPages = 1 << 22,

    CacheSymbolicLinks = 1 << 23,

    /// <summary>As <see cref="NoOpen"/>, of directories; the kernel then also keeps the listing.</summary>
    NoOpenDirectory = 1 << 24,
}
