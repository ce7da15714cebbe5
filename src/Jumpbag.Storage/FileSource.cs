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
    private const int NoSuchDeviceOrAddress = 6;

    // What Linux counts in: no error is nearer than a page of the cache, and no device has smaller sectors.
    private const int PageSize = 4096, SmallestSector = 512;

    private readonly SafeFileHandle handle;

    /// <summary>Reads around the bad sectors of a block device; an image file has none of its own.</summary>
    private readonly BadPages? badPages;

    private FileSource(string path, SafeFileHandle handle, long length, int sectorSize, bool isBlockDevice)
    {
        Path = path;
        this.handle = handle;
        Length = length;
        SectorSize = sectorSize;
        IsBlockDevice = isBlockDevice;
        // It opens the device later, when the process may work in another folder.
        badPages = isBlockDevice ? new(System.IO.Path.GetFullPath(path), length, sectorSize) : null;
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
        CheckType(path);
        SafeFileHandle handle = OpenReadOnly(path);
        try
        {
            bool isBlock = IsBlock(handle, out int sectorSize);
            long length = lseek(handle, 0, SeekEnd);
            if (length < 0)
                throw new FailedException($"{path}: its length cannot be had: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
            return new(path, handle, length, isBlock ? sectorSize : SmallestSector, isBlock);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>To open a pipe waits for its other end, and to open some character devices makes them act: the type comes first.</summary>
    private static void CheckType(string path)
    {
        string? wrong = TypeOf(path) switch
        {
            0x1000 => "a pipe",
            0x2000 => "a character device",
            0x4000 => "a directory",
            0xC000 => "a socket",
            _ => null,
        };
        if (wrong is not null)
            throw new FailedException($"{path}: is {wrong}, not an image or a block device",
                wrong == "a pipe" ? "an image that comes through a pipe must be written to a file first" : null);
    }

    /// <summary>S_IFMT of st_mode; 0 where there is nothing to ask, which opening then says better.</summary>
    private static int TypeOf(string path)
    {
        const int CurrentDirectory = -100, TypeRequested = 1, ModeOffset = 28;
        Span<byte> result = stackalloc byte[256];
        return statx(CurrentDirectory, Terminated(path), 0, TypeRequested, result) == 0
            ? BitConverter.ToUInt16(result[ModeOffset..]) & 0xF000
            : 0;
    }

    /// <summary>Not by <see cref="File"/>: that takes a lock, and fails where a running mkfs or udev holds one.</summary>
    private static SafeFileHandle OpenReadOnly(string path)
    {
        const int ReadOnlyCloseOnExec = 0x80000;
        int descriptor = open(Terminated(path), ReadOnlyCloseOnExec);
        if (descriptor >= 0)
            return new(descriptor, ownsHandle: true);
        int error = Marshal.GetLastPInvokeError();
        throw error switch
        {
            2 or 20 => new NotFoundException($"{path}: no such file"),
            1 or 13 => new FailedException($"{path}: permission denied",
                "block devices are readable by root and mostly by the group disk: try sudo, or be in that group"),
            _ => new FailedException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}"),
        };
    }

    /// <summary>The bytes of the path as the person typed it, UTF-8 or not, and a NUL.</summary>
    private static byte[] Terminated(string path) => [.. ByteString.FromArgument(path).Span, 0];

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw new UnreadableException(Math.Max(offset, Length), destination.Length, "beyond the end of the image");
        long at = offset;
        while (!destination.IsEmpty)
        {
            int count = badPages?.Read(at, destination) ?? 0;
            try
            {
                if (count == 0)
                    count = RandomAccess.Read(handle, destination, at);
            }
            catch (IOException e) when (badPages is not null)
            {
                count = badPages.Read(at, destination, e.Message);
            }
            catch (IOException e)
            {
                throw Pinpoint(at, destination, e.Message);
            }
            if (count == 0)
                throw new UnreadableException(at, destination.Length, "the image became shorter while it was read");
            at += count;
            destination = destination[count..];
        }
    }

    /// <summary>
    /// The kernel delivers what precedes a bad sector and then fails, so <paramref name="at"/> is where that is, or a page
    /// boundary before it; the next page that can be read is not far in most cases. Two more reads find both ends.
    /// </summary>
    private UnreadableException Pinpoint(long at, Span<byte> destination, string reason)
    {
        long end = at + destination.Length, pageEnd = Math.Min(end, (at / PageSize + 1) * PageSize);
        int inPage = (int)(pageEnd - at);
        if (pageEnd < end && !CanRead(pageEnd, destination[inPage..Math.Min(destination.Length, inPage + PageSize)]))
            return new(at, end - at, reason);
        return new(at, inPage, reason);
    }

    private bool CanRead(long offset, Span<byte> destination)
    {
        try
        {
            return RandomAccess.Read(handle, destination, offset) > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length)
    {
        long end = Math.Min(offset + length, Length), at = offset;
        while (at < end)
        {
            long data = IsBlockDevice ? at : lseek(handle, at, SeekData);
            // ENXIO: only a hole is left, or the image has become shorter. Any other refusal means that this filesystem
            // knows no holes: all is data, and reading says what is not there.
            if (data < 0)
                data = Marshal.GetLastPInvokeError() == NoSuchDeviceOrAddress && lseek(handle, 0, SeekEnd) >= end ? end : at;
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

    public void Dispose()
    {
        handle.Dispose();
        badPages?.Dispose();
    }

    /// <summary>BLKSSZGET: the logical sector size, or false where this is no block device.</summary>
    private static bool IsBlock(SafeFileHandle handle, out int sectorSize)
    {
        sectorSize = SmallestSector;
        return ioctl(handle, 0x1268, ref sectorSize) == 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial long lseek(SafeFileHandle fd, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(byte[] path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int statx(int directory, byte[] path, int flags, uint mask, Span<byte> result);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, ref int value);
}
