using System.Runtime.InteropServices;

namespace Jumpbag.Host;

/// <summary>The calls that move bytes between open descriptors.</summary>
internal static unsafe partial class Libc
{
    public const int SeekSet = 0, SeekCurrent = 1, SeekEnd = 2;
    public const int GetDescriptorFlags = 1, SetStatusFlags = 4, CloseOnExecFlag = 1;
    public const int SetPipeSize = 1031, GetPipeSize = 1032;
    public const short PollIn = 1, PollOut = 4;
    public const int AdviseSequential = 2;

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint splice(int source, long* sourceOffset, int destination, long* destinationOffset, nuint length, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint sendfile(int destination, int source, long* offset, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(int fd, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial long lseek(int fd, long offset, int whence);

    [LibraryImport("libc")]
    public static partial int posix_fadvise(int fd, long offset, long length, int advice);

    [LibraryImport("libc")]
    public static partial int isatty(int fd);

    /// <summary>struct pollfd</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Wanted, Answered;
    }
}
