using Jumpbag.Backup.Repository;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.Storage;

namespace Jumpbag.Backup.Snapshots;

/// <summary>A snapshot of a repository as a filesystem: all that reads images reads backups too.</summary>
public sealed class SnapshotFileSystem : FileSystem
{
    private readonly BlobSource repository;
    private readonly SnapshotInfo snapshot;
    private readonly BlobCache cache = new();
    private readonly TreeTable trees;
    private readonly NoDevice device = new();
    private readonly SnapshotNode root;

    public SnapshotFileSystem(BlobSource repository, SnapshotInfo snapshot)
    {
        (this.repository, this.snapshot) = (repository, snapshot);
        trees = new(repository);
        DateTimeOffset time = snapshot.Time.ToUniversalTime();
        var taken = new Timestamp(time.ToUnixTimeSeconds(), (int)(time.Ticks % TimeSpan.TicksPerSecond) * 100);
        root = new()
        {
            Name = default,
            Inode = TreeTable.Root,
            Type = FileType.Directory,
            Permissions = 0x1ED,
            Uid = 0,
            Gid = 0,
            Size = 0,
            Allocated = 0,
            Links = 1,
            Accessed = taken,
            Modified = taken,
            Changed = taken,
            Subtree = snapshot.Tree,
        };
    }

    public override string Format => "restic";

    public override BlockDevice Device => device;

    public override FileSystemSummary Summary => new()
    {
        Label = snapshot.Host,
        Uuid = snapshot.Id.ToString(),
        BlockSize = 4096,
        // How much is in it shows only when it is walked through.
        Size = 0,
        Capacity = 0,
        Free = 0,
        Available = 0,
        Inodes = 0,
        FreeInodes = 0,
        State = "clean",
        Opened = $"snapshot {snapshot}",
    };

    public override ulong RootInode => TreeTable.Root;

    public override Node GetNode(ulong inode, DamageSink damage) => inode == TreeTable.Root ? root : trees.Get(inode);

    public override IEnumerable<DirectoryEntry> List(Node directory, DamageSink damage) =>
        trees.Entries((SnapshotNode)directory).Select(node => new DirectoryEntry(node.Name, node.Inode, node.Type));

    public override DirectoryEntry? Lookup(Node directory, ByteString name, DamageSink damage)
    {
        SnapshotNode[] nodes = trees.Entries((SnapshotNode)directory);
        int low = 0, high = nodes.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2, order = nodes[middle].Name.CompareTo(name);
            if (order == 0)
                return new(name, nodes[middle].Inode, nodes[middle].Type);
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return null;
    }

    public override IEnumerable<FileExtent> Extents(Node file, long offset, DamageSink damage)
    {
        var node = (SnapshotNode)file;
        // That of a small file is made in no time.
        return (node.Content.Length <= 1 ? new(repository, cache, node) : node.Map ??= new(repository, cache, node)).Extents(offset);
    }

    public override ByteString ReadLink(Node link, DamageSink damage) => ((SnapshotNode)link).Target;

    public override IReadOnlyList<ExtendedAttribute> ExtendedAttributes(Node node, DamageSink damage) => ((SnapshotNode)node).Xattrs;
}
