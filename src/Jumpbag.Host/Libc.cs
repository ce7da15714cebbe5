using System.Runtime.InteropServices;

namespace Jumpbag.Host;

/// <summary>The calls of libc that this layer is made of, as their manual pages give them.</summary>
internal static unsafe partial class Libc
{
    public const int AtCurrentDirectory = -100, AtSymlinkNoFollow = 0x100, AtEmptyPath = 0x1000;
    public const int ReadWrite = 2, Create = 0x40, Exclusive = 0x80, NoControllingTerminal = 0x100, NonBlocking = 0x800, CloseOnExec = 0x80000;
    public const uint RenameNoReplace = 1;

    /// <summary>_IOW(0x94, 13, struct file_clone_range)</summary>
    public const nuint CloneRange = 0x4020940D;

    /// <summary>struct termios of Linux: its size, where the local flags are, and two of these.</summary>
    public const int TerminalSize = 60, TerminalLocalFlags = 12;
    public const uint Echo = 8, EchoNewline = 0x40;
    public const int TerminalDrain = 1, TerminalFlush = 2;

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    public static int DirectoryOnly => Arm ? 0x4000 : 0x10000;

    public static int NoFollow => Arm ? 0x8000 : 0x20000;

    public static Errno LastError => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>The error of a call that answered below zero, else none.</summary>
    public static Errno Check(long answer) => answer < 0 ? LastError : Errno.None;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int openat(int directory, byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mkdirat(int directory, byte* path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mknodat(int directory, byte* path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int symlinkat(byte* target, int directory, byte* path);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int linkat(int oldDirectory, byte* oldPath, int newDirectory, byte* newPath, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat2(int oldDirectory, byte* oldPath, int newDirectory, byte* newPath, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unlinkat(int directory, byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int statx(int directory, byte* path, int flags, uint mask, byte* status);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int faccessat(int directory, byte* path, int mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fstatvfs(int fd, ulong* status);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchownat(int directory, byte* path, uint uid, uint gid, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchown(int fd, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmod(int fd, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmodat(int directory, byte* path, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int futimens(int fd, long* times);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int utimensat(int directory, byte* path, long* times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsetxattr(int fd, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int lsetxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint fgetxattr(int fd, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fremovexattr(int fd, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pwrite(int fd, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pread(int fd, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ftruncate(int fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint copy_file_range(int source, long* sourceOffset, int destination, long* destinationOffset, nuint length, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint getdents64(int fd, byte* buffer, nuint count);

    [LibraryImport("libc")]
    public static partial uint umask(uint mask);

    [LibraryImport("libc")]
    public static partial uint geteuid();

    [LibraryImport("libc")]
    public static partial uint getegid();

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getrlimit(int resource, ulong* limits);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setrlimit(int resource, ulong* limits);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int tcgetattr(int fd, byte* settings);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int tcsetattr(int fd, int when, byte* settings);
}
