using System.Runtime.InteropServices;
using Jumpbag.Core;
using Microsoft.Win32.SafeHandles;

namespace Jumpbag.Storage;

/// <summary>
/// Gets at the good sectors of a block device that share a page of the kernel's cache with a bad one: the cache has whole
/// pages or nothing, so that these are read past it. The last such page is kept: however many small reads go there, the
/// disk, which may take seconds to give up a sector, is asked once for each.
/// </summary>
internal sealed partial class BadPages(string path, long deviceLength, int sectorSize) : IDisposable
{
    private const int PageSize = 4096;
    private const int ReadOnlyDirectCloseOnExec = 0x84000;

    private readonly Lock gate = new();
    private SafeFileHandle? direct;
    private volatile Page? last;

    /// <summary>What could be had of one page; of each sector why it could not, or null.</summary>
    private sealed record Page(long Start, Memory<byte> Bytes, string?[] Failures);

    /// <summary>What is known of the page at <paramref name="offset"/>: the number of good bytes copied, 0 where nothing is.</summary>
    /// <exception cref="UnreadableException">The first sector is known to be bad.</exception>
    public int Read(long offset, Span<byte> destination) =>
        last is { } page && offset >= page.Start && offset < page.Start + page.Bytes.Length ? Copy(page, offset, destination) : 0;

    /// <summary>After the cache failed at <paramref name="offset"/>: the number of good bytes copied, of that page.</summary>
    /// <exception cref="UnreadableException">The first sector is bad.</exception>
    public int Read(long offset, Span<byte> destination, string reason)
    {
        lock (gate)
        {
            // Another thread may have been there.
            if (Read(offset, destination) is > 0 and int known)
                return known;
            Page page = ReadPage(offset / PageSize * PageSize, reason);
            last = page;
            return Copy(page, offset, destination);
        }
    }

    private int Copy(Page page, long offset, Span<byte> destination)
    {
        int from = (int)(offset - page.Start), to = from;
        for (int sector = from / sectorSize; sector < page.Failures.Length && to < from + destination.Length; sector++)
        {
            if (page.Failures[sector] is { } reason && to == from)
                throw new UnreadableException(offset, Math.Min(destination.Length, (sector + 1) * sectorSize - from), reason);
            if (page.Failures[sector] is not null)
                break;
            to = Math.Min(from + destination.Length, (sector + 1) * sectorSize);
        }
        page.Bytes.Span[from..to].CopyTo(destination);
        return to - from;
    }

    private Page ReadPage(long start, string reason)
    {
        int length = (int)Math.Min(Math.Max(PageSize, sectorSize), deviceLength - start);
        // The kernel wants the memory aligned as the sectors are.
        var room = GC.AllocateArray<byte>(length + PageSize, pinned: true);
        int aligned = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(room, 0) & (PageSize - 1));
        var page = new Page(start, room.AsMemory(aligned, length), new string?[(length + sectorSize - 1) / sectorSize]);
        Array.Fill(page.Failures, reason);
        direct ??= Open();
        for (int sector = 0; !direct.IsInvalid && sector < page.Failures.Length; sector++)
            page.Failures[sector] = TryRead(start + (long)sector * sectorSize, page.Bytes.Span.Slice(sector * sectorSize, sectorSize));
        return page;
    }

    private string? TryRead(long offset, Span<byte> sector)
    {
        try
        {
            return RandomAccess.Read(direct!, sector, offset) == sector.Length ? null : "the device became shorter while it was read";
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    /// <summary>Invalid where the device cannot be read like that; the whole page is then given up.</summary>
    private SafeFileHandle Open() => new(open([.. ByteString.FromArgument(path).Span, 0], ReadOnlyDirectCloseOnExec), ownsHandle: true);

    public void Dispose() => direct?.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(byte[] path, int flags);
}
