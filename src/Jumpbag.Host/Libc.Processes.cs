using System.Runtime.InteropServices;

namespace Jumpbag.Host;

/// <summary>The calls that start, watch and end other processes, and that mount.</summary>
internal static unsafe partial class Libc
{
    /// <summary>More than glibc's and musl's posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t take.</summary>
    public const int SpawnStructureSize = 512, SignalSetSize = 128;

    public const short SpawnSetGroup = 2, SpawnSetDefaultSignals = 4, SpawnSetSignalMask = 8;
    public const int NoHang = 1, Untraced = 2;
    public const int BlockSignals = 0, SetSignalMask = 2;

    /// <summary>System calls that older C libraries have no name for; one number on all processors.</summary>
    public const long PidFdOpen = 434, OpenAt2 = 437;

    [LibraryImport("libc")]
    public static partial int posix_spawn(int* pid, byte* path, byte* fileActions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setpgroup(byte* attributes, int group);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(byte* fileActions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_adddup2(byte* fileActions, int fd, int newFd);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(byte* fileActions);

    [LibraryImport("libc")]
    public static partial int sigemptyset(byte* signals);

    [LibraryImport("libc")]
    public static partial int sigaddset(byte* signals, int signal);

    [LibraryImport("libc")]
    public static partial int pthread_sigmask(int how, byte* signals, byte* old);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    public static partial int getpid();

    [LibraryImport("libc")]
    public static partial int getpgrp();

    [LibraryImport("libc", SetLastError = true)]
    public static partial int tcgetpgrp(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int tcsetpgrp(int fd, int group);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int pipe2(int* descriptors, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial long syscall(long number, nint first, nint second, nint third, nint fourth);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mount(byte* source, byte* target, byte* type, ulong flags, byte* data);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int umount2(byte* target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint readlink(byte* path, byte* buffer, nuint size);
}
