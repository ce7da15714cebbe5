using Jumpbag.Core;

namespace Jumpbag.Host.Fuse;

/// <summary>The version of the protocol, and what of it is used.</summary>
internal static class FuseProtocol
{
    public const uint Major = 7;

    /// <summary>The highest minor version whose structures are known here.</summary>
    private const uint Minor = 41;

    /// <summary>Since when INIT is answered in the form used here: Linux 3.15.</summary>
    private const uint OldestMinor = 23;

    private const FuseFeatures Wanted = FuseFeatures.AsyncRead | FuseFeatures.BigWrites | FuseFeatures.ReadDirectoryPlus
        | FuseFeatures.AsyncDirect | FuseFeatures.NoOpen | FuseFeatures.ParallelDirectories
        | FuseFeatures.MaxPages | FuseFeatures.CacheSymbolicLinks | FuseFeatures.NoOpenDirectory;

    /// <exception cref="UnsupportedException">The kernel is too old.</exception>
    public static FuseInitOut Agree(in FuseInitIn kernel, bool writable)
    {
        if (kernel.Major < Major || (kernel.Major == Major && kernel.Minor < OldestMinor))
            throw new UnsupportedException($"this kernel speaks FUSE {kernel.Major}.{kernel.Minor}; {Major}.{OldestMinor} (Linux 3.15) is the oldest that is of use");
        return new()
        {
            Major = Major,
            Minor = kernel.Major > Major ? Minor : Math.Min(kernel.Minor, Minor),
            MaxReadahead = FuseWorker.MaxTransfer,
            Flags = kernel.Flags & Wanted,
            MaxBackground = 64,
            CongestionThreshold = 48,
            MaxWrite = writable ? FuseWorker.MaxTransfer : 4096u,
            TimeGranularity = 1,
            MaxPages = FuseWorker.MaxTransfer / 4096,
        };
    }
}
