using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;

namespace Jumpbag.FileSystems.Ext;

/// <summary>A run of a file's blocks; what is between runs is a hole.</summary>
internal readonly record struct ExtRun(ulong Block, ulong Length, FileExtentKind Kind, ulong Start = 0, string? Reason = null);

/// <summary>The content's places, kept as a tree of extents.</summary>
internal sealed class ExtExtentTree(ExtSuperblock superblock, ExtMetadataCache cache)
{
    /// <summary>A node on the way down, and the next entry to look at; it may speak of blocks [Low, High) only.</summary>
    private struct Level
    {
        public ReadOnlyMemory<byte> Node;
        public ExtExtentHeader Header;
        public int Next;
        public ulong Low, High;
    }

    /// <summary>
    /// The runs that end behind block <paramref name="from"/> and begin before <paramref name="to"/>, in ascending order.
    /// A node that cannot be used is a run of the kind Unreadable.
    /// </summary>
    public IEnumerable<ExtRun> Runs(ExtNode node, ulong from, ulong to, DamageSink damage)
    {
        var path = new Level[ExtExtentHeader.MaxDepth + 1];
        int depth = 0;
        if (Enter(ref path[0], node, node.Block, null, 0, 1UL << 32, from, damage) is { } bad)
        {
            yield return new(from, to - from, FileExtentKind.Unreadable, Reason: bad);
            yield break;
        }
        while (depth >= 0)
        {
            if (path[depth].Next >= path[depth].Header.Entries)
            {
                depth--;
                continue;
            }
            if (path[depth].Header.Depth > 0)
            {
                (ulong leaf, ulong low, ulong high, string? wrong) = Descend(ref path[depth]);
                if (low >= to)
                    yield break;
                wrong ??= Load(ref path[depth + 1], node, leaf, path[depth].Header.Depth - 1, low, high, from, damage);
                if (wrong == null)
                    depth++;
                else if (high > from)
                    yield return new(low, high - low, FileExtentKind.Unreadable, Reason: wrong);
                continue;
            }
            ExtRun run = Leaf(ref path[depth]);
            if (run.Block >= to)
                yield break;
            if (run.Length > 0 && run.Block + run.Length > from)
                yield return run;
        }
    }

    /// <summary>The next inner entry: where its node stands, which blocks it covers, and what is wrong with it.</summary>
    private (ulong Leaf, ulong Low, ulong High, string? Wrong) Descend(ref Level level)
    {
        ReadOnlySpan<byte> entries = level.Node.Span[ExtExtentHeader.Size..];
        ExtExtentIndex entry = ExtExtentIndex.Parse(entries[(level.Next * ExtExtentHeader.EntrySize)..]);
        level.Next++;
        ulong high = level.Next < level.Header.Entries
            ? ExtExtentIndex.Parse(entries[(level.Next * ExtExtentHeader.EntrySize)..]).Block
            : level.High;
        if (entry.Block < level.Low || high <= entry.Block || high > level.High)
        {
            ulong low = level.Low;
            level.Next = level.Header.Entries;
            return (0, low, level.High, "extent tree: entries are not in order");
        }
        level.Low = high;
        string? wrong = entry.Leaf == 0 || entry.Leaf >= superblock.BlocksCount
            ? $"extent tree: a node in block {entry.Leaf} of {superblock.BlocksCount}" : null;
        return (entry.Leaf, entry.Block, high, wrong);
    }

    private ExtRun Leaf(ref Level level)
    {
        ExtExtentLeaf entry = ExtExtentLeaf.Parse(level.Node.Span[(ExtExtentHeader.Size + level.Next * ExtExtentHeader.EntrySize)..]);
        level.Next++;
        ulong end = entry.Block + (ulong)entry.Length;
        if (entry.Length == 0 || entry.Block < level.Low || end > level.High)
        {
            ulong low = level.Low;
            level.Next = level.Header.Entries;
            return new(low, level.High - low, FileExtentKind.Unreadable, Reason: "extent tree: extents are empty or not in order");
        }
        level.Low = end;
        if (entry.Start == 0 || entry.Start >= superblock.BlocksCount || entry.Length > superblock.BlocksCount - entry.Start)
            return new(entry.Block, entry.Length, FileExtentKind.Unreadable,
                Reason: $"extent tree: an extent in block {entry.Start} of {superblock.BlocksCount}");
        return new(entry.Block, entry.Length, entry.Unwritten ? FileExtentKind.Unwritten : FileExtentKind.Data, entry.Start);
    }

    /// <summary>Null where the node can be used, else what is wrong.</summary>
    private string? Load(ref Level level, ExtNode node, ulong block, int depth, ulong low, ulong high, ulong from, DamageSink damage)
    {
        if (high <= from)
            return "not wanted";
        try
        {
            return Enter(ref level, node, cache.Block(block), depth, low, high, from, damage);
        }
        catch (UnreadableException e)
        {
            return $"extent tree node in block {block}: {e.Reason}";
        }
    }

    private string? Enter(ref Level level, ExtNode node, ReadOnlyMemory<byte> bytes, int? depth, ulong low, ulong high, ulong from, DamageSink damage)
    {
        ExtExtentHeader header;
        try
        {
            header = ExtExtentHeader.Parse(bytes.Span);
        }
        catch (CorruptException e)
        {
            return e.Message;
        }
        if (depth is { } expected && (header.Depth != expected || header.Entries == 0))
            return $"extent tree node: depth is {header.Depth}, not {expected}, with {header.Entries} entries";
        if (depth != null && superblock.HasMetadataChecksums && !header.ChecksumMatches(bytes.Span, node.ChecksumSeed))
            damage(new($"inode {node.Inode}: an extent tree node's checksum does not match"));
        level = new() { Node = bytes, Header = header, Low = low, High = high };
        Skip(ref level, from);
        return null;
    }

    /// <summary>Goes to the last entry that begins at or before the block: entries are in order, or found out not to be.</summary>
    private static void Skip(ref Level level, ulong from)
    {
        ReadOnlySpan<byte> entries = level.Node.Span[ExtExtentHeader.Size..];
        int low = 0, high = level.Header.Entries;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (ExtExtentIndex.Parse(entries[(middle * ExtExtentHeader.EntrySize)..]).Block <= from)
                low = middle + 1;
            else
                high = middle;
        }
        level.Next = Math.Max(0, low - 1);
    }
}
