using System.Runtime.InteropServices;

namespace Jumpbag.Host;

/// <summary>The calls that ask the kernel how it fares.</summary>
internal static unsafe partial class Libc
{
    [LibraryImport("libc", SetLastError = true)]
    public static partial int statvfs(byte* path, ulong* status);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int uname(byte* names);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int adjtimex(byte* timex);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int prctl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int seteuid(uint uid);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setegid(uint gid);
}
