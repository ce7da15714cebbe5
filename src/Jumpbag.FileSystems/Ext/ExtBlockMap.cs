using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext;

/// <summary>
/// The content's places as ext2 keeps them: twelve block numbers in i_block, then one each to a block of numbers, to a block
/// of such blocks, and once more. 0 is a hole.
/// https://docs.kernel.org/filesystems/ext4/ifork.html
/// </summary>
internal sealed class ExtBlockMap(ExtSuperblock superblock, ExtMetadataCache cache)
{
    private const int Direct = 12, WordSize = 4;

    private readonly ulong perBlock = (ulong)superblock.BlockSize / WordSize;

    /// <summary>The runs from block <paramref name="from"/> until before <paramref name="to"/>, in ascending order; holes are left out.</summary>
    public IEnumerable<ExtRun> Runs(ExtNode node, ulong from, ulong to)
    {
        ulong at = from;
        ExtRun open = default;
        while (at < to)
        {
            ExtRun run = Next(node, at);
            at = run.Block + run.Length;
            bool joins = open.Length > 0 && open.Kind == run.Kind && run.Kind == FileExtentKind.Data
                && open.Start + open.Length == run.Start && open.Block + open.Length == run.Block;
            if (joins)
            {
                open = open with { Length = open.Length + run.Length };
                continue;
            }
            if (open.Length > 0)
                yield return open;
            open = run.Kind == FileExtentKind.Hole ? default : run;
        }
        if (open.Length > 0)
            yield return open;
    }

    /// <summary>What begins at a block, and for how many blocks that can be told from one look.</summary>
    private ExtRun Next(ExtNode node, ulong block)
    {
        if (block < Direct)
            return Count(node.Block.AsSpan(0, Direct * WordSize), (int)block, block);
        ulong rest = block - Direct, span = perBlock;
        for (int level = 1; level <= 3; level++, span *= perBlock)
        {
            if (rest < span)
                return Descend(ReadUInt32LittleEndian(node.Block.AsSpan((Direct + level - 1) * WordSize)), level, span, rest, block);
            rest -= span;
        }
        return new(block, ulong.MaxValue - block, FileExtentKind.Unreadable, Reason: "beyond what a block map reaches");
    }

    /// <param name="pointer">The block of numbers, which covers <paramref name="span"/> blocks of the file.</param>
    /// <param name="level">1: its numbers are the content's blocks.</param>
    /// <param name="span">In blocks.</param>
    /// <param name="rest">The wanted block within the span.</param>
    /// <param name="block">The wanted block.</param>
    private ExtRun Descend(uint pointer, int level, ulong span, ulong rest, ulong block)
    {
        while (true)
        {
            if (pointer == 0)
                return new(block, span - rest, FileExtentKind.Hole);
            if (pointer >= superblock.BlocksCount)
                return new(block, span - rest, FileExtentKind.Unreadable,
                    Reason: $"block map: an indirect block {pointer} of {superblock.BlocksCount}");
            ReadOnlyMemory<byte> numbers;
            try
            {
                numbers = cache.Block(pointer);
            }
            catch (UnreadableException e)
            {
                return new(block, span - rest, FileExtentKind.Unreadable, Reason: $"block map: indirect block {pointer}: {e.Reason}");
            }
            if (level == 1)
                return Count(numbers.Span, (int)rest, block);
            span /= perBlock;
            level--;
            pointer = ReadUInt32LittleEndian(numbers.Span[((int)(rest / span) * WordSize)..]);
            rest %= span;
        }
    }

    /// <summary>The run that begins with the number at an index: holes, or blocks that follow each other.</summary>
    private ExtRun Count(ReadOnlySpan<byte> numbers, int index, ulong block)
    {
        uint first = ReadUInt32LittleEndian(numbers[(index * WordSize)..]);
        int room = numbers.Length / WordSize - index;
        uint length = 1;
        while (length < room && ReadUInt32LittleEndian(numbers[((index + (int)length) * WordSize)..]) == (first == 0 ? 0 : first + length))
            length++;
        if (first == 0)
            return new(block, length, FileExtentKind.Hole);
        if (first >= superblock.BlocksCount)
            return new(block, 1, FileExtentKind.Unreadable, Reason: $"block map: block {first} of {superblock.BlocksCount}");
        return new(block, Math.Min(length, superblock.BlocksCount - first), FileExtentKind.Data, first);
    }
}
