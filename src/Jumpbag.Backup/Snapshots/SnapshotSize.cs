using Jumpbag.Backup.Repository;
using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Snapshots;

/// <summary>How large a snapshot is.</summary>
/// <param name="Bytes">Of all regular files, each name counted.</param>
/// <param name="Stored">What must cross to bring it back: its blobs, each once, as they are stored.</param>
public sealed record SnapshotSize(long Files, long Bytes, long Stored)
{
    /// <summary>Walks through all trees: a second for some hundred thousand files.</summary>
    /// <exception cref="JumpbagException">A tree cannot be had.</exception>
    public static SnapshotSize Of(BackupRepository repository, StorageId tree, CancellationToken cancelled)
    {
        long files = 0, bytes = 0, stored = 0;
        var trees = new Dictionary<StorageId, (long Files, long Bytes)>();
        var blobs = new HashSet<StorageId>();
        (files, bytes) = Walk(tree, 0);
        return new(files, bytes, stored);

        (long Files, long Bytes) Walk(StorageId id, int depth)
        {
            cancelled.ThrowIfCancellationRequested();
            // A folder that is the same in two places is one tree, and counts twice.
            if (trees.TryGetValue(id, out (long Files, long Bytes) known))
                return known;
            if (depth > 4096)
                throw new CorruptException($"tree {id.Short}: folders are nested too deeply");
            stored += repository.StoredLength(BlobType.Tree, id) ?? 0;
            long filesHere = 0, bytesHere = 0;
            foreach (SnapshotNode node in TreeParser.Read(repository, id, (place, _) => (ulong)place))
            {
                filesHere++;
                if (node.Type == FileType.Regular)
                    bytesHere += node.Size;
                foreach (StorageId blob in node.Content)
                    if (blobs.Add(blob))
                        stored += repository.StoredLength(BlobType.Data, blob) ?? 0;
                if (node.Subtree is { } subtree)
                {
                    (long more, long moreBytes) = Walk(subtree, depth + 1);
                    (filesHere, bytesHere) = (filesHere + more, bytesHere + moreBytes);
                }
            }
            trees[id] = (filesHere, bytesHere);
            return (filesHere, bytesHere);
        }
    }
}
