using Jumpbag.Core;
using Jumpbag.Storage.DeviceMapper;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// A thin volume: device <c>device_id</c> of <c>thin_pool</c>. Where the pool has mapped nothing, <c>external_origin</c> shows through.
/// </summary>
internal static class ThinSegment
{
    public static BlockDevice Open(Segment segment, SegmentContext context)
    {
        LogicalVolume volume = context.Volume;
        // LVM swaps the two when the volume is activated next; until then only the metadata says so.
        LogicalVolume source = volume.MergingThinSnapshot ?? volume;
        Segment shown = source.Segments[0];
        if (volume.Segments.Count != 1)
            throw new CorruptException($"LVM2 metadata: {volume.FullName} is thin and has {volume.Segments.Count} segments");
        ThinPool pool = context.Other(shown.Section.Text("thin_pool")).OpenPool(context.Depth + 1);
        BlockDevice? origin = shown.Section.TextOrNull("external_origin") is { } name ? context.Other(name).OpenShown(context.Depth + 1) : null;
        try
        {
            return pool.OpenDevice(shown.Section.Integer("device_id"), source.Size, origin);
        }
        catch (CorruptException e)
        {
            throw new CorruptException($"logical volume {volume.FullName}: {e.Message}", ThinPoolSegment.RepairHint);
        }
    }
}
