using System.Runtime.InteropServices;

namespace Jumpbag.Host;

/// <summary>The calls for mounts, for the programs that help with them, and for what passes between processes.</summary>
internal static unsafe partial class Libc
{
    public const int ReadOnly = 0, PathOnly = 0x200000;
    public const nuint MountReadOnly = 1, MountNoSetUid = 2, MountNoDevices = 4;
    public const int UnmountForce = 1, UnmountDetach = 2, UnmountNoFollow = 8;
    public const int UnixSocket = 1, StreamSocket = 1, SocketCloseOnExec = 0x80000;

    /// <summary>SOL_SOCKET and SCM_RIGHTS: a control message that carries descriptors.</summary>
    public const int SocketLevel = 1, Rights = 1, MessageCloseOnExec = 0x40000000;

    public const nint OpenAt2 = 437;
    public const ulong ResolveInRoot = 0x10;

    public const short SpawnNewSession = 0x80, SpawnSignalMask = 8, SpawnSignalDefaults = 4;
    public const int SignalTerminate = 15;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mount(byte* source, byte* target, byte* type, nuint flags, byte* data);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int umount2(byte* target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socketpair(int domain, int type, int protocol, int* pair);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recvmsg(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int pipe2(int* pair, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int dup2(int fd, int number);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int chdir(byte* path);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitpid(int process, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint readlinkat(int directory, byte* path, byte* buffer, nuint size);

    /// <summary>openat2(2), for which libc has no function: struct open_how is u64 flags, u64 mode, u64 resolve.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint syscall(nint number, nint directory, byte* path, ulong* how, nint size);

    // The spawn calls answer the error itself. Their structures are opaque: glibc's take 80 and 336 bytes.
    [LibraryImport("libc")]
    public static partial int posix_spawn(int* process, byte* path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_adddup2(byte* actions, int fd, int number);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_destroy(byte* attributes);

    /// <summary>struct msghdr</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MessageHeader
    {
        public byte* Name;
        public uint NameLength;
        public Vector* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct iovec</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Vector
    {
        public byte* Start;
        public nuint Length;
    }
}
