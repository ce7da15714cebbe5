using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.FileSystems;

public enum VisitKind
{
    /// <summary>A directory, before what is in it.</summary>
    Enter,

    /// <summary>Anything but a directory.</summary>
    File,

    /// <summary>A directory where it stands among the files beside it, before any of these directories is entered; see <see cref="TreeWalk.ListsDirectories"/>.</summary>
    Directory,

    /// <summary>A directory, after all that is in it.</summary>
    Leave,
}

/// <summary>
/// A step of a walk: the directory that is entered or left, or the one that holds the file (null where the walk began at a
/// file), and the file's name. Where the walk began, the name is the path given for it.
/// </summary>
public readonly record struct Visit(VisitKind Kind, WalkDirectory? Directory, ByteString Name, TreeNode Node)
{
    /// <summary>A file that no walk leads to, but a person named.</summary>
    public static Visit Of(ByteString path, TreeNode node) => new(VisitKind.File, null, path, node);

    /// <summary>Put together when it is asked for.</summary>
    public ByteString Path => IsOfDirectory ? Directory!.Path : Directory is null ? Name : Directory.Path.Join(Name);

    /// <summary>0 where the walk began.</summary>
    public int Depth => IsOfDirectory ? Directory!.Depth : Directory is null ? 0 : Directory.Depth + 1;

    private bool IsOfDirectory => Kind is VisitKind.Enter or VisitKind.Leave;
}

/// <summary>Takes damage together with the path that it lies in.</summary>
public delegate void PathDamageSink(ByteString path, Damage damage);

/// <summary>
/// Goes through everything below a file of a tree, depth first, and a directory's files before its directories. Within a
/// directory they come in the order of their inodes, which is near that of their place on the disk (unless
/// told otherwise). Nothing recurses. Memory does not grow with the size of a directory or of the tree: of subdirectories that
/// wait at most 256 Ki are kept; where there are more, a directory's list is read again from the start for the next of them.
/// A path is not kept but put together from the names above, so the depth costs no more than the names do.
/// A directory that comes a second time is damage, so a circle ends. What cannot be read is damage, and is passed over.
/// </summary>
public sealed class TreeWalk
{
    /// <summary>
    /// Entries whose inodes are read in one sweep over the disk: a directory lists them in the order of their names' hashes.
    /// Fewer where the inodes are kept.
    /// </summary>
    private const int Window = 1 << 16, OpenedWindow = 1 << 14;

    private const int MaxWaiting = 1 << 18;

    private readonly FileTree tree;
    private readonly PathDamageSink damaged;
    private readonly DamageSink sink;
    private readonly InodeSet seen = new();
    private readonly Stack<Frame> frames = new();
    private readonly List<DirectoryEntry> window = [];
    private readonly List<TreeNode?> opened = [];
    private (TreeNode Node, ByteString Path)? start;
    private IEnumerator<DirectoryEntry>? listing;
    private int position, waiting;
    private WalkDirectory? current;
    private ByteString currentName;

    public TreeWalk(FileTree tree, TreeNode start, ByteString path, PathDamageSink damaged)
    {
        this.tree = tree;
        this.damaged = damaged;
        this.start = (start, path);
        sink = Report;
    }

    /// <summary>Directories so far below the start are not gone into: entered and left at once.</summary>
    public int MaximumDepth { get; init; } = int.MaxValue;

    /// <summary>The filesystem that the walk does not leave: the tops of others are entered and left at once. Null: it goes into them.</summary>
    public FileSystem? StayOn { get; init; }

    /// <summary>
    /// For those who list: what is in a directory comes in the order of its list, subdirectories too, as
    /// <see cref="VisitKind.Directory"/>; then those that the walk goes into are entered, in <see cref="Order"/>.
    /// </summary>
    public bool ListsDirectories { get; init; }

    /// <summary>Of the subdirectories of a directory, with <see cref="ListsDirectories"/>; null: that of the list.</summary>
    public Comparison<Visit>? Order { get; init; }

    /// <summary>Which entries are left out, by their paths; null: none.</summary>
    public Func<ByteString, FileType, bool>? LeaveOut { get; init; }

    /// <summary>A subdirectory that is still to be entered; it has its node where that was read already.</summary>
    private readonly record struct Waiter(DirectoryEntry Entry, TreeNode? Node);

    private sealed class Frame(WalkDirectory directory)
    {
        public WalkDirectory Directory { get; } = directory;

        public List<Waiter> Waiting { get; } = [];

        public int Next { get; set; }

        /// <summary>Entries of the list that were dealt with before it was broken off; 0: it was read to its end.</summary>
        public long Resume { get; set; }

        public long Listed { get; set; }
    }

    /// <summary>False at the end.</summary>
    public bool Next(out Visit visit)
    {
        if (start is var (top, path))
        {
            start = null;
            if (top.Node.Type == FileType.Directory)
                return Enter(null, path, top, out visit);
            visit = new(VisitKind.File, null, path, top);
            return true;
        }
        while (frames.TryPeek(out Frame? frame))
        {
            if (position < window.Count)
            {
                DirectoryEntry entry = window[position];
                TreeNode? node = ListsDirectories ? opened[position] : Open(frame, entry);
                position++;
                if (node is { } found && Resolve(frame, entry, found, out visit))
                    return true;
            }
            else if (listing is not null)
                Fill(frame);
            else if (frame.Next < frame.Waiting.Count)
            {
                if (frame.Next == 0)
                    Sort(frame);
                Waiter next = frame.Waiting[frame.Next++];
                waiting--;
                if ((next.Node ?? Open(frame, next.Entry)) is { } directory && Resolve(frame, next.Entry, directory, out visit, entered: true))
                    return true;
            }
            else if (frame.Resume > 0)
                List(frame);
            else
            {
                _ = frames.Pop();
                visit = new(VisitKind.Leave, frame.Directory, frame.Directory.Name, frame.Directory.Node);
                return true;
            }
        }
        visit = default;
        return false;
    }

    /// <summary>Leaves out what is in the directory that was just entered; it is not left either.</summary>
    public void Skip()
    {
        EndListing();
        window.Clear();
        position = 0;
        _ = frames.Pop();
    }

    private bool Enter(WalkDirectory? parent, ByteString name, TreeNode node, out Visit visit)
    {
        var directory = new WalkDirectory(parent, name, node);
        visit = new(VisitKind.Enter, directory, name, node);
        bool into = GoesInto(node, directory.Depth);
        if (into && !seen.Add(node.FileSystem, node.Node.Inode))
        {
            damaged(directory.Path, new($"directory inode {node.Node.Inode} is in the tree a second time: a circle, not followed"));
            return false;
        }
        var frame = new Frame(directory);
        frames.Push(frame);
        if (into)
            List(frame);
        return true;
    }

    private bool GoesInto(TreeNode directory, int depth) =>
        depth < MaximumDepth && (StayOn is null || ReferenceEquals(directory.FileSystem, StayOn));

    /// <summary>Begins a directory's list, behind those entries that were dealt with.</summary>
    private void List(Frame frame)
    {
        At(frame.Directory, default);
        waiting -= frame.Waiting.Count - frame.Next;
        frame.Waiting.Clear();
        frame.Next = 0;
        long skip = frame.Resume;
        frame.Listed = frame.Resume = 0;
        try
        {
            listing = tree.List(frame.Directory.Node, sink).GetEnumerator();
            while (frame.Listed < skip && listing.MoveNext())
                frame.Listed++;
        }
        catch (JumpbagException e)
        {
            Report(new(e.Message));
            EndListing();
        }
    }

    /// <summary>Takes the next entries: what says that it is a directory waits until the files are through.</summary>
    private void Fill(Frame frame)
    {
        At(frame.Directory, default);
        window.Clear();
        position = 0;
        try
        {
            while (window.Count < (ListsDirectories ? OpenedWindow : Window))
            {
                if (!listing!.MoveNext())
                {
                    EndListing();
                    break;
                }
                frame.Listed++;
                DirectoryEntry entry = listing.Current;
                if (!IsPossible(entry.Name))
                    Report(new($"an entry is named '{entry.Name}', which no file can be; left out"));
                else if (LeaveOut is not null && LeaveOut(frame.Directory.Path.Join(entry.Name), entry.Type))
                    continue;
                else if (entry.Type == FileType.Directory && !ListsDirectories)
                    Wait(frame, new(entry, null));
                else
                    window.Add(entry);
                if (waiting >= MaxWaiting && frame.Waiting.Count > 0)
                {
                    frame.Resume = frame.Listed;
                    EndListing();
                    break;
                }
            }
        }
        catch (JumpbagException e)
        {
            Report(new(e.Message));
            EndListing();
        }
        if (ListsDirectories)
            OpenWindow(frame);
        else
            CollectionsMarshal.AsSpan(window).Sort(static (a, b) => a.Inode.CompareTo(b.Inode));
    }

    /// <summary>Reads the inodes in their own order, though they are told in that of the list.</summary>
    private void OpenWindow(Frame frame)
    {
        var inodes = new ulong[window.Count];
        var places = new int[window.Count];
        for (int i = 0; i < places.Length; i++)
            (inodes[i], places[i]) = (window[i].Inode, i);
        Array.Sort(inodes, places);
        CollectionsMarshal.SetCount(opened, window.Count);
        foreach (int place in places)
            opened[place] = Open(frame, window[place]);
    }

    private void Wait(Frame frame, Waiter directory)
    {
        frame.Waiting.Add(directory);
        waiting++;
    }

    private void EndListing()
    {
        listing?.Dispose();
        listing = null;
    }

    private void Sort(Frame frame)
    {
        if (!ListsDirectories)
            frame.Waiting.Sort(static (a, b) => a.Entry.Inode.CompareTo(b.Entry.Inode));
        else if (Order is { } order)
            frame.Waiting.Sort((a, b) => order(Listed(a), Listed(b)));

        Visit Listed(Waiter waiter) => new(VisitKind.Directory, frame.Directory, waiter.Entry.Name, waiter.Node!.Value);
    }

    /// <summary>Null where it cannot be, which is told.</summary>
    private TreeNode? Open(Frame frame, DirectoryEntry entry)
    {
        At(frame.Directory, entry.Name);
        try
        {
            return tree.Open(frame.Directory.Node, entry, sink);
        }
        catch (JumpbagException e)
        {
            Report(new(e.Message));
            return null;
        }
    }

    /// <summary>The inode's type is the one that counts. A directory that was not said to be one waits too.</summary>
    private bool Resolve(Frame frame, DirectoryEntry entry, TreeNode node, out Visit visit, bool entered = false)
    {
        visit = default;
        if (node.Node.Type != FileType.Directory)
        {
            visit = new(VisitKind.File, frame.Directory, entry.Name, node);
            return true;
        }
        if (entered)
            return Enter(frame.Directory, entry.Name, node, out visit);
        if (!ListsDirectories)
        {
            Wait(frame, new(entry, null));
            return false;
        }
        if (GoesInto(node, frame.Directory.Depth + 1))
            Wait(frame, new(entry, node));
        visit = new(VisitKind.Directory, frame.Directory, entry.Name, node);
        return true;
    }

    private static bool IsPossible(ByteString name)
    {
        ReadOnlySpan<byte> bytes = name.Span;
        return bytes.Length is > 0 and < 256 && bytes.IndexOfAny((byte)'/', (byte)0) < 0
            && !bytes.SequenceEqual("."u8) && !bytes.SequenceEqual(".."u8);
    }

    private void At(WalkDirectory directory, ByteString name)
    {
        current = directory;
        currentName = name;
    }

    private void Report(Damage damage) =>
        damaged(currentName.IsEmpty ? current!.Path : current!.Path.Join(currentName), damage);
}
