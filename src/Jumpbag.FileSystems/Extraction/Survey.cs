using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>
/// How much there is to copy, from the inodes alone. Not even that is needed where everything on the source's filesystems
/// would fit. A file with several names counts once, at the first of them that is met.
/// </summary>
internal sealed class Survey(IReadOnlyList<(ExtractionItem Item, TreeNode Node)> sources, bool recursive, CancellationToken cancelled) : IDisposable
{
    private readonly Lock gate = new();
    private readonly InodeSet linked = new();
    private volatile bool over, counted;
    private Thread? beside;
    private long needed;

    public long Files { get; private set; }

    public long Directories { get; private set; }

    public long Bytes { get; private set; }

    public bool Counted => counted;

    public bool SurelyFits(VolumeSpace space)
    {
        long used = 0, inodes = 0;
        foreach (FileSystem fileSystem in sources.SelectMany(s => s.Item.Tree.Mounts.Select(m => m.FileSystem)).Distinct())
        {
            FileSystemSummary summary = fileSystem.Summary;
            used += Math.Clamp(summary.Capacity - summary.Free, 0, long.MaxValue / 64);
            inodes += Math.Clamp(summary.Inodes - summary.FreeInodes, 0, long.MaxValue / 64);
        }
        // Inline files, tails and directories may take somewhat more there than here.
        return used + inodes * space.BlockSize < space.Available && (space.Inodes is null || inodes < space.Inodes);
    }

    public void Count()
    {
        foreach ((ExtractionItem item, TreeNode node) in sources)
        {
            if (node.Node.Type == FileType.Directory && !recursive)
                continue;
            // Damage is told when the same place is copied.
            var walk = new TreeWalk(item.Tree, node, item.Path, static (_, _) => { });
            while (!over && !cancelled.IsCancellationRequested && walk.Next(out Visit visit))
                if (visit.Kind == VisitKind.File)
                {
                    Node file = visit.Node.Node;
                    Files++;
                    long size = file.Type == FileType.Regular ? Math.Max(0, Math.Min(file.Size, Math.Max(file.Allocated, 4096))) : 0;
                    if (file.Links > 1 && !linked.Add(visit.Node.FileSystem, file.Inode))
                        continue;
                    Bytes += size;
                    needed += (size + 4095) / 4096 * 4096;
                }
                else if (visit.Kind == VisitKind.Enter)
                    Directories++;
        }
        counted = !over && !cancelled.IsCancellationRequested;
    }

    /// <summary>Counts while the copying goes on, for its progress, unless it was counted.</summary>
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

    public void Dispose()
    {
        lock (gate)
            over = true;
        beside?.Join();
    }

    public void ThrowIfTooLarge(VolumeSpace space, string destination)
    {
        if (!Counted)
            return;
        if (needed > space.Available)
            throw new FailedException($"{destination}: {needed} bytes ({ByteSize.Format(needed)}) are needed and {space.Available} ({ByteSize.Format(space.Available)}) are free",
                "choose another disk, or fewer files");
        if (space.Inodes is { } inodes && Files + Directories > inodes)
            throw new FailedException($"{destination}: {Files + Directories} inodes are needed and {inodes} are free", "choose another disk, or fewer files");
    }
}
