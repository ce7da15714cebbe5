using Jumpbag.Core;

namespace Jumpbag.FileSystems;

/// <summary>A file in a tree that may be joined from several filesystems.</summary>
public readonly record struct TreeNode(FileSystem FileSystem, Node Node);

/// <summary>
/// One tree of files: a root filesystem with others joined at directories of it, as mount(8) would. Paths are resolved as in
/// a chroot: absolute symbolic links start at this root, ".." never leaves it.
/// </summary>
public sealed class FileTree
{
    /// <summary>As many as the kernel follows.</summary>
    private const int MostLinks = 40;

    private readonly Dictionary<(FileSystem, ulong), FileSystem> covered = [];
    private readonly Dictionary<(FileSystem, ulong), string> absent = [];
    private readonly List<(ByteString Path, FileSystem FileSystem)> mounts = [];

    /// <exception cref="CorruptException">The root directory cannot be made out.</exception>
    public FileTree(FileSystem root)
    {
        RootFileSystem = root;
        mounts.Add((ByteString.FromText("/"), root));
    }

    public FileSystem RootFileSystem { get; }

    public TreeNode Root => Top(RootFileSystem, Ignore);

    /// <summary>The filesystems and where they are joined, the root first.</summary>
    public IReadOnlyList<(ByteString Path, FileSystem FileSystem)> Mounts => mounts;

    /// <summary>Joins a filesystem at a directory, whose own content is hidden from then on.</summary>
    /// <exception cref="NotFoundException">There is no such directory.</exception>
    public void Mount(ByteString path, FileSystem fileSystem)
    {
        TreeNode directory = Lookup(path);
        if (directory.Node.Type != FileType.Directory)
            throw new NotFoundException($"{path} is not a directory");
        covered[(directory.FileSystem, directory.Node.Inode)] = fileSystem;
        mounts.Add((path, fileSystem));
    }

    /// <summary>
    /// Marks a directory where a filesystem belongs that cannot be had. Whoever lists it is told as damage: an empty folder
    /// must not pass for one that was read.
    /// </summary>
    public void MarkAbsent(ByteString path, string reason)
    {
        if (TryLookup(path) is { } directory)
            absent[(directory.FileSystem, directory.Node.Inode)] = reason;
    }

    /// <summary>The entries of a directory, without "." and "..".</summary>
    public IEnumerable<DirectoryEntry> List(TreeNode directory, DamageSink damage)
    {
        if (absent.TryGetValue((directory.FileSystem, directory.Node.Inode), out string? reason))
            damage(new(reason));
        return directory.FileSystem.List(directory.Node, damage);
    }

    /// <summary>What an entry of a directory leads to: the file itself, or the top of the filesystem that is joined there.</summary>
    public TreeNode Open(TreeNode directory, DirectoryEntry entry, DamageSink damage) =>
        covered.Count > 0 && covered.TryGetValue((directory.FileSystem, entry.Inode), out FileSystem? above)
            ? Top(above, damage)
            : new(directory.FileSystem, directory.FileSystem.GetNode(entry.Inode, damage));

    /// <summary>The file at a path. A symbolic link at the end is followed unless told otherwise; on the way they always are.</summary>
    /// <param name="prefix">What stands before the path in messages: "disk.img@2:".</param>
    /// <exception cref="NotFoundException">There is no such file, or links go in a circle.</exception>
    public TreeNode Lookup(ByteString path, bool followLast = true, DamageSink? damage = null, string prefix = "")
    {
        damage ??= Ignore;
        var trail = new List<TreeNode> { Top(RootFileSystem, damage) };
        var ahead = new Stack<ByteString>();
        Push(ahead, path);
        int links = 0;
        while (ahead.TryPop(out ByteString name))
        {
            if (name.Span.SequenceEqual("."u8))
                continue;
            if (name.Span.SequenceEqual(".."u8))
            {
                if (trail.Count > 1)
                    trail.RemoveAt(trail.Count - 1);
                continue;
            }
            TreeNode directory = trail[^1];
            if (directory.Node.Type != FileType.Directory)
                throw new NotFoundException($"{prefix}{path}: not a directory");
            DirectoryEntry entry = directory.FileSystem.Lookup(directory.Node, name, damage)
                ?? throw new NotFoundException($"{prefix}{path}: no such file or directory", absent.GetValueOrDefault((directory.FileSystem, directory.Node.Inode)));
            TreeNode found = Open(directory, entry, damage);
            if (found.Node.Type != FileType.SymbolicLink || (ahead.Count == 0 && !followLast))
            {
                trail.Add(found);
                continue;
            }
            if (++links > MostLinks)
                throw new NotFoundException($"{prefix}{path}: too many levels of symbolic links");
            ByteString target = found.FileSystem.ReadLink(found.Node, damage);
            if (!target.IsEmpty && target.Span[0] == (byte)'/')
                trail.RemoveRange(1, trail.Count - 1);
            Push(ahead, target);
        }
        return trail[^1];
    }

    /// <summary><see cref="Lookup"/>, or null where there is no such file or the way to it is damaged.</summary>
    public TreeNode? TryLookup(ByteString path)
    {
        try
        {
            return Lookup(path);
        }
        catch (JumpbagException)
        {
            return null;
        }
    }

    /// <summary>The content of a small regular file such as /etc/fstab, or null where there is none; of a larger one the beginning.</summary>
    /// <exception cref="JumpbagException">It is there and cannot be read.</exception>
    public byte[]? ReadSmallFile(ByteString path, int most)
    {
        TreeNode file;
        try
        {
            file = Lookup(path);
        }
        catch (NotFoundException)
        {
            return null;
        }
        if (file.Node.Type != FileType.Regular)
            return null;
        var content = new byte[Math.Min(file.Node.Size, most)];
        file.FileSystem.Read(file.Node, 0, content, Ignore);
        return content;
    }

    private static TreeNode Top(FileSystem fileSystem, DamageSink damage) => new(fileSystem, fileSystem.GetNode(fileSystem.RootInode, damage));

    private static void Push(Stack<ByteString> ahead, ByteString path)
    {
        ReadOnlySpan<byte> rest = path.Span;
        // From the last name to the first, so that the first is on top.
        while (!rest.IsEmpty)
        {
            int slash = rest.LastIndexOf((byte)'/');
            ReadOnlySpan<byte> name = rest[(slash + 1)..];
            if (!name.IsEmpty)
                ahead.Push(new(name));
            rest = slash < 0 ? default : rest[..slash];
        }
    }

    private static void Ignore(Damage damage)
    {
        // A checksum that does not fit along the way to a file is told when that directory itself is listed or copied.
    }
}
