using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Extraction;

/// <summary>A filesystem that holds whatever a test says, also what no real one would let be made.</summary>
internal sealed class ScriptedFileSystem : FileSystem
{
    private readonly Dictionary<ulong, (ScriptedNode Node, List<DirectoryEntry> Entries, byte[] Content)> inodes = [];

    private readonly Dictionary<ulong, FileExtent[]> places = [];

    public ScriptedFileSystem(BlockDevice? device = null)
    {
        Device = device ?? new MemoryDevice([]);
        Make(2, FileType.Directory);
    }

    public override string Format => "scripted";

    public override BlockDevice Device { get; }

    public override ulong RootInode => 2;

    public override FileSystemSummary Summary { get; } = new()
    {
        BlockSize = 4096,
        Size = 1 << 20,
        Capacity = 1 << 20,
        Free = 1 << 19,
        Available = 1 << 19,
        Inodes = 100,
        FreeInodes = 50,
        State = "clean",
        Opened = "clean",
    };

    public string? Refusal { get; set; }

    public ScriptedFileSystem Make(ulong inode, FileType type, string content = "", long links = 1, long? size = null)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(content);
        inodes[inode] = (new ScriptedNode
        {
            Inode = inode,
            Type = type,
            Permissions = 0x1ED,
            Uid = (uint)Environment.ProcessId,
            Gid = 0,
            Size = size ?? bytes.Length,
            Allocated = size ?? 4096,
            Links = links,
            Accessed = new(1, 1),
            Modified = new(2, 2),
            Changed = new(3, 3),
        }, [], bytes);
        return this;
    }

    /// <summary>A regular file in the root directory, whose content lies in these extents of the device.</summary>
    public ScriptedFileSystem Place(ulong inode, string name, params FileExtent[] extents)
    {
        Make(inode, FileType.Regular, size: extents[^1].Offset + extents[^1].Length);
        places[inode] = extents;
        return Name(2, name, inode);
    }

    public ScriptedFileSystem Name(ulong directory, string name, ulong inode, FileType hint = FileType.Unknown)
    {
        inodes[directory].Entries.Add(new(ByteString.FromText(name), inode, hint));
        return this;
    }

    public override Node GetNode(ulong inode, DamageSink damage) =>
        inodes.TryGetValue(inode, out var found) ? found.Node : throw new NotFoundException($"inode {inode} is not in use");

    public override IEnumerable<DirectoryEntry> List(Node directory, DamageSink damage) => inodes[directory.Inode].Entries;

    public override DirectoryEntry? Lookup(Node directory, ByteString name, DamageSink damage)
    {
        foreach (DirectoryEntry entry in inodes[directory.Inode].Entries)
            if (entry.Name == name)
                return entry;
        return null;
    }

    public override IEnumerable<FileExtent> Extents(Node file, long offset, DamageSink damage) =>
        Refusal is not null ? throw new UnsupportedException(Refusal)
        : places.TryGetValue(file.Inode, out FileExtent[]? placed) ? placed
        : file.Size == 0 ? [] : [new(0, file.Size, FileExtentKind.Inline, Inline: inodes[file.Inode].Content)];

    public override ByteString ReadLink(Node link, DamageSink damage) => new(inodes[link.Inode].Content);

    public override IReadOnlyList<ExtendedAttribute> ExtendedAttributes(Node node, DamageSink damage) => [];

    private sealed class ScriptedNode : Node;
}
