using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// A file or directory of this machine that is being made, open. Everything is done through the descriptor, so a name that
/// changes meanwhile leads nowhere else. Not for use by several threads at once.
/// </summary>
public unsafe class FileHandle : IDisposable
{
    private int descriptor;

    internal FileHandle(int descriptor) => this.descriptor = descriptor;

    internal int Descriptor => descriptor;

    /// <summary>Writes all of it.</summary>
    public Errno Write(ReadOnlySpan<byte> data, long offset)
    {
        fixed (byte* start = data)
            for (int done = 0; done < data.Length;)
            {
                nint count = Libc.pwrite(descriptor, start + done, (nuint)(data.Length - done), offset + done);
                if (count > 0)
                    done += (int)count;
                else if (count == 0)
                    return Errno.NoSpace;
                else if (Libc.LastError != Errno.Interrupted)
                    return Libc.LastError;
            }
        return Errno.None;
    }

    /// <summary>Reads as much as there is room for and comes before the end or a failure; how many bytes that were.</summary>
    public int Read(Span<byte> destination, long offset)
    {
        int done = 0;
        fixed (byte* start = destination)
            while (done < destination.Length)
            {
                nint count = Libc.pread(descriptor, start + done, (nuint)(destination.Length - done), offset + done);
                if (count > 0)
                    done += (int)count;
                else if (count == 0 || Libc.LastError != Errno.Interrupted)
                    break;
            }
        return done;
    }

    /// <summary>Reads as much as there is room for and comes before the end; what came before a failure is counted too.</summary>
    public Errno Read(Span<byte> destination, long offset, out int count)
    {
        count = 0;
        fixed (byte* start = destination)
            while (count < destination.Length)
            {
                nint read = Libc.pread(descriptor, start + count, (nuint)(destination.Length - count), offset + count);
                if (read > 0)
                    count += (int)read;
                else if (read == 0)
                    return Errno.None;
                else if (Libc.LastError != Errno.Interrupted)
                    return Libc.LastError;
            }
        return Errno.None;
    }

    /// <summary>Its extended attributes, in the kernel's order; each that cannot be read is told by its name.</summary>
    public Errno ReadAttributes(List<(ByteString Name, byte[] Value)> attributes, Action<ByteString, Errno> unread) => AttributeReading.OfFile(descriptor, attributes, unread);

    /// <summary>Opens a file for reading and writing that is there, or (with permissions) makes it. A pipe or a device is not waited for.</summary>
    public static Errno Open(ByteString path, int? createWith, out FileHandle? file)
    {
        int flags = Libc.ReadWrite | Libc.NonBlocking | Libc.CloseOnExec | (createWith is null ? 0 : Libc.Create);
        int fd;
        fixed (byte* text = (byte[])[.. path.Span, 0])
            fd = Libc.openat(Libc.AtCurrentDirectory, text, flags, (uint)(createWith ?? 0));
        file = fd < 0 ? null : new(fd);
        return Libc.Check(fd);
    }

    /// <summary>
    /// Opens a file to be read, whoever has it locked: the framework takes a lock of its own to read, and then neither reader nor
    /// writer of a journal gets in.
    /// </summary>
    public static Errno OpenToRead(ByteString path, out FileHandle? file)
    {
        int fd;
        fixed (byte* text = (byte[])[.. path.Span, 0])
            fd = Libc.openat(Libc.AtCurrentDirectory, text, Libc.NonBlocking | Libc.CloseOnExec, 0);
        file = fd < 0 ? null : new(fd);
        return Libc.Check(fd);
    }

    /// <summary>Until it is on the disk what was written lives in memory only. Of a directory: the names in it.</summary>
    public Errno Sync() => Libc.Check(Libc.fsync(descriptor));

    /// <summary>Keeps other processes that ask for the same out until this handle is closed; false where another is in.</summary>
    public Errno TryLock(out bool locked)
    {
        Errno error = Libc.Check(Libc.flock(descriptor, Libc.LockExclusive | Libc.LockWithoutWaiting));
        locked = error == Errno.None;
        return error is Errno.Again or Errno.Interrupted ? Errno.None : error;
    }

    public Errno Truncate(long length) => Libc.Check(Libc.ftruncate(descriptor, length));

    public Errno SetOwner(uint uid, uint gid) => Libc.Check(Libc.fchown(descriptor, uid, gid));

    public Errno SetMode(int permissions) => Libc.Check(Libc.fchmod(descriptor, (uint)permissions));

    public Errno SetTimes(Timestamp accessed, Timestamp modified)
    {
        long* times = stackalloc long[] { accessed.Seconds, accessed.Nanoseconds, modified.Seconds, modified.Nanoseconds };
        return Libc.Check(Libc.futimens(descriptor, times));
    }

    public Errno SetAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        byte* text = stackalloc byte[CName.Size];
        if (!CName.Copy(name, text))
            return Errno.Invalid;
        fixed (byte* data = value)
            return Libc.Check(Libc.fsetxattr(descriptor, text, data, (nuint)value.Length, 0));
    }

    /// <summary>Whether there is an attribute of that name, of any size.</summary>
    public bool HasAttribute(ReadOnlySpan<byte> name)
    {
        byte* text = stackalloc byte[CName.Size];
        return CName.Copy(name, text) && Libc.fgetxattr(descriptor, text, null, 0) >= 0;
    }

    public Errno RemoveAttribute(ReadOnlySpan<byte> name)
    {
        byte* text = stackalloc byte[CName.Size];
        return CName.Copy(name, text) ? Libc.Check(Libc.fremovexattr(descriptor, text)) : Errno.Invalid;
    }

    public Errno Status(out FileStatus status)
    {
        byte* buffer = stackalloc byte[FileStatus.Length];
        byte empty = 0;
        Errno error = Libc.Check(Libc.statx(descriptor, &empty, Libc.AtEmptyPath, FileStatus.Mask, buffer));
        status = error == Errno.None ? FileStatus.Parse(new(buffer, FileStatus.Length)) : default;
        return error;
    }

    /// <summary>Room on the filesystem that holds it.</summary>
    public VolumeSpace Space()
    {
        // struct statvfs, 64 bit: f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail, …
        ulong* fields = stackalloc ulong[32];
        if (Libc.fstatvfs(descriptor, fields) < 0)
            return new(long.MaxValue, null, 4096);
        ulong size = Math.Max(fields[1], 1);
        return new((long)Math.Min(Math.BigMul(fields[4], size, out ulong low) > 0 ? long.MaxValue : low, long.MaxValue),
            fields[5] == 0 ? null : (long)Math.Min(fields[7], long.MaxValue), (long)size);
    }

    /// <summary>Shares the blocks of another file of the same filesystem (FICLONERANGE); all three numbers are multiples of its block size.</summary>
    public Errno Clone(SafeHandle source, long sourceOffset, long length, long offset)
    {
        using var borrowed = new Borrowed(source);
        long* range = stackalloc long[] { borrowed.Descriptor, sourceOffset, length, offset };
        return Libc.Check(Libc.ioctl(descriptor, Libc.CloneRange, range));
    }

    /// <summary>Copies within the kernel; <paramref name="copied"/> may be less than asked for, 0 at the end of the source.</summary>
    public Errno CopyRange(SafeHandle source, long sourceOffset, long length, long offset, out long copied)
    {
        using var borrowed = new Borrowed(source);
        nint answer = Libc.copy_file_range(borrowed.Descriptor, &sourceOffset, descriptor, &offset, (nuint)Math.Min(length, 1 << 30), 0);
        copied = Math.Max(answer, 0);
        return Libc.Check(answer);
    }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        int fd = Interlocked.Exchange(ref descriptor, -1);
        if (fd >= 0)
            _ = Libc.close(fd);
    }

    /// <summary>The device number of the filesystem on which another open file lies.</summary>
    public static ulong? DeviceOf(SafeHandle file)
    {
        using var borrowed = new Borrowed(file);
        byte* buffer = stackalloc byte[FileStatus.Length];
        byte empty = 0;
        return Libc.statx(borrowed.Descriptor, &empty, Libc.AtEmptyPath, FileStatus.Mask, buffer) < 0
            ? null : FileStatus.Parse(new(buffer, FileStatus.Length)).Device;
    }

    /// <summary>"major:minor" of the block device that a path names; null where it names none.</summary>
    public static string? BlockDeviceNumber(string path)
    {
        byte* buffer = stackalloc byte[FileStatus.Length];
        fixed (byte* text = (byte[])[.. ByteString.FromArgument(path).Span, 0])
            if (Libc.statx(Libc.AtCurrentDirectory, text, 0, FileStatus.Mask, buffer) < 0)
                return null;
        // struct statx: 0x80 u32 stx_rdev_major, stx_rdev_minor.
        uint* number = (uint*)(buffer + 0x80);
        return FileStatus.Parse(new(buffer, FileStatus.Length)).IsBlockDevice ? System.FormattableString.Invariant($"{number[0]}:{number[1]}") : null;
    }

    /// <summary>Another's descriptor, kept from being closed while it is used.</summary>
    private readonly ref struct Borrowed
    {
        private readonly SafeHandle handle;

        public Borrowed(SafeHandle handle)
        {
            bool added = false;
            handle.DangerousAddRef(ref added);
            this.handle = handle;
        }

        public int Descriptor => (int)handle.DangerousGetHandle();

        public void Dispose() => handle.DangerousRelease();
    }
}
