using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Backup.Sources;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Archiving;

/// <summary>The same folder in the snapshot before: what is in it unchanged need not be read again. Asked for names in ascending order.</summary>
internal sealed class ParentTree
{
    private static readonly ParentTree Empty = new([]);

    private readonly SnapshotNode[] nodes;
    private int next;

    private ParentTree(SnapshotNode[] nodes) => this.nodes = nodes;

    /// <summary>A tree that cannot be read is done without: all below it is read again.</summary>
    public static ParentTree Of(StorageId? tree, BackupRepository repository, EventSink events)
    {
        if (tree is not { } id)
            return Empty;
        try
        {
            SnapshotNode[] nodes = TreeParser.Read(repository, id, (_, _) => 0);
            Array.Sort(nodes, static (a, b) => a.Name.CompareTo(b.Name));
            return new(nodes);
        }
        catch (JumpbagException e)
        {
            events(new Warning($"a folder of the snapshot before cannot be read, and what is in it is read again: {e.Message}", e.Hint));
            return Empty;
        }
    }

    public SnapshotNode? Find(ByteString name)
    {
        while (next < nodes.Length && nodes[next].Name < name)
            next++;
        return next < nodes.Length && nodes[next].Name == name ? nodes[next] : null;
    }

    /// <summary>Whether a file is as it was, by type, size, times and number, as restic judges it.</summary>
    public static bool IsUnchanged(SnapshotNode? node, in SourceFile file) =>
        node is { Type: FileType.Regular } && node.Size == file.Size && node.Modified == file.Modified && node.Changed == file.Changed && node.OriginalInode == file.Inode;
}
