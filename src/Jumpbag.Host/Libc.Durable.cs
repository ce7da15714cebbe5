using System.Runtime.InteropServices;

namespace Jumpbag.Host;

/// <summary>The calls that make what was written last, and keep others out meanwhile.</summary>
internal static unsafe partial class Libc
{
    public const int LockExclusive = 2, LockWithoutWaiting = 4;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int flock(int fd, int operation);

    [LibraryImport("libc")]
    public static partial uint getuid();
}
