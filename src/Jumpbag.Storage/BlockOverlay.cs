using Jumpbag.Core;

namespace Jumpbag.Storage;

/// <summary>
/// A device with some of its blocks replaced: what a journal would write to it, without writing. It holds no contents,
/// only where the new ones lie in another device.
/// </summary>
public sealed class BlockOverlay : BlockDevice
{
    private readonly BlockDevice lower;
    private readonly BlockDevice upper;
    private readonly int blockSize;
    private readonly long[] blocks;
    private readonly long[] offsets;

    /// <param name="lower">Where every other block comes from.</param>
    /// <param name="upper">Where the replaced blocks come from.</param>
    /// <param name="blockSize">In bytes, of both.</param>
    /// <param name="blocks">The numbers of the replaced blocks of <paramref name="lower"/>, ascending, each once.</param>
    /// <param name="offsets">For each of them, its byte offset in <paramref name="upper"/>.</param>
    public BlockOverlay(BlockDevice lower, BlockDevice upper, int blockSize, long[] blocks, long[] offsets)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(offsets.Length, blocks.Length);
        this.lower = lower;
        this.upper = upper;
        this.blockSize = blockSize;
        this.blocks = blocks;
        this.offsets = offsets;
        // A truncated image may end before a block that the journal still has.
        Length = blocks.Length == 0 ? lower.Length : Math.Max(lower.Length, checked((blocks[^1] + 1) * blockSize));
    }

    public override long Length { get; }

    public override int SectorSize => lower.SectorSize;

    public override int RequestSize => lower.RequestSize;

    public override bool IsWhole => Length <= lower.Length && lower.IsWhole;

    /// <summary>The device without the replaced blocks.</summary>
    public BlockDevice Lower => lower;

    public int ReplacedBlocks => blocks.Length;

    public override void Read(long offset, Span<byte> destination)
    {
        long end = offset + destination.Length, at = offset;
        for (int i = Storage.ReplacedBlocks.FirstFrom(blocks, blockSize, offset); at < end; i++)
        {
            long start = i < blocks.Length ? blocks[i] * blockSize : long.MaxValue;
            if (start > at)
            {
                long until = Math.Min(start, end);
                lower.Read(at, destination[(int)(at - offset)..(int)(until - offset)]);
                at = until;
            }
            if (at < end)
            {
                long until = Math.Min(start + blockSize, end);
                ReadReplaced(at, offsets[i] + (at - start), destination[(int)(at - offset)..(int)(until - offset)]);
                at = until;
            }
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length) => Storage.ReplacedBlocks.Extents(lower, blocks, blockSize, offset, length);

    private void ReadReplaced(long offset, long upperOffset, Span<byte> destination)
    {
        try
        {
            upper.Read(upperOffset, destination);
        }
        catch (UnreadableException e)
        {
            throw new UnreadableException(offset + (e.Offset - upperOffset), e.Length, $"in the journal: {e.Reason}");
        }
    }
}
