using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>How full a filesystem is, as statvfs(3) tells it. Sizes in bytes.</summary>
public readonly record struct FileSystemUse(long Size, long Free, long Available, long Inodes, long FreeInodes, bool IsReadOnly)
{
    /// <summary>As df(1) shows it: of what those who aren't root can have, rounded up.</summary>
    public long? UsedPercent => ByteSize.Percent(Size - Free, Size - Free + Available);

    /// <summary>May wait for ever: a server or a FUSE process that does not answer.</summary>
    public static unsafe Errno Of(ByteString path, out FileSystemUse use)
    {
        // struct statvfs of 64-bit Linux: f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail, f_fsid, f_flag, …
        ulong* answer = stackalloc ulong[32];
        use = default;
        fixed (byte* text = (byte[])[.. path.Span, 0])
        {
            Errno error = Libc.Check(Libc.statvfs(text, answer));
            if (error != Errno.None)
                return error;
        }
        long unit = (long)answer[1];
        use = new(Bytes(answer[2], unit), Bytes(answer[3], unit), Bytes(answer[4], unit), Clamped(answer[5]), Clamped(answer[6]), (answer[9] & 1) != 0);
        return Errno.None;
    }

    private static long Bytes(ulong blocks, long unit) => (long)Int128.Min((Int128)blocks * unit, long.MaxValue / 256);

    private static long Clamped(ulong number) => (long)Math.Min(number, long.MaxValue / 256);
}

/// <summary>What only calls of the kernel tell of it.</summary>
public static unsafe class KernelState
{
    private const int KillWithParent = 1;

    /// <summary>This process ends when the one that started it does, however that ends.</summary>
    public static void EndWithParent() => _ = Libc.prctl(KillWithParent, Signals.Kill, 0, 0, 0);

    /// <summary>Host name, release and machine: "db3", "6.1.0-28-amd64", "x86_64".</summary>
    public static (string Host, string Release, string Machine) Name()
    {
        // struct utsname: six fields of 65 bytes: sysname, nodename, release, version, machine, domainname.
        byte* names = stackalloc byte[6 * 65];
        return Libc.uname(names) < 0 ? ("?", "?", "?") : (Text(names + 65), Text(names + 130), Text(names + 260));
    }

    /// <summary>What the kernel thinks of its clock, as adjtimex(2) tells when nothing is set.</summary>
    /// <returns>Whether something keeps it right, and how wrong it may be at most; null where the kernel does not say.</returns>
    public static (bool Synchronised, TimeSpan MaximumError, TimeSpan Offset)? Clock()
    {
        // struct timex of 64-bit Linux: 0 u32 modes · 8 offset · 16 freq · 24 maxerror (µs) · 32 esterror · 40 i32 status.
        const int Unsynchronised = 0x40, InNanoseconds = 0x2000;
        byte* timex = stackalloc byte[256];
        new Span<byte>(timex, 256).Clear();
        if (Libc.adjtimex(timex) < 0)
            return null;
        var answer = new ReadOnlySpan<byte>(timex, 256);
        int status = BinaryPrimitives.ReadInt32LittleEndian(answer[40..]);
        long offset = BinaryPrimitives.ReadInt64LittleEndian(answer[8..]), most = BinaryPrimitives.ReadInt64LittleEndian(answer[24..]);
        return ((status & Unsynchronised) == 0, TimeSpan.FromMicroseconds(most), (status & InNanoseconds) != 0 ? TimeSpan.FromMicroseconds(offset / 1000.0) : TimeSpan.FromMicroseconds(offset));
    }

    /// <summary>The records of the kernel's log from the oldest on, without waiting for the next.</summary>
    /// <exception cref="FailedException">It may not be read.</exception>
    public static IEnumerable<string> Messages()
    {
        int fd = OpenLog();
        try
        {
            while (NextRecord(fd) is { } record)
                yield return record;
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }

    /// <summary>Acts as another user from now on, for what programs ask the other side of a socket for. Root only.</summary>
    public static Errno BecomeUser(uint uid, uint gid)
    {
        Errno error = Libc.Check(Libc.setegid(gid));
        return error != Errno.None ? error : Libc.Check(Libc.seteuid(uid));
    }

    /// <summary>Acts as root again, which it must have been.</summary>
    public static Errno BecomeRoot()
    {
        Errno error = Libc.Check(Libc.seteuid(0));
        return error != Errno.None ? error : Libc.Check(Libc.setegid(0));
    }

    private static int OpenLog()
    {
        int fd;
        fixed (byte* name = "/dev/kmsg\0"u8)
            fd = Libc.openat(Libc.AtCurrentDirectory, name, Libc.NonBlocking | Libc.CloseOnExec, 0);
        Libc.Check(fd).ThrowIfFailed("/dev/kmsg");
        return fd;
    }

    /// <summary>Null behind the last. Each read is one record; one that was overwritten meanwhile is passed over.</summary>
    private static string? NextRecord(int fd)
    {
        const Errno Overwritten = Errno.BrokenPipe;
        byte* buffer = stackalloc byte[8192];
        while (true)
        {
            nint count = Libc.read(fd, buffer, 8192);
            if (count > 0)
                return Encoding.UTF8.GetString(buffer, (int)count);
            if (count == 0 || Libc.LastError is not (Overwritten or Errno.Interrupted))
                return null;
        }
    }

    private static string Text(byte* field) => Marshal.PtrToStringUTF8((nint)field) ?? "";
}
