using Jumpbag.Core;
using Jumpbag.Storage.Lvm.Format;
using Jumpbag.Storage.Raid;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// The mirrors from before RAID 1, and those that pvmove(8) makes while it runs: <c>mirrors</c> has a name and a first extent for each
/// device, <c>mirror_log</c> the volume that says which regions (of <c>region_size</c> sectors) are in sync. Where they are not,
/// only the first device counts.
/// </summary>
internal static class MirrorSegment
{
    public static BlockDevice Open(Segment segment, SegmentContext context)
    {
        IReadOnlyList<object> areas = segment.Section.List("mirrors");
        if (areas.Count < 2 || areas.Count % 2 != 0)
            throw new CorruptException($"LVM2 metadata: {context.Volume.FullName}: a mirror on {areas.Count / 2} devices");
        var devices = new BlockDevice[areas.Count / 2];
        for (int i = 0; i < devices.Length; i++)
            devices[i] = areas[2 * i] is string name && areas[(2 * i) + 1] is >= 0L and <= (long)uint.MaxValue and long first
                ? context.Trusted(name, first, segment.ExtentCount)
                : throw new CorruptException($"LVM2 metadata: {context.Volume.FullName}: mirror {i} has no place");
        // A move is in one place or the other, never in both: what is done is at the target, all else still at the source.
        if (segment.Section.IntegerOrNull("extents_moved") is { } moved)
            return devices.Length == 2 && moved >= segment.ExtentCount ? devices[1] : devices[0];

        long length = segment.ExtentCount * context.ExtentSize;
        ByteRanges unsynced = Unsynced(segment, context, length, out string reason);
        context.Volume.NoteDevices("mirror", [.. devices.Select((device, i) => (Name(areas, i), new Member(device).GoneBecause))]);
        return new Mirrored(devices.Select((device, i) => i == 0 ? device : unsynced.Without(device, $"{Name(areas, i)} need not be like {Name(areas, 0)} there: {reason}")), length);
    }

    private static string Name(IReadOnlyList<object> areas, int index) => (string)areas[2 * index];

    private static ByteRanges Unsynced(Segment segment, SegmentContext context, long length, out string reason)
    {
        reason = "the mirror's log was in memory only";
        // Made without a first synchronisation: LVM takes all to be alike from the start.
        if (context.Volume.HasStatus("NOTSYNCED"))
            return ByteRanges.None;
        if (segment.Section.TextOrNull("mirror_log") is not { } log)
            return new([(0, length)]);
        reason = "the mirror's log says so";
        if (MirrorLog.Unsynced(context.Whole(log), length, segment.Section.Integer("region_size", 1) * 512) is { } ranges)
            return ranges;
        reason = $"the mirror's log {log} cannot be read";
        return new([(0, length)]);
    }
}
