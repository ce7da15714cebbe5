using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.FileSystems;

public enum VisitKind
{
    /// <summary>A directory, before what is in it.</summary>
    Enter,

    /// <summary>Anything but a directory.</summary>
    File,

    /// <summary>A directory, after all that is in it.</summary>
    Leave,
}

/// <summary>
/// A step of a walk: the directory that is entered or left, or the one that holds the file (null where the walk began at a
/// file), and the file's name.
/// </summary>
public readonly record struct Visit(VisitKind Kind, WalkDirectory? Directory, ByteString Name, TreeNode Node)
{
    public ByteString Path => Kind != VisitKind.File ? Directory!.Path : Directory is null ? Name : Directory.Path.Join(Name);
}

/// <summary>Takes damage together with the path that it lies in.</summary>
public delegate void PathDamageSink(ByteString path, Damage damage);

/// <summary>
/// Goes through everything below a file of a tree, depth first, and a directory's files before its directories. Within a
/// directory they come in the order of their inodes, which is near that of their place on the disk (or of their names, when
/// told). Nothing recurses. Memory does not grow with the size of a directory or of the tree: of subdirectories that wait
/// at most 256 Ki are kept; where there are more, a directory's list is read again from the start for the next of them.
/// A directory that comes a second time is damage, so a circle ends.
/// </summary>
public sealed class TreeWalk
{
    private const int Window = 1 << 16, SortedWindow = 1 << 18, MaxWaiting = 1 << 18;

    private readonly FileTree tree;
    private readonly PathDamageSink damaged;
    private readonly DamageSink sink;
    private readonly bool byName;
    private readonly InodeSet seen = new();
    private readonly Stack<Frame> frames = new();
    private readonly List<DirectoryEntry> window = [];
    private (TreeNode Node, ByteString Path)? start;
    private IEnumerator<DirectoryEntry>? listing;
    private int position, waiting;
    private WalkDirectory? current;
    private ByteString currentName;

    public TreeWalk(FileTree tree, TreeNode start, ByteString path, PathDamageSink damaged, bool byName = false)
    {
        this.tree = tree;
        this.damaged = damaged;
        this.byName = byName;
        this.start = (start, path);
        sink = Report;
    }

    private sealed class Frame(WalkDirectory directory)
    {
        public WalkDirectory Directory { get; } = directory;

        public List<DirectoryEntry> Waiting { get; } = [];

        public int Next { get; set; }

        /// <summary>Entries of the list that were dealt with before it was broken off; 0: it was read to its end.</summary>
        public long Resume { get; set; }

        public long Listed { get; set; }
    }

    /// <summary>False at the end.</summary>
    public bool Next(out Visit visit)
    {
        if (start is var (node, path))
        {
            start = null;
            if (node.Node.Type == FileType.Directory)
                return Enter(null, path, node, out visit);
            visit = new(VisitKind.File, null, path, node);
            return true;
        }
        while (frames.TryPeek(out Frame? frame))
        {
            if (position < window.Count)
            {
                if (Resolve(frame, window[position++], out visit))
                    return true;
            }
            else if (listing is not null)
                Fill(frame);
            else if (frame.Next < frame.Waiting.Count)
            {
                DirectoryEntry entry = frame.Waiting[frame.Next++];
                waiting--;
                if (Resolve(frame, entry, out visit, entered: true))
                    return true;
            }
            else if (frame.Resume > 0)
                List(frame);
            else
            {
                _ = frames.Pop();
                visit = new(VisitKind.Leave, frame.Directory, default, frame.Directory.Node);
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
        visit = new(VisitKind.Enter, directory, default, node);
        if (!seen.Add(node.FileSystem, node.Node.Inode))
        {
            damaged(directory.Path, new($"directory inode {node.Node.Inode} is in the tree a second time: a circle, not followed"));
            return false;
        }
        var frame = new Frame(directory);
        frames.Push(frame);
        List(frame);
        return true;
    }

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
            while (window.Count < (byName ? SortedWindow : Window))
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
                else if (entry.Type == FileType.Directory)
                    Wait(frame, entry);
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
        Sort(window);
        if (listing is null)
            Sort(frame.Waiting);
    }

    private void Wait(Frame frame, DirectoryEntry entry)
    {
        frame.Waiting.Add(entry);
        waiting++;
    }

    private void EndListing()
    {
        listing?.Dispose();
        listing = null;
    }

    private void Sort(List<DirectoryEntry> entries)
    {
        Span<DirectoryEntry> span = CollectionsMarshal.AsSpan(entries);
        if (byName)
            span.Sort(static (a, b) => a.Name.CompareTo(b.Name));
        else
            span.Sort(static (a, b) => a.Inode.CompareTo(b.Inode));
    }

    /// <summary>Reads the inode, whose type is the one that counts. A directory that was not said to be one waits too.</summary>
    private bool Resolve(Frame frame, DirectoryEntry entry, out Visit visit, bool entered = false)
    {
        visit = default;
        At(frame.Directory, entry.Name);
        TreeNode node;
        try
        {
            node = tree.Open(frame.Directory.Node, entry, sink);
        }
        catch (JumpbagException e)
        {
            Report(new(e.Message));
            return false;
        }
        if (node.Node.Type != FileType.Directory)
        {
            visit = new(VisitKind.File, frame.Directory, entry.Name, node);
            return true;
        }
        if (entered)
            return Enter(frame.Directory, entry.Name, node, out visit);
        Wait(frame, entry);
        return false;
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
