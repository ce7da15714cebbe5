using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// The segment types that can be read. A new one is a line here and a file beside this one; volumes of all others are
/// listed, and refused when they are opened.
/// </summary>
internal static class SegmentTypes
{
    public delegate BlockDevice Opener(Segment segment, SegmentContext context);

    private static readonly Dictionary<string, Opener> Openers = new(RaidSegment.Types.Select(type => KeyValuePair.Create<string, Opener>(type, RaidSegment.Open)))
    {
        ["linear"] = StripedSegment.Open,
        ["striped"] = StripedSegment.Open,
        ["mirror"] = MirrorSegment.Open,
        ["zero"] = (segment, context) => new ZeroDevice(segment.ExtentCount * context.ExtentSize),
        ["error"] = (segment, context) => new UnreadableDevice(segment.ExtentCount * context.ExtentSize, "LVM keeps nothing there (an error segment)"),
        ["thin"] = ThinSegment.Open,
        ["thin-pool"] = ThinPoolSegment.Refuse,
    };

    /// <exception cref="UnsupportedException">The type or one of its flags is not among these.</exception>
    public static BlockDevice Open(Segment segment, SegmentContext context)
    {
        if (!Openers.TryGetValue(segment.Type, out Opener? open))
            throw new UnsupportedException($"logical volume {context.Volume.FullName}: reading {segment.Type} volumes is not supported",
                "activate it on a machine with LVM (vgchange -ay) and give its /dev path instead");
        if (segment.Flags.Count > 0)
            throw new UnsupportedException($"logical volume {context.Volume.FullName}: {segment.Type} with {segment.Flags[0]} is not supported");
        return open(segment, context);
    }
}
