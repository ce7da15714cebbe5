using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.Tests.Support;

/// <summary>
/// The kernel's own view of files, with names as bytes: the oracle's side of every comparison, so nothing of src/ but
/// plain value types is used here. Paths are absolute. Every call that fails throws a <see cref="PosixException"/>.
/// </summary>
public static unsafe partial class Posix
{
    public const int ReadOnly = 0, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, NoFollow = 0x20000, NoAccessTime = 0x40000, AsDirectory = 0x10000;
    public const int AtWorkingDirectory = -100, SymlinkNoFollow = 0x100;
    public const uint TypeMask = 0xF000, Fifo = 0x1000, CharacterDevice = 0x2000, Directory = 0x4000, BlockDevice = 0x6000,
        Regular = 0x8000, Symlink = 0xA000, Socket = 0xC000;
    public const int NotPermitted = 1, NoData = 61, NoSpace = 28, FileTooBig = 27, Invalid = 22, NotSupported = 95, NoTty = 25,
        NameTooLong = 36, OutOfRange = 34, TooBig = 7, NoSuchAddress = 6, TooManyLinks = 31;

    private const uint FsGetFlags = 0x80086601, FsSetFlags = 0x40086602;
    private const uint FsGetXattr = 0x801C581F, FsSetXattr = 0x401C5820;

    public static int Open(ByteString path, int flags, int mode = 0x1B6) => Check(open(Zero(path), flags | 0x80000, mode), "open", path);

    public static void Close(int fd) => _ = close(fd);

    public static int Read(int fd, Span<byte> buffer, long offset)
    {
        fixed (byte* start = buffer)
            return (int)Check(pread(fd, start, (nuint)buffer.Length, offset), "pread");
    }

    public static void Write(int fd, ReadOnlySpan<byte> buffer, long offset)
    {
        while (!buffer.IsEmpty)
        {
            long written;
            fixed (byte* start = buffer)
                written = Check(pwrite(fd, start, (nuint)buffer.Length, offset), "pwrite");
            buffer = buffer[(int)written..];
            offset += written;
        }
    }

    /// <summary>The next data (or hole) from an offset on; null where there is none before the end of the file.</summary>
    public static long? Seek(int fd, long offset, bool data)
    {
        long found = lseek(fd, offset, data ? 3 : 4);
        return found < 0 && Marshal.GetLastPInvokeError() == NoSuchAddress ? null : Check(found, "lseek");
    }

    public static void Truncate(int fd, long size) => Check(ftruncate(fd, size), "ftruncate");

    public static void Allocate(int fd, int mode, long offset, long length) => Check(fallocate(fd, mode, offset, length), "fallocate");

    /// <summary>POSIX_FADV_DONTNEED: clean pages leave the cache.</summary>
    public static void ForgetPages(int fd) => _ = posix_fadvise(fd, 0, 0, 4);

    public static void Flush(int fd) => Check(fsync(fd), "fsync");

    public static void MakeDirectory(ByteString path) => Check(mkdir(Zero(path), 0x1ED), "mkdir", path);

    public static void RemoveFile(ByteString path) => Check(unlink(Zero(path)), "unlink", path);

    public static void MakeNode(ByteString path, uint mode, uint major = 0, uint minor = 0) =>
        Check(mknod(Zero(path), mode, ((ulong)minor & 0xFF) | ((ulong)major & 0xFFF) << 8 | ((ulong)minor & ~0xFFul) << 12 | ((ulong)major & ~0xFFFul) << 32), "mknod", path);

    public static void MakeSymlink(ByteString target, ByteString path) => Check(symlink(Zero(target), Zero(path)), "symlink", path);

    public static void MakeHardLink(ByteString existing, ByteString path) => Check(link(Zero(existing), Zero(path)), "link", path);

    public static void ChangeMode(ByteString path, uint mode) => Check(chmod(Zero(path), mode), "chmod", path);

    public static void ChangeOwner(ByteString path, uint uid, uint gid) => Check(lchown(Zero(path), uid, gid), "lchown", path);

    public static void SetTimes(ByteString path, Timestamp accessed, Timestamp modified)
    {
        long* times = stackalloc long[] { accessed.Seconds, accessed.Nanoseconds, modified.Seconds, modified.Nanoseconds };
        Check(utimensat(AtWorkingDirectory, Zero(path), times, SymlinkNoFollow), "utimensat", path);
    }

    public static ByteString ReadLink(ByteString path)
    {
        byte[] buffer = new byte[65536];
        long length = Check(readlink(Zero(path), buffer, (nuint)buffer.Length), "readlink", path);
        return new(buffer.AsSpan(0, (int)length));
    }

    /// <summary>All that the caller may see, sorted by name.</summary>
    public static SortedDictionary<ByteString, byte[]> ExtendedAttributes(ByteString path)
    {
        var result = new SortedDictionary<ByteString, byte[]>();
        byte[] names = new byte[65536], value = new byte[65536];
        long length = llistxattr(Zero(path), names, (nuint)names.Length);
        if (length < 0 && Marshal.GetLastPInvokeError() == NotSupported)
            return result;
        ReadOnlySpan<byte> rest = names.AsSpan(0, (int)Check(length, "llistxattr", path));
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)0);
            var name = new ByteString(rest[..end]);
            long size = Check(lgetxattr(Zero(path), Zero(name), value, (nuint)value.Length), "lgetxattr " + name, path);
            result.Add(name, value[..(int)size]);
            rest = rest[(end + 1)..];
        }
        return result;
    }

    public static void SetExtendedAttribute(ByteString path, ByteString name, byte[] value) =>
        Check(lsetxattr(Zero(path), Zero(name), value, (nuint)value.Length, 0), "lsetxattr " + name, path);

    /// <summary>Names in the order the kernel gives them, without "." and "..".</summary>
    public static List<ByteString> List(ByteString path)
    {
        int fd = Open(path, ReadOnly | AsDirectory | NoFollow);
        try
        {
            var names = new List<ByteString>();
            byte[] buffer = new byte[262144];
            for (int length; (length = (int)Check(getdents64(fd, buffer, (nuint)buffer.Length), "getdents64", path)) > 0;)
                for (int at = 0; at < length; at += BitConverter.ToUInt16(buffer, at + 16))
                {
                    ReadOnlySpan<byte> name = buffer.AsSpan(at + 19);
                    name = name[..name.IndexOf((byte)0)];
                    if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                        names.Add(new(name));
                }
            return names;
        }
        finally
        {
            Close(fd);
        }
    }

    /// <summary>statx(2) without following a symbolic link.</summary>
    public static PosixStatus Status(ByteString path)
    {
        byte[] buffer = new byte[256];
        Check(statx(AtWorkingDirectory, Zero(path), SymlinkNoFollow, 0xFFF, buffer), "statx", path);
        return new PosixStatus(buffer);
    }

    /// <summary>The flags of chattr(1); only of regular files and directories.</summary>
    public static uint GetFlags(int fd)
    {
        long flags = 0;
        Check(ioctl(fd, FsGetFlags, &flags), "FS_IOC_GETFLAGS");
        return (uint)flags;
    }

    public static void SetFlags(int fd, uint flags)
    {
        long value = flags;
        Check(ioctl(fd, FsSetFlags, &value), "FS_IOC_SETFLAGS");
    }

    public static void SetProject(int fd, uint project)
    {
        uint* attributes = stackalloc uint[7];
        Check(ioctl(fd, FsGetXattr, attributes), "FS_IOC_FSGETXATTR");
        attributes[3] = project;
        Check(ioctl(fd, FsSetXattr, attributes), "FS_IOC_FSSETXATTR");
    }

    private static byte[] Zero(ByteString text) => [.. text.Span, 0];

    private static int Check(int result, string call, ByteString path = default) => (int)Check((long)result, call, path);

    private static long Check(long result, string call, ByteString path = default) =>
        result >= 0 ? result : throw new PosixException(Marshal.GetLastPInvokeError(), call, path);

    [LibraryImport("libc", SetLastError = true)] private static partial int open(byte[] path, int flags, int mode);
    [LibraryImport("libc", SetLastError = true)] private static partial int close(int fd);
    [LibraryImport("libc", SetLastError = true)] private static partial long pread(int fd, byte* buffer, nuint count, long offset);
    [LibraryImport("libc", SetLastError = true)] private static partial long pwrite(int fd, byte* buffer, nuint count, long offset);
    [LibraryImport("libc", SetLastError = true)] private static partial long lseek(int fd, long offset, int whence);
    [LibraryImport("libc", SetLastError = true)] private static partial int ftruncate(int fd, long size);
    [LibraryImport("libc", SetLastError = true)] private static partial int fallocate(int fd, int mode, long offset, long length);
    [LibraryImport("libc")] private static partial int posix_fadvise(int fd, long offset, long length, int advice);
    [LibraryImport("libc", SetLastError = true)] private static partial int fsync(int fd);
    [LibraryImport("libc", SetLastError = true)] private static partial int mkdir(byte[] path, uint mode);
    [LibraryImport("libc", SetLastError = true)] private static partial int unlink(byte[] path);
    [LibraryImport("libc", SetLastError = true)] private static partial int mknod(byte[] path, uint mode, ulong device);
    [LibraryImport("libc", SetLastError = true)] private static partial int symlink(byte[] target, byte[] path);
    [LibraryImport("libc", SetLastError = true)] private static partial int link(byte[] existing, byte[] path);
    [LibraryImport("libc", SetLastError = true)] private static partial int chmod(byte[] path, uint mode);
    [LibraryImport("libc", SetLastError = true)] private static partial int lchown(byte[] path, uint uid, uint gid);
    [LibraryImport("libc", SetLastError = true)] private static partial int utimensat(int fd, byte[] path, long* times, int flags);
    [LibraryImport("libc", SetLastError = true)] private static partial long readlink(byte[] path, byte[] buffer, nuint size);
    [LibraryImport("libc", SetLastError = true)] private static partial long llistxattr(byte[] path, byte[] list, nuint size);
    [LibraryImport("libc", SetLastError = true)] private static partial long lgetxattr(byte[] path, byte[] name, byte[] value, nuint size);
    [LibraryImport("libc", SetLastError = true)] private static partial int lsetxattr(byte[] path, byte[] name, byte[] value, nuint size, int flags);
    [LibraryImport("libc", SetLastError = true)] private static partial long getdents64(int fd, byte[] buffer, nuint count);
    [LibraryImport("libc", SetLastError = true)] private static partial int statx(int fd, byte[] path, int flags, uint mask, byte[] buffer);
    [LibraryImport("libc", SetLastError = true)] private static partial int ioctl(int fd, nuint request, void* argument);
}

/// <summary>What statx(2) tells.</summary>
public readonly struct PosixStatus(byte[] buffer)
{
    public int BlockSize => BitConverter.ToInt32(buffer, 4);
    public uint Mode => BitConverter.ToUInt16(buffer, 28);
    public uint Links => BitConverter.ToUInt32(buffer, 16);
    public uint Uid => BitConverter.ToUInt32(buffer, 20);
    public uint Gid => BitConverter.ToUInt32(buffer, 24);
    public ulong Inode => BitConverter.ToUInt64(buffer, 32);
    public long Size => BitConverter.ToInt64(buffer, 40);
    public long Blocks => BitConverter.ToInt64(buffer, 48);
    public Timestamp Accessed => Time(64);
    public Timestamp? Born => (BitConverter.ToUInt32(buffer, 0) & 0x800) != 0 ? Time(80) : null;
    public Timestamp Changed => Time(96);
    public Timestamp Modified => Time(112);
    public uint Major => BitConverter.ToUInt32(buffer, 128);
    public uint Minor => BitConverter.ToUInt32(buffer, 132);
    public (uint, uint) Device => (BitConverter.ToUInt32(buffer, 136), BitConverter.ToUInt32(buffer, 140));

    private Timestamp Time(int offset) => new(BitConverter.ToInt64(buffer, offset), BitConverter.ToInt32(buffer, offset + 8));
}

public sealed class PosixException(int errno, string call, ByteString path)
    : IOException($"{call} {path}: {Marshal.GetPInvokeErrorMessage(errno)}")
{
    public int Errno { get; } = errno;
}
