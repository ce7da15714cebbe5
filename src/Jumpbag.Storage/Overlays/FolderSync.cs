using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.Storage.Overlays;

/// <summary>A new name is on the disk only when its folder is (fsync(2)).</summary>
public static partial class FolderSync
{
    /// <summary>Of the folder that holds this file. What cannot do it (some network filesystems) is as safe as it gets.</summary>
    public static void Run(string file)
    {
        const int ReadOnlyCloseOnExec = 0x80000;
        string folder = Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/";
        int descriptor = open([.. ByteString.FromArgument(folder).Span, 0], ReadOnlyCloseOnExec);
        if (descriptor < 0)
            return;
        _ = fsync(descriptor);
        _ = close(descriptor);
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(byte[] path, int flags);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int descriptor);
}
