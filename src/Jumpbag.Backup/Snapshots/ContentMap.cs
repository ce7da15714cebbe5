using Jumpbag.Backup.Repository;
using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Snapshots;

/// <summary>Where the bytes of a file lie: in which of its blobs. A blob that is lost leaves a gap, and what stands behind it keeps its place.</summary>
internal sealed class ContentMap
{
    private readonly BlobSource repository;
    private readonly BlobCache cache;
    private readonly StorageId[] blobs;
    private readonly long size;

    /// <summary>Where each blob begins, and where the last one ends.</summary>
    private readonly long[] starts;

    /// <summary>From the first blob that is in no pack to behind the last such: where in there one ends and the next begins cannot be known.</summary>
    private readonly int lost = -1, afterLost = -1;

    public ContentMap(BlobSource repository, BlobCache cache, SnapshotNode file)
    {
        (this.repository, this.cache, blobs, size) = (repository, cache, file.Content, file.Size);
        starts = new long[blobs.Length + 1];
        for (int i = 0; i < blobs.Length; i++)
        {
            long? length = repository.LengthOf(BlobType.Data, blobs[i]);
            starts[i + 1] = starts[i] + (length ?? 0);
            if (length is null)
                (lost, afterLost) = (lost < 0 ? i : lost, i + 1);
        }
        if (lost < 0)
            return;
        // Those behind lost ones have their places from the end back.
        starts[^1] = size;
        for (int i = blobs.Length - 1; i >= afterLost; i--)
            starts[i] = Math.Max(starts[lost], starts[i + 1] - repository.LengthOf(BlobType.Data, blobs[i])!.Value);
        for (int i = lost + 1; i < afterLost; i++)
            starts[i] = starts[lost];
    }

    /// <summary>From a place to the end, each blob read when it is asked for.</summary>
    public IEnumerable<FileExtent> Extents(long offset)
    {
        int first = Array.BinarySearch(starts, offset);
        for (int i = Math.Max(0, first < 0 ? ~first - 1 : first); i < blobs.Length; i++)
        {
            bool isLost = i >= lost && i < afterLost;
            long start = starts[i], end = Math.Min(starts[isLost ? afterLost : i + 1], size);
            i = isLost ? afterLost - 1 : i;
            if (end <= offset || end <= start)
                continue;
            long from = Math.Max(start, offset);
            if (isLost)
            {
                yield return Gap(from, end, "its blobs are in no pack of the repository");
                continue;
            }
            BlobContent? content = TryRead(blobs[i], end - start, out string? reason);
            if (content is null)
            {
                yield return Gap(from, end, reason!);
                continue;
            }
            bool isPassed = false;
            try
            {
                ReadOnlyMemory<byte> wanted = content.Memory[(int)(from - start)..(int)(end - start)];
                yield return wanted.Span.IndexOfAnyExcept((byte)0) < 0 ? new(from, end - from, FileExtentKind.Hole) : new(from, end - from, FileExtentKind.Inline, Inline: wanted);
                isPassed = true;
            }
            finally
            {
                cache.Add(blobs[i], content, isPassed);
                content.Dispose();
            }
        }
        if (Math.Max(starts[^1], offset) is var known && known < size)
            yield return Gap(known, size, "the repository holds less of the file than its size");
    }

    private BlobContent? TryRead(StorageId id, long length, out string? reason)
    {
        reason = null;
        try
        {
            BlobContent content = cache.TryGet(id) ?? repository.Blob(BlobType.Data, id);
            if (content.Length >= length)
                return content;
            content.Dispose();
            reason = $"blob {id.Short} is shorter than the index says";
        }
        catch (JumpbagException e)
        {
            reason = e.Message;
        }
        return null;
    }

    private static FileExtent Gap(long from, long end, string reason) => new(from, end - from, FileExtentKind.Unreadable, Reason: reason);
}
