using System.Runtime.InteropServices;

namespace Jumpbag.Host;

/// <summary>The calls that read what a file has beside its content, and who owns it.</summary>
internal static unsafe partial class Libc
{
    public const int NoAccessTime = 0x40000;

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint flistxattr(int fd, byte* list, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint llistxattr(byte* path, byte* list, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint lgetxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc")]
    public static partial int getpwuid_r(uint uid, void** entry, byte* buffer, nuint size, void** result);

    [LibraryImport("libc")]
    public static partial int getgrgid_r(uint gid, void** entry, byte* buffer, nuint size, void** result);
}
