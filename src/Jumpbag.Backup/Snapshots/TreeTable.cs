using Jumpbag.Backup.Repository;
using Jumpbag.Core;

namespace Jumpbag.Backup.Snapshots;

/// <summary>
/// Numbers for the files of a snapshot, which has none of its own: that of its directory, and its place in it. So a file is found again
/// by its number though only the directories that were met are remembered.
/// </summary>
internal sealed class TreeTable(BlobSource repository)
{
    public const ulong Root = 1;

    private const int PlaceBits = 28;

    /// <summary>Files of the directories that were used last.</summary>
    private const int MostNodes = 60_000;

    private readonly List<StorageId> directories = [];
    private readonly Dictionary<ulong, int> numbers = [];
    private readonly Dictionary<(ulong Device, ulong Inode), ulong> linked = [];
    private readonly Dictionary<int, LinkedListNode<(int Number, SnapshotNode[] Nodes)>> known = [];
    private readonly LinkedList<(int Number, SnapshotNode[] Nodes)> lastUsed = new();
    private readonly Lock gate = new();
    private int nodesKnown;

    /// <summary>The entries of a directory, in the order of their names.</summary>
    /// <exception cref="CorruptException">The tree cannot be had.</exception>
    public SnapshotNode[] Entries(SnapshotNode directory)
    {
        StorageId tree = directory.Subtree ?? throw new CorruptException("the directory has no tree");
        int number;
        lock (gate)
        {
            if (!numbers.TryGetValue(directory.Inode, out number))
            {
                directories.Add(tree);
                numbers.Add(directory.Inode, number = directories.Count);
            }
        }
        return Load(number, tree);
    }

    /// <exception cref="NotFoundException">There is no such number.</exception>
    public SnapshotNode Get(ulong inode)
    {
        ulong number = inode >> PlaceBits;
        int place = (int)(inode & ((1UL << PlaceBits) - 1)) - 1;
        StorageId? tree;
        lock (gate)
            tree = number > 0 && number <= (ulong)directories.Count ? directories[(int)number - 1] : null;
        SnapshotNode[] nodes = tree is { } id ? Load((int)number, id) : [];
        // In a tree whose entries had to be put in order it has another place by now.
        return (place >= 0 && place < nodes.Length && nodes[place].Inode == inode ? nodes[place] : Array.Find(nodes, node => node.Inode == inode))
            ?? throw new NotFoundException($"there is no file {inode}");
    }

    private SnapshotNode[] Load(int number, StorageId tree)
    {
        lock (gate)
        {
            if (known.TryGetValue(number, out LinkedListNode<(int Number, SnapshotNode[] Nodes)>? node))
            {
                lastUsed.Remove(node);
                lastUsed.AddFirst(node);
                return node.Value.Nodes;
            }
        }
        SnapshotNode[] nodes = TreeParser.Read(repository, tree, (place, original) => NumberOf(number, place, original));
        // restic writes them in this order; what is looked up by name relies on it.
        Array.Sort(nodes, static (a, b) => a.Name.CompareTo(b.Name));
        lock (gate)
            Remember(number, nodes);
        return nodes;
    }

    private void Remember(int number, SnapshotNode[] nodes)
    {
        if (known.ContainsKey(number))
            return;
        known.Add(number, lastUsed.AddFirst((number, nodes)));
        nodesKnown += nodes.Length + 1;
        while (nodesKnown > MostNodes && lastUsed.Count > 1)
        {
            (int old, SnapshotNode[] dropped) = lastUsed.Last!.Value;
            lastUsed.RemoveLast();
            known.Remove(old);
            nodesKnown -= dropped.Length + 1;
        }
    }

    private ulong NumberOf(int directory, int place, (ulong Device, ulong Inode)? original)
    {
        ulong number = ((ulong)directory << PlaceBits) | (uint)(place + 1);
        if (original is not { } file)
            return number;
        lock (gate)
        {
            if (linked.TryGetValue(file, out ulong first))
                return first;
            linked.Add(file, number);
            return number;
        }
    }
}
