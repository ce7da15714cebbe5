using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>
/// The content of one file after the other: holes stay holes, what can be shared or copied by the kernel is, what is known to
/// be missing is passed over, and the rest goes through a buffer.
/// </summary>
internal sealed class ContentCopier
{
    private const int BufferSize = 256 * 1024;

    private readonly KernelCopy kernel;
    private readonly DeviceMap map;
    private readonly Tally tally;
    private readonly DamageSink sink;
    private readonly CancellationToken cancelled;
    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferSize);

    public ContentCopier(KernelCopy kernel, DeviceMap map, Tally tally, DamageSink sink, CancellationToken cancelled)
    {
        this.kernel = kernel;
        this.map = map;
        this.tally = tally;
        this.cancelled = cancelled;
        this.sink = found =>
        {
            Lost += found.Length;
            sink(found);
        };
    }

    /// <summary>Bytes that could not be read since it was set to 0.</summary>
    public long Lost { get; set; }

    /// <summary>False where the destination failed, which was told.</summary>
    public bool Copy(in Visit visit, FileHandle file)
    {
        (FileSystem fileSystem, Node node) = visit.Node;
        long end = 0, position = 0;
        try
        {
            foreach (FileExtent extent in fileSystem.Extents(node, 0, sink))
            {
                cancelled.ThrowIfCancellationRequested();
                position = extent.Offset + extent.Length;
                if (extent.Kind is FileExtentKind.Hole or FileExtentKind.Unwritten)
                {
                    Interlocked.Add(ref tally.HoleBytes, extent.Length);
                    continue;
                }
                if (extent.Kind == FileExtentKind.Unreadable)
                {
                    sink(new(extent.Reason ?? "cannot be located", extent.Offset, extent.Length));
                    continue;
                }
                if (CopyExtent(fileSystem, extent, file, ref end) is not Errno.None and Errno error)
                {
                    tally.Fail(visit.Path, "it cannot be written", error);
                    return false;
                }
            }
        }
        catch (Exception e) when (e is CorruptException or UnreadableException)
        {
            sink(new(e.Message, position, Math.Max(0, node.Size - position)));
        }
        if (end < node.Size && file.Truncate(node.Size) is not Errno.None and Errno failed)
        {
            tally.Fail(visit.Path, "it cannot be made that long", failed);
            return false;
        }
        return true;
    }

    private Errno CopyExtent(FileSystem fileSystem, in FileExtent extent, FileHandle file, ref long end)
    {
        if (extent.Kind != FileExtentKind.Data || !(kernel.IsPossible || DeviceMap.MayMiss(fileSystem, extent.DeviceOffset, extent.Length)))
            return CopyBytes(fileSystem, extent, extent.Offset, extent.Offset + extent.Length, file, ref end);
        long shift = extent.DeviceOffset - extent.Offset;
        for (long from = extent.Offset, last = extent.Offset + extent.Length; from < last;)
        {
            cancelled.ThrowIfCancellationRequested();
            Extent behind = map.Behind(fileSystem, from + shift, last - from);
            // A missing disk's terabytes are passed over, not tried piece by piece.
            if (behind.Kind == ExtentKind.Unreadable)
            {
                sink(new(behind.Reason ?? "unreadable", from, behind.Length));
                from += behind.Length;
                continue;
            }
            long done = kernel.Copy(behind, file, from);
            Interlocked.Add(ref tally.Bytes, done);
            end = Math.Max(end, from + done);
            if (done < behind.Length && CopyBytes(fileSystem, extent, from + done, from + behind.Length, file, ref end) is not Errno.None and Errno error)
                return error;
            from += behind.Length;
        }
        return Errno.None;
    }

    /// <summary>Through this process. A piece of which nothing can be read stays a hole, so that a missing terabyte takes no room.</summary>
    private Errno CopyBytes(FileSystem fileSystem, in FileExtent extent, long from, long to, FileHandle file, ref long end)
    {
        for (long at = from; at < to;)
        {
            cancelled.ThrowIfCancellationRequested();
            int length = (int)Math.Min(BufferSize, to - at);
            long before = Lost;
            // What is in memory is written from there.
            ReadOnlySpan<byte> piece = extent.Kind == FileExtentKind.Inline ? extent.Inline.Span.Slice((int)(at - extent.Offset), length) : Read(fileSystem, extent, at, length);
            bool nothing = Lost - before >= piece.Length;
            Errno error = nothing ? Errno.None : file.Write(piece, at);
            if (error != Errno.None)
                return error;
            at += piece.Length;
            if (nothing)
                continue;
            Interlocked.Add(ref tally.Bytes, piece.Length);
            end = at;
        }
        return Errno.None;
    }

    private Span<byte> Read(FileSystem fileSystem, in FileExtent extent, long at, int length)
    {
        Span<byte> piece = buffer.AsSpan(0, length);
        ContentReader.ReadAround(fileSystem, extent, at, piece, sink);
        return piece;
    }
}
