using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// Linear and striped segments: <c>stripe_count</c> areas of equal length, each a name and its first extent in
/// <c>stripes</c>, read in turns of <c>stripe_size</c> sectors. With one area it is linear.
/// </summary>
internal static class StripedSegment
{
    public static BlockDevice Open(Segment segment, SegmentContext context)
    {
        long count = segment.Section.Integer("stripe_count", 1);
        IReadOnlyList<object> areas = segment.Section.List("stripes");
        if (areas.Count != count * 2 || segment.ExtentCount % count != 0)
            throw new CorruptException(
                $"LVM2 metadata: {context.Volume.FullName}: {segment.ExtentCount} extents in {count} stripes on {areas.Count / 2} areas");
        long extents = segment.ExtentCount / count;
        var devices = new BlockDevice[count];
        for (int i = 0; i < count; i++)
            devices[i] = areas[2 * i] is string name && areas[(2 * i) + 1] is >= 0L and <= (long)uint.MaxValue and long first
                ? context.Area(name, first, extents)
                : throw new CorruptException($"LVM2 metadata: {context.Volume.FullName}: stripe {i} has no place");
        if (count == 1)
            return devices[0];
        long stripeSize = segment.Section.Integer("stripe_size", 1) * 512;
        // The kernel refuses stripes that do not fill their areas.
        return extents * context.ExtentSize % stripeSize == 0
            ? new Striped(devices, stripeSize)
            : throw new CorruptException($"LVM2 metadata: {context.Volume.FullName}: stripes of {stripeSize} bytes do not fill {extents} extents");
    }
}
