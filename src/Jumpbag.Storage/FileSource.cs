using System.Runtime.InteropServices;
using Jumpbag.Core;
using Microsoft.Win32.SafeHandles;

namespace Jumpbag.Storage;

/// <summary>
/// An image file or a block device of this machine, opened read-only: the bottom of every stack. Holes are known through
/// <c>SEEK_HOLE</c> and <c>SEEK_DATA</c>.
/// </summary>
public sealed partial class FileSource : BlockDevice, IDisposable
{
    private const int SeekData = 3, SeekHole = 4, SeekEnd = 2;

    private readonly SafeFileHandle handle;

    private FileSource(string path, SafeFileHandle handle, long length, int sectorSize, bool isBlockDevice)
    {
        Path = path;
        this.handle = handle;
        Length = length;
        SectorSize = sectorSize;
        IsBlockDevice = isBlockDevice;
    }

    /// <summary>As the person named it.</summary>
    public string Path { get; }

    public override long Length { get; }

    public override int SectorSize { get; }

    public bool IsBlockDevice { get; }

    /// <summary>For a reflink or a copy within the kernel, and for nothing that writes: it is open read-only.</summary>
    public SafeFileHandle Handle => handle;

    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <exception cref="FailedException">It may not be read, or is not a regular file or block device.</exception>
    public static FileSource Open(string path)
    {
        SafeFileHandle handle = OpenReadOnly(path);
        try
        {
            bool isBlock = DeviceSectorSize(handle, out int sectorSize);
            long length = lseek(handle, 0, SeekEnd);
            if (length < 0)
                throw new FailedException($"{path}: neither a regular file nor a block device",
                    "an image that comes through a pipe must be written to a file first");
            return new(path, handle, length, isBlock ? sectorSize : 512, isBlock);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static SafeFileHandle OpenReadOnly(string path)
    {
        if (Directory.Exists(path))
            throw new FailedException($"{path}: is a directory, not an image or a block device");
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NotFoundException($"{path}: no such file");
        }
        catch (UnauthorizedAccessException)
        {
            throw new FailedException($"{path}: permission denied",
                "block devices are readable by root and mostly by the group disk: try sudo, or be in that group");
        }
        catch (IOException e)
        {
            throw new FailedException($"{path}: {e.Message}", null, e);
        }
    }

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw new UnreadableException(Math.Max(offset, Length), destination.Length, "beyond the end of the image");
        long at = offset;
        while (!destination.IsEmpty)
        {
            int count;
            try
            {
                count = RandomAccess.Read(handle, destination, at);
            }
            catch (IOException e)
            {
                throw new UnreadableException(at, destination.Length, e.Message);
            }
            if (count == 0)
                throw new UnreadableException(at, destination.Length, "the image became shorter while it was read");
            at += count;
            destination = destination[count..];
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length)
    {
        long end = Math.Min(offset + length, Length), at = offset;
        while (at < end)
        {
            long data = IsBlockDevice ? at : lseek(handle, at, SeekData);
            // ENXIO: only a hole is left. Any other refusal means that this filesystem knows no holes: all is data.
            if (data < 0)
                data = Marshal.GetLastPInvokeError() == 6 ? end : at;
            if (data > at)
            {
                long holeEnd = Math.Min(data, end);
                yield return new(at, holeEnd - at, ExtentKind.Hole);
                at = holeEnd;
                continue;
            }
            long hole = IsBlockDevice ? end : lseek(handle, at, SeekHole);
            long dataEnd = hole <= at ? end : Math.Min(hole, end);
            yield return new(at, dataEnd - at, ExtentKind.Data, this, at);
            at = dataEnd;
        }
        if (offset + length > Math.Max(end, offset))
            yield return new(Math.Max(end, offset), offset + length - Math.Max(end, offset), ExtentKind.Unreadable, Reason: "beyond the end of the image");
    }

    public void Dispose() => handle.Dispose();

    /// <summary>BLKSSZGET: the logical sector size, or false where this is no block device.</summary>
    private static bool DeviceSectorSize(SafeFileHandle handle, out int size)
    {
        size = 512;
        return ioctl(handle, 0x1268, ref size) == 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial long lseek(SafeFileHandle fd, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, ref int value);
}
