using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.Host;

namespace Jumpbag.Backup.Sources;

/// <summary>A folder of a filesystem that Jumpbag reads itself.</summary>
/// <param name="damaged">Told of damage that was worked around, by path.</param>
internal sealed class DiskFolder(FileTree tree, TreeNode folder, ByteString path, Action<ByteString, string> damaged) : SourceFolder
{
    private readonly Dictionary<ByteString, DirectoryEntry> entries = [];

    public override ByteString Path => path;

    public override string? ReadNames(List<ByteString> names) => Try(() =>
    {
        foreach (DirectoryEntry entry in tree.List(folder, Damaged))
            if (entries.TryAdd(entry.Name, entry))
                names.Add(entry.Name);
    });

    public override string? Look(ByteString name, out SourceFile file)
    {
        SourceFile found = default;
        string? reason = Try(() => found = Describe(Open(name)));
        file = found;
        return reason;
    }

    public override string? Complete(ByteString name, ref SourceFile file, Action<string> unread)
    {
        SourceFile completed = file;
        string? reason = Try(() =>
        {
            TreeNode node = Open(name);
            completed = completed.Type == FileType.SymbolicLink ? completed with { Target = node.FileSystem.ReadLink(node.Node, DamagedIn(name)) }
                : completed with { Xattrs = node.FileSystem.ExtendedAttributes(node.Node, DamagedIn(name)) };
        });
        file = completed;
        return reason;
    }

    public override string? OpenFolder(ByteString name, out SourceFolder? opened)
    {
        SourceFolder? inner = null;
        string? reason = Try(() => inner = new DiskFolder(tree, Open(name), path.Join(name), damaged));
        opened = inner;
        return reason;
    }

    public override string? OpenFile(ByteString name, out SourceContent? content)
    {
        SourceContent? opened = null;
        string? reason = Try(() => opened = new DiskContent(this, Open(name), DamagedIn(name)));
        content = opened;
        return reason;
    }

    protected override void Close()
    {
    }

    private TreeNode Open(ByteString name) => tree.Open(folder, entries[name], DamagedIn(name));

    private void Damaged(Damage damage) => damaged(path, damage.ToString());

    private DamageSink DamagedIn(ByteString name) => damage => damaged(path.Join(name), damage.ToString());

    private static string? Try(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (JumpbagException e)
        {
            return e.Message;
        }
    }

    /// <summary>The filesystems of one tree are told apart by their places in it: inode numbers of two are not those of one file.</summary>
    private ulong DeviceOf(FileSystem fileSystem)
    {
        for (int i = 0; i < tree.Mounts.Count; i++)
            if (tree.Mounts[i].FileSystem == fileSystem)
                return (ulong)i + 2;
        return 1;
    }

    private SourceFile Describe(in TreeNode found)
    {
        Node node = found.Node;
        return new()
        {
            Type = node.Type,
            Permissions = node.Permissions,
            Uid = node.Uid,
            Gid = node.Gid,
            Inode = node.Inode,
            Device = DeviceOf(found.FileSystem),
            Size = node.Size,
            Links = node.Links,
            Modified = node.Modified,
            Changed = node.Changed,
            DeviceNumber = FileStatus.DeviceNumberOf(node.DeviceMajor, node.DeviceMinor),
            Xattrs = [],
        };
    }

    private sealed class DiskContent(DiskFolder folder, TreeNode file, DamageSink damage) : SourceContent
    {
        public override string? Status(out SourceFile description, Action<string> unread)
        {
            SourceFile described = folder.Describe(file);
            string? reason = Try(() => described = described with { Xattrs = file.FileSystem.ExtendedAttributes(file.Node, damage) });
            description = described;
            return reason;
        }

        public override string? Read(Span<byte> destination, long offset, out int count)
        {
            count = (int)Math.Min(destination.Length, file.Node.Size - offset);
            try
            {
                file.FileSystem.Read(file.Node, offset, destination[..count], damage);
                return null;
            }
            catch (JumpbagException e)
            {
                return e.Message;
            }
        }

        public override void Dispose()
        {
        }
    }
}
