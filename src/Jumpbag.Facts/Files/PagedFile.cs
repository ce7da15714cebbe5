namespace Jumpbag.Facts.Files;

/// <summary>A large file that is read here and there, with a few megabytes of it held.</summary>
/// <param name="size">Of the file, in bytes.</param>
public sealed class PagedFile(IFiles files, string path, long size)
{
    private const int PageSize = 16 << 10, Slots = 256;

    private readonly (long Number, byte[] Bytes)[] pages = new (long, byte[])[Slots];

    public long Size => size;

    /// <summary>Where bytes lie behind the end or cannot be read, zeros come.</summary>
    public void Read(long offset, Span<byte> into)
    {
        while (!into.IsEmpty)
        {
            byte[] page = Page(offset / PageSize);
            int within = (int)(offset % PageSize), count = Math.Min(into.Length, PageSize - within);
            page.AsSpan(within, count).CopyTo(into);
            into = into[count..];
            offset += count;
        }
    }

    private byte[] Page(long number)
    {
        ref (long Number, byte[] Bytes) slot = ref pages[number % Slots];
        if (slot.Bytes is null || slot.Number != number)
        {
            var bytes = new byte[PageSize];
            if (number * PageSize < size)
                files.ReadAt(path, number * PageSize, bytes.AsSpan(0, (int)Math.Min(PageSize, size - number * PageSize)));
            slot = (number, bytes);
        }
        return slot.Bytes;
    }
}
