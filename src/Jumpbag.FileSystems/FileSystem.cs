using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems;

/// <summary>
/// A filesystem, opened for reading. Damage that can be worked around goes to the <see cref="DamageSink"/> of the call and
/// the rest is delivered; what makes the call's own result impossible is thrown.
/// Implementations may be used from several threads at once.
/// </summary>
public abstract class FileSystem
{
    /// <summary>In blkid's spelling: "ext4".</summary>
    public abstract string Format { get; }

    /// <summary>Where <see cref="FileExtent.DeviceOffset"/> points: the device with its replayed journal over it.</summary>
    public abstract BlockDevice Device { get; }

    public abstract FileSystemSummary Summary { get; }

    /// <summary>The directory "/".</summary>
    public abstract ulong RootInode { get; }

    /// <exception cref="NotFoundException">There is no such inode, or it is not in use.</exception>
    /// <exception cref="CorruptException">It cannot be made out.</exception>
    /// <exception cref="UnreadableException">The inode table cannot be read there.</exception>
    public abstract Node GetNode(ulong inode, DamageSink damage);

    /// <summary>
    /// The entries of a directory in the order they stand on the disk, without "." and "..". A directory block that cannot
    /// be used is reported and skipped.
    /// </summary>
    public abstract IEnumerable<DirectoryEntry> List(Node directory, DamageSink damage);

    /// <summary>The entry with exactly these bytes as its name (or, in a case-folding directory, the one equal to it), or null.</summary>
    public abstract DirectoryEntry? Lookup(Node directory, ByteString name, DamageSink damage);

    /// <summary>
    /// What stands behind the content from <paramref name="offset"/> (at most the size) to its end: consecutive extents that
    /// cover it exactly, in ascending order, found as they are asked for. Computed bytes are there until the next is asked for.
    /// </summary>
    /// <exception cref="UnsupportedException">The content cannot be made sense of (encrypted).</exception>
    public abstract IEnumerable<FileExtent> Extents(Node file, long offset, DamageSink damage);

    /// <exception cref="UnsupportedException">The target is encrypted.</exception>
    public abstract ByteString ReadLink(Node link, DamageSink damage);

    public abstract IReadOnlyList<ExtendedAttribute> ExtendedAttributes(Node node, DamageSink damage);

    /// <summary>Fills <paramref name="destination"/> with the content from <paramref name="offset"/> on; all of it must lie within the size.</summary>
    /// <exception cref="UnreadableException">At least one byte cannot be had; the range is in bytes of the file.</exception>
    public void Read(Node file, long offset, Span<byte> destination, DamageSink damage)
    {
        if (offset < 0 || offset > file.Size - destination.Length)
            throw new UnreadableException(offset, destination.Length, "beyond the end of the file");
        if (destination.IsEmpty)
            return;
        long end = offset + destination.Length;
        foreach (FileExtent extent in Extents(file, offset, damage))
        {
            long from = Math.Max(extent.Offset, offset), to = Math.Min(extent.Offset + extent.Length, end);
            Read(extent, from, destination[(int)(from - offset)..(int)(to - offset)]);
            // To ask for one more may be a megabyte to fetch and decompress.
            if (to == end)
                break;
        }
    }

    /// <summary>Reads within one extent: <paramref name="offset"/> is in bytes of the file.</summary>
    /// <exception cref="UnreadableException">At least one byte cannot be had; the range is in bytes of the file.</exception>
    public void Read(in FileExtent extent, long offset, Span<byte> destination)
    {
        switch (extent.Kind)
        {
            case FileExtentKind.Data:
                long shift = extent.DeviceOffset - extent.Offset;
                try
                {
                    Device.Read(offset + shift, destination);
                }
                catch (UnreadableException e)
                {
                    throw new UnreadableException(e.Offset - shift, e.Length, e.Reason);
                }
                break;
            case FileExtentKind.Inline:
                extent.Inline.Span.Slice((int)(offset - extent.Offset), destination.Length).CopyTo(destination);
                break;
            case FileExtentKind.Unreadable:
                throw new UnreadableException(offset, destination.Length, extent.Reason ?? "cannot be located");
            default:
                destination.Clear();
                break;
        }
    }
}

/// <summary>What a filesystem says of itself. Sizes are in bytes.</summary>
public sealed record FileSystemSummary
{
    public string? Label { get; init; }

    public string? Uuid { get; init; }

    public required int BlockSize { get; init; }

    /// <summary>Of the whole filesystem, as it claims.</summary>
    public required long Size { get; init; }

    /// <summary>As df(1) counts it: without the filesystem's own structures.</summary>
    public required long Capacity { get; init; }

    public required long Free { get; init; }

    /// <summary>Free for those who aren't root.</summary>
    public required long Available { get; init; }

    /// <summary>As df(1) shows it: of what those who aren't root can have, rounded up; null where they can have nothing.</summary>
    public long? UsedPercent => ByteSize.Percent(Capacity - Free, Capacity - Free + Available);

    public required long Inodes { get; init; }

    public required long FreeInodes { get; init; }

    /// <summary>"clean", "dirty" (its journal holds what was not written back), "errors", or several with commas.</summary>
    public required string State { get; init; }

    /// <summary>How it was opened, in one line: "clean", "journal replayed: 3 transactions, 41 blocks", "journal not replayed: …".</summary>
    public required string Opened { get; init; }

    /// <summary>Whether anything had to be worked around to open it (a backup superblock, a bad descriptor); each in one line.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
