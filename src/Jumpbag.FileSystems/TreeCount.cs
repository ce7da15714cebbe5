namespace Jumpbag.FileSystems;

/// <summary>Where a count, a copy or an archive begins: a file of a tree, and its path there.</summary>
public readonly record struct TreeStart(FileTree Tree, Core.ByteString Path, TreeNode Node);

/// <summary>
/// How much lies below some files, from the inodes alone. A file with several names counts once, at the first of them that
/// is met. It can be counted beforehand, or beside the work that it is the total of; until then nothing waits for it.
/// </summary>
public sealed class TreeCount(IReadOnlyList<TreeStart> starts, CancellationToken cancelled) : IDisposable
{
    private readonly Lock gate = new();
    private readonly InodeSet linked = new();
    private volatile bool over, counted;
    private Thread? beside;

    /// <summary>Everything that is no directory.</summary>
    public long Files { get; private set; }

    public long Directories { get; private set; }

    /// <summary>Of content that is to be read: holes are left out as far as the inode tells.</summary>
    public long Bytes { get; private set; }

    /// <summary>The same in whole blocks of 4 KiB.</summary>
    public long Room { get; private set; }

    /// <summary>Whether the numbers are those of all there is.</summary>
    public bool Counted => counted;

    /// <inheritdoc cref="TreeWalk.LeaveOut"/>
    public Func<Core.ByteString, FileType, bool>? LeaveOut { get; init; }

    public void Count()
    {
        foreach (TreeStart start in starts)
        {
            // Damage is told when the same place is copied.
            var walk = new TreeWalk(start.Tree, start.Node, start.Path, static (_, _) => { }) { LeaveOut = LeaveOut };
            while (!over && !cancelled.IsCancellationRequested && walk.Next(out Visit visit))
                if (visit.Kind == VisitKind.File)
                    Add(visit.Node);
                else if (visit.Kind == VisitKind.Enter)
                    Directories++;
        }
        counted = !over && !cancelled.IsCancellationRequested;
    }

    /// <summary>Counts on a thread of its own, unless it was counted or is being so.</summary>
    public void CountBeside()
    {
        lock (gate)
        {
            if (counted || over || beside is not null)
                return;
            beside = new(Count) { Priority = ThreadPriority.BelowNormal };
            beside.Start();
        }
    }

    /// <summary>Ends a count that is under way.</summary>
    public void Dispose()
    {
        lock (gate)
            over = true;
        beside?.Join();
    }

    private void Add(in TreeNode found)
    {
        Node file = found.Node;
        Files++;
        if (file.Links > 1 && !linked.Add(found.FileSystem, file.Inode))
            return;
        long size = file.Type == FileType.Regular ? Math.Max(0, Math.Min(file.Size, Math.Max(file.Allocated, 4096))) : 0;
        Bytes += size;
        Room += (size + 4095) / 4096 * 4096;
    }
}
