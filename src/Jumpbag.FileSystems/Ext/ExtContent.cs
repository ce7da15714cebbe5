using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;

namespace Jumpbag.FileSystems.Ext;

/// <summary>Where the content of an inode lies, whatever it is the content of and however it is kept.</summary>
internal sealed class ExtContent(ExtSuperblock superblock, ExtExtentTree tree, ExtBlockMap map, ExtAttributes attributes, ExtOverrides? overrides)
{
    /// <summary>
    /// The extents from <paramref name="offset"/> to the size: the one place where block maps and extent trees are read.
    /// </summary>
    public IEnumerable<FileExtent> Extents(ExtNode node, long offset, DamageSink damage)
    {
        if (node.Has(ExtInodeFlags.InlineData))
            return Inline(node, offset, damage);
        return Mapped(node, offset, damage);
    }

    private IEnumerable<FileExtent> Mapped(ExtNode node, long offset, DamageSink damage)
    {
        if (offset >= node.Size)
            yield break;
        long blockSize = superblock.BlockSize, at = offset;
        ulong from = (ulong)(offset / blockSize), to = ((ulong)node.Size + (ulong)blockSize - 1) / (ulong)blockSize;
        IEnumerable<ExtRun> runs = node.Has(ExtInodeFlags.Extents) ? tree.Runs(node, from, to, damage) : map.Runs(node, from, to);
        if (overrides?.Ranges(node.Inode) is { } changed)
            runs = changed.Over(runs, from, to);
        foreach (ExtRun run in runs)
        {
            long begin = Math.Max(at, Bytes(run.Block)), end = Math.Min(node.Size, Bytes(run.Block, run.Length));
            if (begin > at)
                yield return new(at, begin - at, FileExtentKind.Hole);
            if (end > begin)
            {
                long start = run.Kind == FileExtentKind.Data || run.Kind == FileExtentKind.Unwritten
                    ? (long)run.Start * blockSize + (begin - (long)run.Block * blockSize) : 0;
                yield return new(begin, end - begin, run.Kind, start, Reason: run.Reason);
            }
            at = Math.Max(at, end);
            if (at >= node.Size)
                yield break;
        }
        if (at < node.Size)
            yield return new(at, node.Size - at, FileExtentKind.Hole);

        // A run may claim to reach further than bytes can be counted.
        long Bytes(ulong block, ulong length = 0) =>
            length > ulong.MaxValue - block || block + length > (ulong)(long.MaxValue / blockSize)
                ? node.Size : Math.Min(node.Size, (long)(block + length) * blockSize);
    }

    private IEnumerable<FileExtent> Inline(ExtNode node, long offset, DamageSink damage)
    {
        if (offset >= node.Size)
            yield break;
        ReadOnlyMemory<byte> bytes = attributes.InlineData(node, damage);
        long held = Math.Min(bytes.Length, node.Size);
        if (offset < held)
            yield return new(offset, held - offset, FileExtentKind.Inline, Inline: bytes[(int)offset..(int)held]);
        if (held < node.Size)
        {
            long from = Math.Max(held, offset);
            yield return new(from, node.Size - from, FileExtentKind.Unreadable,
                Reason: $"the inode holds {bytes.Length} bytes of inline data, not {node.Size}");
        }
    }
}
