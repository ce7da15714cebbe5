using Jumpbag.Core;

namespace Jumpbag.Storage;

/// <summary>
/// A contiguous part of another device: a partition, or everything from an offset on. It may claim to reach past its
/// parent's end, as a partition of a truncated image does; those bytes are unreadable.
/// </summary>
public sealed class Slice : BlockDevice
{
    private readonly BlockDevice parent;
    private readonly long start;

    public Slice(BlockDevice parent, long start, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        this.parent = parent;
        this.start = start;
        Length = Math.Min(length, long.MaxValue - start);
    }

    public override long Length { get; }

    public override int SectorSize => parent.SectorSize;

    public override int RequestSize => parent.RequestSize;

    public override bool IsWhole => start <= parent.Length - Length && parent.IsWhole;

    /// <summary>The device this is a part of.</summary>
    public BlockDevice Parent => parent;

    /// <summary>Where it begins, in bytes of <see cref="Parent"/>.</summary>
    public long Start => start;

    /// <summary>What a device is a part of, if need be of a part, and where it begins there in bytes; of any other device itself, from 0.</summary>
    public static (BlockDevice Whole, long Offset) Whole(BlockDevice device)
    {
        long offset = 0;
        for (; device is Slice slice; device = slice.parent)
            offset += slice.start;
        return (device, offset);
    }

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw new UnreadableException(offset, destination.Length, "beyond the end of the partition");
        try
        {
            parent.Read(start + offset, destination);
        }
        catch (UnreadableException e)
        {
            throw new UnreadableException(e.Offset - start, e.Length, e.Reason);
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length)
    {
        long inside = Math.Clamp(Length - offset, 0, length);
        if (inside > 0)
            foreach (Extent extent in parent.Extents(start + offset, inside))
                yield return extent with { Offset = extent.Offset - start };
        if (inside < length)
            yield return new(offset + inside, length - inside, ExtentKind.Unreadable, Reason: "beyond the end of the partition");
    }
}
