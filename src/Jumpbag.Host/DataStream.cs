using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// One end of a copy: a file, device, pipe, socket or terminal that bytes are read from or written to in order. Reads and
/// writes wait where the descriptor is not ready, also where someone else made it non-blocking.
/// </summary>
public sealed unsafe class DataStream : IDisposable
{
    /// <summary>What a pipe is asked to hold; the default is 64 KiB. More than this (1 MiB may be had) was not faster where it was measured.</summary>
    private const int PipeSize = 512 << 10;

    private readonly int descriptor;
    private readonly bool owned;
    private bool closed;

    private DataStream(int descriptor, bool owned, FileStatus status)
    {
        this.descriptor = descriptor;
        this.owned = owned;
        Status = status;
    }

    public FileStatus Status { get; }

    public bool IsTerminal => Status.IsCharacterDevice && Libc.isatty(descriptor) == 1;

    internal int Descriptor => descriptor;

    public static Errno StandardInput(out DataStream? stream) => Inherited(0, out stream);

    public static Errno StandardOutput(out DataStream? stream) => Inherited(1, out stream);

    /// <summary>Opens a file to be read from its start to its end. A pipe with a name waits for its writer.</summary>
    public static Errno Open(ByteString path, out DataStream? stream)
    {
        stream = null;
        int fd;
        fixed (byte* text = Terminated(path))
            do
                fd = Libc.openat(Libc.AtCurrentDirectory, text, Libc.CloseOnExec, 0);
            while (fd < 0 && Libc.LastError == Errno.Interrupted);
        if (fd < 0)
            return Libc.LastError;
        // Only advice: whoever cannot take it reads as before.
        _ = Libc.posix_fadvise(fd, 0, 0, Libc.AdviseSequential);
        Errno error = Wrap(fd, true, out stream);
        if (error != Errno.None)
            _ = Libc.close(fd);
        return error;
    }

    /// <summary>Bytes in a file or block device, without opening anything else (a pipe would wait); null where they can't be known.</summary>
    public static Errno SizeOf(ByteString path, out long? size)
    {
        size = null;
        byte* buffer = stackalloc byte[FileStatus.Length];
        fixed (byte* text = Terminated(path))
            if (Libc.statx(Libc.AtCurrentDirectory, text, 0, FileStatus.Mask, buffer) < 0)
                return Libc.LastError;
        var status = FileStatus.Parse(new(buffer, FileStatus.Length));
        size = status.IsRegular ? status.Size : null;
        if (!status.IsBlockDevice)
            return Errno.None;
        Errno error = Open(path, out DataStream? device);
        using (device)
            size = device?.Remaining();
        return error;
    }

    /// <summary>Bytes from here to the end of a file or block device; null of anything else.</summary>
    public long? Remaining()
    {
        if (!Status.IsRegular && !Status.IsBlockDevice)
            return null;
        long here = Libc.lseek(descriptor, 0, Libc.SeekCurrent);
        if (here < 0)
            return null;
        long end = Status.Size;
        if (Status.IsBlockDevice)
        {
            end = Libc.lseek(descriptor, 0, Libc.SeekEnd);
            if (Libc.lseek(descriptor, here, Libc.SeekSet) < 0 || end < 0)
                return null;
        }
        return Math.Max(0, end - here);
    }

    /// <summary>Whether both are the same file or disk, so that a copy would read what it has just written.</summary>
    public bool IsSameFileAs(DataStream other) => (Status.IsRegular || Status.IsBlockDevice)
        && Status.Mode == other.Status.Mode && Status.Device == other.Status.Device && Status.Inode == other.Status.Inode;

    /// <summary>Gives a pipe more room, so that its two programs wait for each other less often. It stays as it is where the kernel won't.</summary>
    public void EnlargePipe()
    {
        if (Status.IsPipe && Libc.fcntl(descriptor, Libc.GetPipeSize, 0) is > 0 and < PipeSize)
            _ = Libc.fcntl(descriptor, Libc.SetPipeSize, PipeSize);
    }

    /// <summary>Reads what there is, at most the buffer's length; a count of 0 is the end.</summary>
    public Errno Read(Span<byte> buffer, out int count)
    {
        fixed (byte* start = buffer)
            while (true)
            {
                count = (int)Libc.read(descriptor, start, (nuint)buffer.Length);
                if (count >= 0)
                    return Errno.None;
                Errno error = Libc.LastError;
                count = 0;
                if (error == Errno.Again)
                    Wait(descriptor, Libc.PollIn);
                else if (error != Errno.Interrupted)
                    return error;
            }
    }

    /// <summary>Writes all of it, in as many pieces as are taken; <paramref name="done"/> is what went out before an error.</summary>
    public Errno Write(ReadOnlySpan<byte> data, out int done) => Write(descriptor, data, out done);

    /// <summary>Passes over bytes of a file or block device that can't be read.</summary>
    public Errno Skip(long count) => Libc.Check(Libc.lseek(descriptor, count, Libc.SeekCurrent));

    /// <summary>Where a file or block device is read next; null of anything else.</summary>
    public long? Position() => Libc.lseek(descriptor, 0, Libc.SeekCurrent) is >= 0 and var position ? position : null;

    public void Dispose()
    {
        if (owned && !closed)
            _ = Libc.close(descriptor);
        closed = true;
    }

    /// <summary>As <see cref="Write(ReadOnlySpan{byte}, out int)"/>, for descriptors that are no end of a copy.</summary>
    internal static Errno Write(int descriptor, ReadOnlySpan<byte> data, out int done)
    {
        done = 0;
        fixed (byte* start = data)
            while (done < data.Length)
            {
                nint count = Libc.write(descriptor, start + done, (nuint)(data.Length - done));
                if (count > 0)
                {
                    done += (int)count;
                    continue;
                }
                Errno error = count == 0 ? Errno.NoSpace : Libc.LastError;
                if (error == Errno.Again)
                    Wait(descriptor, Libc.PollOut);
                else if (error != Errno.Interrupted)
                    return error;
            }
        return Errno.None;
    }

    /// <summary>Until the descriptor is ready, or has an error that the next call will tell.</summary>
    internal static void Wait(int descriptor, short wanted)
    {
        var waited = new Libc.PollDescriptor { Descriptor = descriptor, Wanted = wanted };
        while (Libc.poll(&waited, 1, -1) < 0 && Libc.LastError == Errno.Interrupted)
        {
        }
    }

    /// <summary>As libc takes it. It is the kernel that says whether a path is too long.</summary>
    private static byte[] Terminated(ByteString path) => [.. path.Span, 0];

    /// <summary>
    /// A descriptor that came with the start of the program. Where it was closed, the runtime may have opened something else
    /// under its number (/dev/urandom, for one); such a one is told by its close-on-exec flag, with which none is inherited.
    /// </summary>
    private static Errno Inherited(int descriptor, out DataStream? stream)
    {
        stream = null;
        int flags = Libc.fcntl(descriptor, Libc.GetDescriptorFlags, 0);
        return flags < 0 ? Libc.LastError
            : (flags & Libc.CloseOnExecFlag) != 0 ? Errno.BadDescriptor
            : Wrap(descriptor, false, out stream);
    }

    private static Errno Wrap(int descriptor, bool owned, out DataStream? stream)
    {
        byte* buffer = stackalloc byte[FileStatus.Length];
        byte empty = 0;
        Errno error = Libc.Check(Libc.statx(descriptor, &empty, Libc.AtEmptyPath, FileStatus.Mask, buffer));
        stream = error == Errno.None ? new(descriptor, owned, FileStatus.Parse(new(buffer, FileStatus.Length))) : null;
        return error;
    }
}
