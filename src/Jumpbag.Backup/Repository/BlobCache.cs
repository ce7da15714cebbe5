using System.Diagnostics.CodeAnalysis;

namespace Jumpbag.Backup.Repository;

/// <summary>The blobs that were read last: who reads a file piece by piece does not open its blob for each piece.</summary>
internal sealed class BlobCache
{
    private const long MostBytes = 48 << 20;

    private readonly Dictionary<StorageId, LinkedListNode<(StorageId Id, byte[] Content)>> known = [];
    private readonly LinkedList<(StorageId Id, byte[] Content)> lastUsed = new();
    private readonly Lock gate = new();
    private long bytes;

    public bool TryGet(StorageId id, [NotNullWhen(true)] out byte[]? content)
    {
        lock (gate)
        {
            bool found = known.TryGetValue(id, out LinkedListNode<(StorageId Id, byte[] Content)>? node);
            content = node?.Value.Content;
            if (found)
            {
                lastUsed.Remove(node!);
                lastUsed.AddFirst(node!);
            }
            return found;
        }
    }

    public void Add(StorageId id, byte[] content)
    {
        if (content.Length > MostBytes / 4)
            return;
        lock (gate)
        {
            if (known.ContainsKey(id))
                return;
            known.Add(id, lastUsed.AddFirst((id, content)));
            bytes += content.Length;
            while (bytes > MostBytes)
            {
                (StorageId old, byte[] dropped) = lastUsed.Last!.Value;
                lastUsed.RemoveLast();
                known.Remove(old);
                bytes -= dropped.Length;
            }
        }
    }
}
