using System.Runtime.InteropServices;

namespace Jumpbag.Host;

/// <summary>The calls that start programs as a shell starts its jobs.</summary>
internal static unsafe partial class Libc
{
    /// <summary>More than glibc's and musl's posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t take.</summary>
    public const int SpawnStructureSize = 512, SignalSetSize = 128;

    public const short SpawnSetGroup = 2;
    public const int NoHang = 1, Untraced = 2;
    public const int BlockSignals = 0, SetSignalMask = 2;

    /// <summary>A system call that older C libraries have no name for.</summary>
    public const nint PidFdOpen = 434;

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setpgroup(byte* attributes, int group);

    [LibraryImport("libc")]
    public static partial int sigemptyset(byte* signals);

    [LibraryImport("libc")]
    public static partial int sigaddset(byte* signals, int signal);

    [LibraryImport("libc")]
    public static partial int pthread_sigmask(int how, byte* signals, byte* old);

    /// <summary>A handler of null is the default action.</summary>
    [LibraryImport("libc")]
    public static partial void* signal(int number, void* handler);

    [LibraryImport("libc")]
    public static partial int getpid();

    [LibraryImport("libc")]
    public static partial int getpgrp();

    [LibraryImport("libc", SetLastError = true)]
    public static partial int tcgetpgrp(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int tcsetpgrp(int fd, int group);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint readlink(byte* path, byte* buffer, nuint size);
}
