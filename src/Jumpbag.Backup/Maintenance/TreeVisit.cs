using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Core;

namespace Jumpbag.Backup.Maintenance;

/// <summary>A walk through the trees of snapshots, each tree once however many snapshots have it.</summary>
internal sealed class TreeVisit(BlobSource source, CancellationToken stop)
{
    private readonly HashSet<StorageId> seen = [];

    /// <summary>A tree that can be had.</summary>
    public required Action<StorageId> Tree { get; init; }

    /// <summary>An entry, with its path in the snapshot where it is met first.</summary>
    public required Action<ByteString, SnapshotNode> Entry { get; init; }

    /// <summary>A tree that cannot: everything below that path.</summary>
    public required Action<ByteString, StorageId, JumpbagException> Lost { get; init; }

    public void Run(StorageId root)
    {
        var waiting = new Stack<(StorageId Id, ByteString Path)>();
        waiting.Push((root, ByteString.FromText("/")));
        while (waiting.TryPop(out (StorageId Id, ByteString Path) next))
        {
            stop.ThrowIfCancellationRequested();
            if (!seen.Add(next.Id))
                continue;
            SnapshotNode[] nodes;
            try
            {
                nodes = TreeParser.Read(source, next.Id, (place, _) => (ulong)place);
            }
            catch (JumpbagException e)
            {
                Lost(next.Path, next.Id, e);
                continue;
            }
            Tree(next.Id);
            foreach (SnapshotNode node in nodes)
            {
                ByteString path = next.Path.Join(node.Name);
                Entry(path, node);
                if (node.Subtree is { } subtree)
                    waiting.Push((subtree, path));
            }
        }
    }
}
