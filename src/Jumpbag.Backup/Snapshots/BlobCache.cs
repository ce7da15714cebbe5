using Jumpbag.Backup.Repository;

namespace Jumpbag.Backup.Snapshots;

/// <summary>
/// The blobs of files that were read last. Those that somebody stopped in are gone on with: who reads a file piece by piece does not open its blob for each
/// piece. Of those that were read to their end only a few are kept, for who goes through a file twice.
/// </summary>
internal sealed class BlobCache
{
    private readonly Shelf begun = new(32 << 20, int.MaxValue), passed = new(8 << 20, 8);
    private readonly Lock gate = new();

    /// <summary>Null where it is not kept.</summary>
    public BlobContent? TryGet(StorageId id)
    {
        lock (gate)
            return begun.TryGet(id) ?? passed.TryGet(id);
    }

    /// <param name="isPassed">It was read to its end.</param>
    public void Add(StorageId id, BlobContent content, bool isPassed)
    {
        lock (gate)
            (isPassed ? passed : begun).Add(id, content);
    }

    private sealed class Shelf(long mostBytes, int most)
    {
        private readonly Dictionary<StorageId, LinkedListNode<(StorageId Id, BlobContent Content)>> known = [];
        private readonly LinkedList<(StorageId Id, BlobContent Content)> lastUsed = new();
        private long bytes;

        public BlobContent? TryGet(StorageId id)
        {
            if (!known.TryGetValue(id, out LinkedListNode<(StorageId Id, BlobContent Content)>? node))
                return null;
            lastUsed.Remove(node);
            lastUsed.AddFirst(node);
            return node.Value.Content.Share();
        }

        public void Add(StorageId id, BlobContent content)
        {
            if (content.Length > mostBytes || known.ContainsKey(id))
                return;
            known.Add(id, lastUsed.AddFirst((id, content.Share())));
            bytes += content.Length;
            while (bytes > mostBytes || known.Count > most)
            {
                (StorageId old, BlobContent dropped) = lastUsed.Last!.Value;
                lastUsed.RemoveLast();
                known.Remove(old);
                bytes -= dropped.Length;
                dropped.Dispose();
            }
        }
    }
}
