using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>
/// Where the image lies on the very filesystem that the copies go to, its blocks are shared (reflink) or copied within the
/// kernel, never through this process. Only bytes that stand in the image as they are: computed ones are always written.
/// </summary>
internal sealed class KernelCopy
{
    /// <summary>Between two looks at whether the person wants to stop.</summary>
    private const long Piece = 64 << 20;

    private readonly ulong device;
    private readonly long blockSize;
    private readonly Tally tally;
    private readonly CancellationToken cancelled;
    private readonly HashSet<FileSource> near = [];
    private volatile bool clones = true, copies = true;

    public KernelCopy(DirectoryHandle destination, IEnumerable<FileSystem> fileSystems, Tally tally, CancellationToken cancelled)
    {
        this.tally = tally;
        this.cancelled = cancelled;
        if (destination.Status(out FileStatus status) != Errno.None)
            return;
        device = status.Device;
        blockSize = destination.Space().BlockSize;
        // A source that is missed is only read.
        foreach (FileSystem fileSystem in fileSystems)
            foreach (Extent extent in ExtentSamples.Of(fileSystem.Device))
                if (extent is { Kind: ExtentKind.Data, Source: { IsBlockDevice: false } source } && FileHandle.DeviceOf(source.Handle) == device)
                    near.Add(source);
    }

    public bool IsPossible => near.Count > 0 && (clones || copies);

    /// <summary>Copies as many bytes from the start of an extent as the kernel can; how many that were.</summary>
    public long Copy(in Extent from, FileHandle file, long offset)
    {
        if (from.Kind != ExtentKind.Data || from.Source is null || !near.Contains(from.Source))
            return 0;
        long done = 0;
        if (clones && from.SourceOffset % blockSize == 0 && offset % blockSize == 0 && from.Length >= blockSize)
        {
            long length = from.Length / blockSize * blockSize;
            if (file.Clone(from.Source.Handle, from.SourceOffset, length, offset) == Errno.None)
                done = length;
            else
                clones = false;
        }
        while (!clones && copies && done < from.Length && !cancelled.IsCancellationRequested)
        {
            Errno error = file.CopyRange(from.Source.Handle, from.SourceOffset + done, Math.Min(Piece, from.Length - done), offset + done, out long copied);
            if (error is Errno.CrossDevice or Errno.NotImplemented or Errno.NotSupported or Errno.Invalid)
                copies = false;
            // Any other failure (a bad sector, a full disk) shows again, and is dealt with, when those bytes are read and written.
            if (error != Errno.None || copied == 0)
                break;
            done += copied;
        }
        Interlocked.Add(ref tally.KernelBytes, done);
        return done;
    }
}
