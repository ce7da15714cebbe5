namespace Jumpbag.FileSystems.Ext;

/// <summary>Ranges of a file's blocks that were mapped anew, or unmapped; they hide what the disk says of the same blocks.</summary>
internal sealed class ExtChangedRanges
{
    /// <summary>In the order they were made: of two that overlap, the later one holds. A hole has the kind Hole.</summary>
    private readonly List<ExtRun> changes = [];

    /// <summary>The same, in the order of their blocks and without overlaps; made when they are first asked for.</summary>
    private readonly Lazy<List<ExtRun>> flat;

    public ExtChangedRanges() => flat = new(Flatten);

    public void Set(ExtRun run)
    {
        if (run.Length > 0)
            changes.Add(run);
    }

    /// <summary>The runs within [<paramref name="from"/>, <paramref name="to"/>): these, and where there are none those of the disk.</summary>
    /// <param name="onDisk">In ascending order.</param>
    public IEnumerable<ExtRun> Over(IEnumerable<ExtRun> onDisk, ulong from, ulong to)
    {
        List<ExtRun> runs = flat.Value;
        int next = FirstBehind(runs, from);
        ulong at = 0;
        foreach (ExtRun run in onDisk)
        {
            ulong end = End(run);
            at = Math.Max(at, run.Block);
            while (at < end)
            {
                if (next < runs.Count && runs[next].Block <= at)
                {
                    ExtRun changed = runs[next++];
                    if (changed.Kind != FileExtentKind.Hole)
                        yield return changed;
                    at = Math.Max(at, End(changed));
                    continue;
                }
                ulong until = next < runs.Count ? Math.Min(end, runs[next].Block) : end;
                yield return Part(run, at, until);
                at = until;
            }
        }
        for (; next < runs.Count && runs[next].Block < to; next++)
            if (runs[next].Kind != FileExtentKind.Hole)
                yield return runs[next];
    }

    /// <summary>Goes along the blocks with all changes that cover the place in hand, the latest on top.</summary>
    private List<ExtRun> Flatten()
    {
        int[] byBlock = [.. Enumerable.Range(0, changes.Count).OrderBy(i => changes[i].Block)];
        ulong[] edges = [.. changes.SelectMany(c => new[] { c.Block, End(c) }).Distinct().Order()];
        var covering = new PriorityQueue<int, int>();
        var result = new List<ExtRun>();
        int next = 0, last = -1;
        for (int i = 0; i + 1 < edges.Length; i++)
        {
            for (; next < byBlock.Length && changes[byBlock[next]].Block <= edges[i]; next++)
                covering.Enqueue(byBlock[next], -byBlock[next]);
            while (covering.TryPeek(out int ended, out _) && End(changes[ended]) <= edges[i])
                covering.Dequeue();
            if (!covering.TryPeek(out int top, out _))
                continue;
            ExtRun part = Part(changes[top], edges[i], edges[i + 1]);
            if (top == last && End(result[^1]) == part.Block)
                result[^1] = result[^1] with { Length = result[^1].Length + part.Length };
            else
                result.Add(part);
            last = top;
        }
        return result;
    }

    /// <summary>The index of the first range that ends behind this block.</summary>
    private static int FirstBehind(List<ExtRun> runs, ulong block)
    {
        int low = 0, high = runs.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (End(runs[middle]) <= block)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static ulong End(ExtRun run) => run.Block + run.Length;

    private static ExtRun Part(ExtRun run, ulong from, ulong to) => run with
    {
        Block = from,
        Length = to - from,
        Start = run.Kind is FileExtentKind.Data or FileExtentKind.Unwritten ? run.Start + (from - run.Block) : run.Start,
    };
}
