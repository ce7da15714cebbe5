using System.Diagnostics;
using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.Host.Fuse;

/// <summary>
/// One thread that takes requests from the kernel and answers them, each with a buffer of its own: nothing is allocated for
/// a request.
/// </summary>
internal sealed unsafe class FuseWorker : IDisposable
{
    public const int MaxTransfer = 1 << 20;

    private const int Page = 4096;
    private const int LargestXattr = 65536;

    private const int MostInVain = 8;

    private static readonly TimeSpan Moment = TimeSpan.FromMicroseconds(100);

    /// <summary>Answers are built where the payload begins on a page, the header right before it.</summary>
    private const int Payload = Page;

    private readonly int device;
    private readonly FuseFileSystem files;
    private readonly byte* request;
    private readonly byte* answer;
    private readonly int requestSize;
    private int inVain;

    public FuseWorker(int device, FuseFileSystem files)
    {
        this.device = device;
        this.files = files;
        // The kernel wants room for the largest write and 8 KiB at least.
        requestSize = files.IsWritable ? MaxTransfer + Page : 2 * Page;
        request = (byte*)NativeMemory.AlignedAlloc((nuint)requestSize, Page);
        answer = (byte*)NativeMemory.AlignedAlloc(Payload + MaxTransfer, Page);
        _ = Libc.fcntl(device, Libc.SetStatusFlags, Libc.ReadWrite | Libc.NonBlocking);
    }

    private Span<byte> Room => new(answer + Payload, MaxTransfer);

    /// <summary>Until the file system is unmounted or its connection cut.</summary>
    public void Run(FuseCrew crew)
    {
        while (crew.Listen(this))
        {
            int length = Receive();
            if (length == 0)
            {
                crew.End();
                return;
            }
            if (crew.Begin() && Poll(0))
                crew.HandOver();
            Serve(length);
        }
    }

    /// <summary>The next request; 0 where there will be none.</summary>
    private int Receive()
    {
        long started = 0;
        while (true)
        {
            nint length = Libc.read(device, request, (nuint)requestSize);
            if (length >= 0)
                return length >= sizeof(FuseInHeader) ? (int)length : 0;
            switch (Libc.LastError)
            {
                case Errno.Again:
                    started = started == 0 ? Stopwatch.GetTimestamp() : started;
                    Wait(started);
                    break;
                // "No entry": the request was taken back while we were about to get it.
                case Errno.NoEntry or Errno.Interrupted:
                    break;
                default:
                    return 0;
            }
        }
    }

    /// <summary>
    /// For a moment without sleeping: who reads many small files asks again at once, and to be woken takes longer than to answer. Not
    /// where the last requests came later than that.
    /// </summary>
    private void Wait(long since)
    {
        if (inVain < MostInVain && Environment.ProcessorCount > 1)
        {
            if (Stopwatch.GetElapsedTime(since) < Moment)
            {
                Thread.SpinWait(8);
                return;
            }
            inVain++;
        }
        Poll(-1);
        if (Stopwatch.GetElapsedTime(since) < 2 * Moment)
            inVain = 0;
    }

    /// <summary>Whether a request is there, or the end of all; waits for it so many milliseconds, or for ever.</summary>
    private bool Poll(int milliseconds)
    {
        var descriptor = new Libc.PollDescriptor { Descriptor = device, Wanted = Libc.PollIn };
        return Libc.poll(&descriptor, 1, milliseconds) > 0;
    }

    /// <summary>Answers the first request, by which kernel and server agree on what they can do.</summary>
    /// <exception cref="UnsupportedException">The kernel speaks too old a protocol.</exception>
    public void Initialize()
    {
        while (true)
        {
            int length = Receive();
            if (length == 0)
                throw new FailedException("the first request of the kernel did not come", "was the folder unmounted at once?");
            var header = MemoryMarshal.Read<FuseInHeader>(new(request, requestSize));
            if (header.Opcode != FuseOpcode.Init || length < sizeof(FuseInHeader) + FuseInitIn.OldSize)
                throw new FailedException($"the first request of the kernel is {header.Opcode}, not INIT");
            var wanted = MemoryMarshal.Read<FuseInitIn>(new(request + sizeof(FuseInHeader), sizeof(FuseInitIn)));
            FuseInitOut agreed = FuseProtocol.Agree(wanted, files.IsWritable);
            MemoryMarshal.Write(Room, in agreed);
            Reply(header.Unique, Errno.None, sizeof(FuseInitOut));
            // A kernel of a later major version asks again, in ours.
            if (wanted.Major == FuseProtocol.Major)
                return;
        }
    }

    private void Serve(int length)
    {
        var header = MemoryMarshal.Read<FuseInHeader>(new(request, length));
        int payload = 0;
        Errno error;
        try
        {
            error = Handle(header, new(request + sizeof(FuseInHeader), length - sizeof(FuseInHeader)), ref payload);
        }
        catch (Exception e)
        {
            // Whatever it is: the one who asked must get an answer, or would wait for ever.
            files.Failed(header.Node, e);
            error = FuseFileSystem.ErrorOf(e);
        }
        if (header.Opcode is not (FuseOpcode.Forget or FuseOpcode.BatchForget or FuseOpcode.Interrupt))
            Reply(header.Unique, error, error == Errno.None ? payload : 0);
    }

    private void Reply(ulong unique, Errno error, int payload)
    {
        int length = sizeof(FuseOutHeader) + payload;
        byte* start = answer + Payload - sizeof(FuseOutHeader);
        *(FuseOutHeader*)start = new() { Length = (uint)length, Error = -(int)error, Unique = unique };
        // An error here says that the one who asked is gone, or the whole connection, which the next read tells.
        while (Libc.write(device, start, (nuint)length) < 0 && Libc.LastError == Errno.Interrupted)
        {
        }
    }

    private Errno Handle(in FuseInHeader header, ReadOnlySpan<byte> body, ref int payload)
    {
        switch (header.Opcode)
        {
            case FuseOpcode.Lookup:
                return Lookup(header.Node, Name(body), ref payload);
            case FuseOpcode.GetAttributes:
                return Attributes(header.Node, ref payload);
            case FuseOpcode.SetAttributes:
                // A device has the size that it has; times and modes of what we serve are kept by nobody.
                return files.IsWritable && (Argument<FuseSetAttributesIn>(body).Valid & FuseSetAttributesIn.SetsSize) == 0
                    ? Attributes(header.Node, ref payload) : Errno.NotPermitted;
            case FuseOpcode.Statx:
                return Statx(header.Node, ref payload);
            case FuseOpcode.ReadLink:
                return files.ReadLink(header.Node, Room, out payload);
            case FuseOpcode.Read:
                var read = Argument<FuseTransferIn>(body);
                return files.Read(header.Node, (long)read.Offset, Room[..(int)Math.Min(read.Size, MaxTransfer)], out payload);
            case FuseOpcode.ReadDirectory:
            case FuseOpcode.ReadDirectoryPlus:
                return List(header, Argument<FuseTransferIn>(body), ref payload);
            case FuseOpcode.Seek:
                return Seek(header.Node, Argument<FuseSeekIn>(body), ref payload);
            case FuseOpcode.GetXattr:
            case FuseOpcode.ListXattr:
                return Xattr(header, body, ref payload);
            case FuseOpcode.StatFs:
                FuseSpace space = files.Space(header.Node);
                MemoryMarshal.Write(Room, in space);
                payload = sizeof(FuseSpace);
                return Errno.None;
            case FuseOpcode.Write when files.IsWritable:
                return Write(header.Node, body, ref payload);
            case FuseOpcode.FSync when files.IsWritable:
                return files.Flush(header.Node);
            case FuseOpcode.Fallocate when files.IsWritable:
                var range = Argument<FuseAllocateIn>(body);
                return (range.Mode & (FuseAllocateIn.PunchHole | FuseAllocateIn.ZeroRange)) == 0 ? Errno.NotSupported
                    : files.Zero(header.Node, (long)range.Offset, (long)range.Length, (range.Mode & FuseAllocateIn.PunchHole) != 0);
            case FuseOpcode.Destroy:
                return Errno.None;
            default:
                // Which of the kernel's, unlike an error, is remembered: it does not ask for such a thing again.
                return Errno.NotImplemented;
        }
    }

    private Errno Lookup(ulong folder, ReadOnlySpan<byte> name, ref int payload)
    {
        Errno error = files.Lookup(folder, name, out FuseEntry entry);
        if (error == Errno.NoEntry)
            entry = default; // An answer of no file, with a time, is what makes the kernel remember that.
        else if (error != Errno.None)
            return error;
        entry.StaysValid();
        MemoryMarshal.Write(Room, in entry);
        payload = sizeof(FuseEntry);
        return Errno.None;
    }

    private Errno Attributes(ulong node, ref int payload)
    {
        Errno error = files.GetAttributes(node, out FuseAttributes attributes);
        var told = new FuseAttributesOut { Valid = FuseAttributesOut.Forever, Attributes = attributes };
        MemoryMarshal.Write(Room, in told);
        payload = sizeof(FuseAttributesOut);
        return error;
    }

    private Errno Statx(ulong node, ref int payload)
    {
        Errno error = files.GetAttributes(node, out FuseAttributes a);
        if (error != Errno.None)
            return error;
        Timestamp? born = files.Born(node);
        var told = new FuseStatxOut
        {
            Valid = FuseAttributesOut.Forever,
            Mask = FuseStatxOut.BasicMask | (born is null ? 0 : FuseStatxOut.BornMask),
            BlockSize = a.BlockSize,
            Links = a.Links,
            Uid = a.Uid,
            Gid = a.Gid,
            Mode = (ushort)a.Mode,
            Inode = a.Inode,
            Size = a.Size,
            Blocks = a.Blocks,
            Accessed = new((long)a.Accessed, a.AccessedNanoseconds),
            Modified = new((long)a.Modified, a.ModifiedNanoseconds),
            Changed = new((long)a.Changed, a.ChangedNanoseconds),
            Born = born is { } time ? new(time.Seconds, (uint)time.Nanoseconds) : default,
            DeviceMajor = (a.Device >> 8) & 0xFFF,
            DeviceMinor = (a.Device & 0xFF) | ((a.Device >> 12) & 0xFFF00),
        };
        MemoryMarshal.Write(Room, in told);
        payload = sizeof(FuseStatxOut);
        return Errno.None;
    }

    private Errno List(in FuseInHeader header, in FuseTransferIn from, ref int payload)
    {
        var entries = new FuseDirectoryWriter(Room[..(int)Math.Min(from.Size, MaxTransfer)], header.Opcode == FuseOpcode.ReadDirectoryPlus);
        Errno error = files.List(header.Node, from.Offset, ref entries);
        payload = entries.Length;
        return error;
    }

    private Errno Seek(ulong node, in FuseSeekIn from, ref int payload)
    {
        if (from.Whence is not (FuseSeekIn.Data or FuseSeekIn.Hole))
            return Errno.Invalid;
        Errno error = files.Seek(node, (long)from.Offset, from.Whence == FuseSeekIn.Data, out long found);
        MemoryMarshal.Write(Room, in found);
        payload = sizeof(long);
        return error;
    }

    /// <summary>A size of 0 asks how much room the value (or the list) takes.</summary>
    private Errno Xattr(in FuseInHeader header, ReadOnlySpan<byte> body, ref int payload)
    {
        uint size = Argument<FuseXattrSize>(body).Size;
        Errno error = header.Opcode == FuseOpcode.ListXattr
            ? files.ListXattr(header.Node, Room[..LargestXattr], out int length)
            : files.GetXattr(header.Node, Name(body[sizeof(FuseXattrSize)..]), Room[..LargestXattr], out length);
        if (error != Errno.None)
            return error;
        if (size != 0)
        {
            payload = length;
            return length <= size ? Errno.None : Errno.Range;
        }
        var needed = new FuseXattrSize { Size = (uint)length };
        MemoryMarshal.Write(Room, in needed);
        payload = sizeof(FuseXattrSize);
        return Errno.None;
    }

    private Errno Write(ulong node, ReadOnlySpan<byte> body, ref int payload)
    {
        var range = Argument<FuseTransferIn>(body);
        ReadOnlySpan<byte> data = body[sizeof(FuseTransferIn)..];
        if (range.Size > data.Length)
            return Errno.Invalid;
        Errno error = files.Write(node, (long)range.Offset, data[..(int)range.Size]);
        var written = new FuseWriteOut { Size = range.Size };
        MemoryMarshal.Write(Room, in written);
        payload = sizeof(FuseWriteOut);
        return error;
    }

    private static T Argument<T>(ReadOnlySpan<byte> body) where T : unmanaged => MemoryMarshal.Read<T>(body);

    /// <summary>A name in a request ends with a zero.</summary>
    private static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> body)
    {
        int end = body.IndexOf((byte)0);
        return end < 0 ? body : body[..end];
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(request);
        NativeMemory.AlignedFree(answer);
        _ = Libc.close(device);
    }
}
