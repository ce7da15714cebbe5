using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Host.Fuse;

namespace Jumpbag.FileSystems.Mounting;

/// <summary>A tree that is to be seen as a folder of that name.</summary>
public sealed record NamedTree(ByteString Name, FileTree Tree);

/// <summary>
/// Serves a tree of files, or a folder that has several of them. What is damaged can be seen, and answers an error when it is
/// read: the exact range of a file, a directory behind its last readable entry.
/// </summary>
public sealed class TreeFiles : FuseFileSystem, IDisposable
{
    private const long LargestListing = 32 << 20;
    private const uint FolderMode = 0x416D; // A directory, 0555

    private readonly FileDamageSink damaged;
    private readonly IReadOnlyList<NamedTree> folders = [];
    private readonly List<(FileSystem FileSystem, FileTree Tree)> fileSystems = [];
    private readonly Dictionary<FileSystem, int> numbers = new(ReferenceEqualityComparer.Instance);
    private readonly KnownNode? top;
    private readonly KnownNodes known = new();
    private readonly FolderListings listings;
    private readonly FolderParents parents = new();
    private readonly LargeFolder large = new();
    private readonly TreeXattrs attributes;
    private readonly ulong now = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <param name="top">What is to be the top folder: of the tree, or further down in it.</param>
    /// <param name="damaged">Told of what could not be read, from any thread, by the path below the top folder.</param>
    /// <param name="largestListing">In bytes: folders with more are read anew each time.</param>
    public TreeFiles(FileTree tree, TreeNode top, FileDamageSink damaged, long largestListing = LargestListing) : this(damaged, largestListing)
    {
        Add(tree);
        int fileSystem = numbers[top.FileSystem];
        ulong number = NodeNumbers.Node(fileSystem, top.Node.Inode);
        this.top = new(Root, NodeNumbers.Shown(number), top, 0, null);
        // Nothing may lead here again, by the number that it would have.
        _ = parents.Claim(number, number);
    }

    /// <param name="folders">No two have the same name.</param>
    public TreeFiles(IReadOnlyList<NamedTree> folders, FileDamageSink damaged) : this(damaged, LargestListing)
    {
        this.folders = folders;
        foreach (NamedTree folder in folders)
        {
            Add(folder.Tree);
            _ = parents.Claim(Top(folder), Root);
        }
    }

    private TreeFiles(FileDamageSink damaged, long largestListing)
    {
        listings = new(largestListing);
        this.damaged = damaged;
        attributes = new(ShowsTrusted: ProcessIdentity.EffectiveUser == 0);
    }

    public override Errno Lookup(ulong folder, ReadOnlySpan<byte> name, out FuseEntry entry)
    {
        entry = default;
        if (IsFolderOfTrees(folder))
        {
            foreach (NamedTree tree in folders)
                if (tree.Name.Span.SequenceEqual(name))
                    entry = Get(Top(tree)).Entry;
            return entry.Node == 0 ? Errno.NoEntry : Errno.None;
        }
        KnownNode directory = Get(folder);
        if (directory.Type != FileType.Directory)
            return Errno.NotDirectory;
        DirectoryEntry? found;
        Damage? damage = null;
        if (Listing(directory) is { } listing)
        {
            int index = listing.Find(name);
            found = index >= 0 ? listing.Entry(index) : null;
            damage = listing.Damage;
        }
        else
        {
            found = Search(directory, name, out damage);
        }
        if (found is null && directory.File.Node.Attributes.Contains('F', StringComparison.Ordinal))
            found = Search(directory, name, out damage); // It folds case.
        if (found is { } there)
        {
            entry = Open(directory, there).Entry;
            return Errno.None;
        }
        if (damage is null)
            return Errno.NoEntry;
        // It may stand in what cannot be read.
        Report(directory, damage.Value);
        return Errno.InputOutput;
    }

    public override Errno GetAttributes(ulong node, out FuseAttributes attributes)
    {
        attributes = IsFolderOfTrees(node)
            ? new() { Inode = ulong.MaxValue >> 1, Mode = FolderMode, Links = 2 + (uint)folders.Count, BlockSize = 4096, Accessed = now, Modified = now, Changed = now, Uid = ProcessIdentity.EffectiveUser, Gid = ProcessIdentity.EffectiveGroup }
            : Get(node).Attributes;
        return Errno.None;
    }

    public override Timestamp? Born(ulong node) => IsFolderOfTrees(node) ? null : Get(node).File.Node.Born;

    public override Errno List(ulong folder, ulong from, ref FuseDirectoryWriter entries)
    {
        const int Dots = 2, DirectoryType = 4;
        KnownNode? directory = IsFolderOfTrees(folder) ? null : Get(folder);
        if (directory is { Type: not FileType.Directory })
            return Errno.NotDirectory;
        ulong own = directory?.Inode ?? Root, above = parents.Of(folder) is { } parent && parent != Root ? NodeNumbers.Shown(parent) : top?.Inode ?? Root;
        for (ulong at = from; at < Dots; at++)
            if (!entries.Add(at == 0 ? "."u8 : ".."u8, at == 0 ? own : above, DirectoryType, at + 1))
                return Errno.None;
        int index = (int)(Math.Clamp(from, Dots, int.MaxValue) - Dots);
        if (directory is null)
        {
            for (; index < folders.Count && entries.Fits(folders[index].Name.Length); index++)
                entries.Add(folders[index].Name.Span, Get(Top(folders[index])).Entry, (ulong)index + Dots + 1);
            return Errno.None;
        }
        int before = entries.Length;
        Damage? damage;
        if (Listing(directory) is { } listing)
        {
            for (; index < listing.Count; index++)
                if (!Add(directory, listing.Name(index), listing.Entry(index), (ulong)index + Dots + 1, ref entries))
                    return Errno.None;
            damage = listing.Damage;
        }
        else if (!ListLarge(directory, index, Dots, ref entries, out damage))
        {
            return Errno.None;
        }
        if (damage is null || entries.Length > before)
            return Errno.None;
        Report(directory, damage.Value);
        return Errno.InputOutput;
    }

    public override Errno Read(ulong node, long offset, Span<byte> destination, out int count)
    {
        count = 0;
        KnownNode file = Get(node);
        if (file.Type != FileType.Regular)
            return file.Type == FileType.Directory ? Errno.IsDirectory : Errno.Invalid;
        if (file.Problem is { } problem)
            return Report(file, problem);
        count = (int)Math.Clamp(file.File.Node.Size - offset, 0, destination.Length);
        DamageSeen damage = DamageSeen.Begin();
        file.File.FileSystem.Read(file.File.Node, offset, destination[..count], damage.Sink);
        return damage.First is { } found && (found.Length == 0 || (found.Offset < offset + count && offset < found.Offset + found.Length)) ? Report(file, found) : Errno.None;
    }

    public override Errno Seek(ulong node, long offset, bool data, out long found)
    {
        KnownNode file = Get(node);
        long size = file.File.Node.Size;
        found = size;
        if (offset < 0 || offset >= size)
            return Errno.NoSuchDeviceOrAddress;
        foreach (FileExtent extent in file.File.FileSystem.Extents(file.File.Node, offset, static _ => { })) // Reading tells of damage.
            if (extent.Kind is not (FileExtentKind.Hole or FileExtentKind.Unwritten) == data)
            {
                found = Math.Max(extent.Offset, offset);
                return Errno.None;
            }
        return data ? Errno.NoSuchDeviceOrAddress : Errno.None;
    }

    public override Errno ReadLink(ulong node, Span<byte> destination, out int length)
    {
        KnownNode link = Get(node);
        DamageSeen damage = DamageSeen.Begin();
        ByteString target = link.File.FileSystem.ReadLink(link.File.Node, damage.Sink);
        length = target.Length;
        if ((link.Problem ?? damage.First) is { } problem)
            return Report(link, problem);
        // As the kernel: a target ends at a zero, and is shorter than a page.
        int end = target.Span.IndexOf((byte)0);
        length = end < 0 ? length : end;
        if (length > Math.Min(destination.Length, 4095))
            return Errno.NameTooLong;
        target.Span[..length].CopyTo(destination);
        return Errno.None;
    }

    public override Errno ListXattr(ulong node, Span<byte> destination, out int length)
    {
        length = 0;
        return IsFolderOfTrees(node) ? Errno.None : attributes.List(Get(node), destination, out length, Report);
    }

    public override Errno GetXattr(ulong node, ReadOnlySpan<byte> name, Span<byte> destination, out int length)
    {
        length = 0;
        return IsFolderOfTrees(node) ? Errno.NoData : attributes.Get(Get(node), name, destination, out length, Report);
    }

    public override FuseSpace Space(ulong node)
    {
        List<FileSystemSummary> asked = [.. (IsFolderOfTrees(node) ? fileSystems.Select(one => one.FileSystem) : [Get(node).File.FileSystem]).Select(fileSystem => fileSystem.Summary)];
        int unit = asked.Count == 1 ? asked[0].BlockSize : 4096;
        var space = new FuseSpace { BlockSize = (uint)unit, FragmentSize = (uint)unit, NameLength = 255 };
        foreach (FileSystemSummary summary in asked)
        {
            space.Blocks += (ulong)(summary.Capacity / unit);
            space.FreeBlocks += (ulong)(summary.Free / unit);
            space.AvailableBlocks += (ulong)(summary.Available / unit);
            space.Inodes += (ulong)summary.Inodes;
            space.FreeInodes += (ulong)summary.FreeInodes;
        }
        return space;
    }

    public override void Failed(ulong node, Exception failure)
    {
        Damage damage = failure is UnreadableException unreadable ? new(unreadable.Reason, unreadable.Offset, unreadable.Length)
            : new(failure is JumpbagException ? failure.Message : $"a defect of jumpbag: {failure.GetType().Name}: {failure.Message}");
        damaged(node, known.Find(node) is { } file ? PathOf(file) : null, damage);
    }

    public void Dispose() => large.Dispose();

    private void Add(FileTree tree)
    {
        foreach ((_, FileSystem fileSystem) in tree.Mounts)
            if (numbers.TryAdd(fileSystem, fileSystems.Count))
                fileSystems.Add((fileSystem, tree));
        if (fileSystems.Count > NodeNumbers.MostFileSystems)
            throw new UnsupportedException($"{fileSystems.Count} filesystems are too many to mount at once");
    }

    private bool IsFolderOfTrees(ulong node) => node == Root && top is null;

    private ulong Top(NamedTree folder) => NodeNumbers.Node(numbers[folder.Tree.RootFileSystem], folder.Tree.RootFileSystem.RootInode);

    /// <exception cref="JumpbagException">It cannot be made out.</exception>
    private KnownNode Get(ulong number)
    {
        if (number == Root && top is not null)
            return top;
        if (known.Find(number) is { } there)
            return there;
        (int fileSystem, ulong inode) = NodeNumbers.Split(number);
        if (fileSystem < 0 || fileSystem >= fileSystems.Count)
            throw new NotFoundException($"file {number} was never given out");
        DamageSeen damage = DamageSeen.Begin();
        var file = new TreeNode(fileSystems[fileSystem].FileSystem, fileSystems[fileSystem].FileSystem.GetNode(inode, damage.Sink));
        return Keep(number, file, parents.Of(number) ?? 0, damage.First);
    }

    private KnownNode Keep(ulong number, TreeNode file, ulong folder, Damage? problem)
    {
        var node = new KnownNode(number, NodeNumbers.Shown(number), file, folder, problem);
        known.Add(node);
        return node;
    }

    /// <summary>The file that an entry names, or the top of what is joined there.</summary>
    /// <exception cref="JumpbagException">It cannot be made out, or is a folder that stands elsewhere already.</exception>
    private KnownNode Open(KnownNode directory, in DirectoryEntry entry)
    {
        int own = numbers[directory.File.FileSystem];
        if (entry.Inode > NodeNumbers.LargestInode)
            throw new CorruptException($"inode {entry.Inode}: no filesystem has so many");
        if (known.Find(NodeNumbers.Node(own, entry.Inode)) is { Type: not FileType.Directory } there)
            return there;
        DamageSeen damage = DamageSeen.Begin();
        TreeNode file = fileSystems[own].Tree.Open(directory.File, entry, damage.Sink);
        ulong number = NodeNumbers.Node(numbers[file.FileSystem], file.Node.Inode);
        if (file.Node.Type == FileType.Directory && !parents.Claim(number, directory.Number))
            throw new CorruptException($"inode {entry.Inode}: a directory that stands in another place too, or in itself");
        return Keep(number, file, directory.Number, damage.First);
    }

    private FolderListing? Listing(KnownNode directory) =>
        listings.TryGet(directory.Number, out FolderListing? listing) ? listing
        : listings.Read(directory.Number, damage => Entries(directory, damage.Sink));

    private IEnumerable<DirectoryEntry> Entries(KnownNode directory, DamageSink damage)
    {
        if (directory.Problem is { } problem)
            damage(problem);
        return fileSystems[numbers[directory.File.FileSystem]].Tree.List(directory.File, damage);
    }

    private static DirectoryEntry? Search(KnownNode directory, ReadOnlySpan<byte> name, out Damage? damage)
    {
        DamageSeen seen = DamageSeen.Begin();
        DirectoryEntry? found = directory.File.FileSystem.Lookup(directory.File.Node, new(name), seen.Sink);
        damage = directory.Problem ?? seen.First;
        return found;
    }

    private bool ListLarge(KnownNode directory, int index, int dots, ref FuseDirectoryWriter entries, out Damage? damage)
    {
        // The writer is of the stack and cannot go into the walk: as many as surely have room are taken first.
        var batch = new List<(DirectoryEntry Entry, long Index)>();
        int room = entries.Most;
        bool ended = large.Walk(directory.Number, index, sink => Entries(directory, sink), (entry, at) =>
        {
            if (batch.Count >= room)
                return false;
            batch.Add((entry, at));
            return true;
        }, out damage);
        foreach ((DirectoryEntry entry, long at) in batch)
            if (!Add(directory, entry.Name.Span, entry, (ulong)(at + dots + 1), ref entries))
                return false;
        return ended;
    }

    private bool Add(KnownNode directory, ReadOnlySpan<byte> name, in DirectoryEntry entry, ulong next, ref FuseDirectoryWriter entries)
    {
        ulong number = NodeNumbers.Node(numbers[directory.File.FileSystem], entry.Inode & NodeNumbers.LargestInode);
        if (!entries.WantsAttributes)
            return entries.Add(name, NodeNumbers.Shown(number), (int)KnownNode.ModeType(entry.Type), next);
        if (!entries.Fits(name.Length))
            return false;
        try
        {
            return entries.Add(name, Open(directory, entry).Entry, next);
        }
        catch (JumpbagException)
        {
            // The name is there; who asks for the file is told then what is wrong with it.
            return entries.Add(name, NodeNumbers.Shown(number), (int)KnownNode.ModeType(entry.Type), next);
        }
    }

    private Errno Report(KnownNode file, Damage damage)
    {
        damaged(file.Number, PathOf(file), damage);
        return Errno.InputOutput;
    }

    /// <summary>Below the top folder: "/etc/fstab". Null where the way to it is not known any more.</summary>
    private ByteString? PathOf(KnownNode file)
    {
        try
        {
            return Trace(file);
        }
        catch (JumpbagException)
        {
            return null; // The way is damaged too.
        }
    }

    private ByteString? Trace(KnownNode file)
    {
        const int MostSteps = 4096;
        var path = ByteString.Empty;
        KnownNode at = file;
        for (int steps = 0; at.Number != Root && steps < MostSteps; steps++)
        {
            ByteString? name = null;
            if (at.Folder == Root && top is null)
                name = folders.First(folder => Top(folder) == at.Number).Name;
            else if (at.File.Node.Inode == at.File.FileSystem.RootInode)
                name = Last(fileSystems[numbers[at.File.FileSystem]].Tree.Mounts.First(mount => ReferenceEquals(mount.FileSystem, at.File.FileSystem)).Path);
            else if (at.Folder != 0 && Get(at.Folder) is var folder && Listing(folder) is { } listing && listing.FindInode(at.File.Node.Inode) is >= 0 and var index)
                name = new(listing.Name(index));
            if (name is not { } step)
                return null;
            path = path.IsEmpty ? step : step.Join(path);
            if (at.Folder == Root)
                break;
            at = Get(at.Folder);
        }
        return ByteString.FromText("/").Join(path);
    }

    /// <summary>Of the path that something is joined at.</summary>
    private static ByteString Last(ByteString path)
    {
        ReadOnlySpan<byte> trimmed = path.Span.TrimEnd((byte)'/');
        return new(trimmed[(trimmed.LastIndexOf((byte)'/') + 1)..]);
    }
}
