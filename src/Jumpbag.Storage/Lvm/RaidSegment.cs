using Jumpbag.Core;
using Jumpbag.Storage.Lvm.Format;
using Jumpbag.Storage.Raid;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// The RAID types, which dm-raid maps: <c>raids</c> has for each device the volume with its state (lv_rmeta_N) and the one with its data
/// (lv_rimage_N), <c>raid0_lvs</c> only the latter; <c>stripe_size</c> is in sectors.
/// </summary>
internal static class RaidSegment
{
    private const int Near = 0x100;

    /// <summary>LVM's names, and the levels and layouts of MD behind them (dm-raid.c, raid_types).</summary>
    private static readonly Dictionary<string, (int Level, int Layout)> Levels = new()
    {
        ["raid0"] = (0, 0),
        ["raid0_meta"] = (0, 0),
        ["raid1"] = (1, 0),
        ["raid4"] = (4, ParityLayout.ParityLast),
        ["raid5"] = (5, ParityLayout.LeftSymmetric),
        ["raid5_ls"] = (5, ParityLayout.LeftSymmetric),
        ["raid5_rs"] = (5, ParityLayout.RightSymmetric),
        ["raid5_la"] = (5, ParityLayout.LeftAsymmetric),
        ["raid5_ra"] = (5, ParityLayout.RightAsymmetric),
        ["raid5_n"] = (5, ParityLayout.ParityLast),
        ["raid6"] = (6, ParityLayout.RotatingZeroRestart),
        ["raid6_zr"] = (6, ParityLayout.RotatingZeroRestart),
        ["raid6_nr"] = (6, ParityLayout.RotatingLastRestart),
        ["raid6_nc"] = (6, ParityLayout.RotatingLastContinue),
        ["raid6_n_6"] = (6, ParityLayout.ParityLast),
        ["raid6_ls_6"] = (6, ParityLayout.LeftSymmetric6),
        ["raid6_rs_6"] = (6, ParityLayout.RightSymmetric6),
        ["raid6_la_6"] = (6, ParityLayout.LeftAsymmetric6),
        ["raid6_ra_6"] = (6, ParityLayout.RightAsymmetric6),
        ["raid10"] = (10, Near | 2),
        ["raid10_near"] = (10, Near | 2),
    };

    public static IEnumerable<string> Types => Levels.Keys;

    public static BlockDevice Open(Segment segment, SegmentContext context)
    {
        (int level, int layout) = Levels[segment.Type];
        long count = segment.Section.Integer(segment.Section.Has("device_count") ? "device_count" : "stripe_count", 1, 1024);
        var (states, images) = Volumes(segment, context, (int)count);
        long length = segment.ExtentCount * context.ExtentSize;
        long stripe = level == 1 ? 0 : segment.Section.Integer("stripe_size", 1) * 512;
        if (level == 10)
            layout = Near | (int)(segment.Section.IntegerOrNull("data_copies") ?? 2);

        var members = RaidMembers.Read(context, states, images, level);
        Check(members.Freshest, context, segment, level, ref layout, stripe, count);
        long offset = members.Freshest?.DataOffset ?? 0;
        BlockDevice array = level switch
        {
            0 => new Striped(members.Open(offset, length / count), stripe),
            1 => new Mirrored(members.OpenMirror(offset, length), length),
            10 => OpenRaid10(members, layout, offset, stripe, context.Whole(images[0]).Length - offset),
            _ => OpenParity(members, ParityLayout.Create(level, layout, (int)count), offset, stripe, length),
        };
        context.Volume.NoteDevices(segment.Type, members.Lacking);
        if (array.Length < length)
            throw new CorruptException($"LVM2 metadata: {context.Volume.FullName}: its devices hold {array.Length} of {length} bytes");
        return array.Length == length ? array : new Slice(array, 0, length);
    }

    private static (string?[] States, string[] Images) Volumes(Segment segment, SegmentContext context, int count)
    {
        bool hasStates = segment.Section.Has("raids");
        IReadOnlyList<string> names = segment.Section.Texts(hasStates ? "raids" : "raid0_lvs");
        if (names.Count != (hasStates ? 2 * count : count))
            throw new CorruptException($"LVM2 metadata: {context.Volume.FullName}: {names.Count} volumes for {count} devices");
        return hasStates
            ? ([.. names.Where((_, i) => i % 2 == 0)], [.. names.Where((_, i) => i % 2 == 1)])
            : (new string?[count], [.. names]);
    }

    /// <summary>LVM writes down what it wants first, and dm-raid does it: until then the one does not describe what the other has.</summary>
    private static void Check(RaidSuperblock? state, SegmentContext context, Segment segment, int level, ref int layout, long stripe, long count)
    {
        if (state is null)
            return;
        string what = $"logical volume {context.Volume.FullName} ({segment.Type})";
        const string ByHand = "activate it on a machine with LVM (vgchange -ay) and give its /dev path instead";
        if (state.IsReshaping)
            throw new UnsupportedException($"{what} was being reshaped: part of it lies in the old way and part in the new, which is not supported", ByHand);
        if (state.UnknownFeatures != 0)
            throw new UnsupportedException($"{what} has features that are not known here (0x{state.UnknownFeatures:x})", ByHand);
        if (level == 10 && state.Level == 10)
            layout = state.Layout;
        if (state.Level != level || state.Devices != count || (level is 5 or 6 && state.Layout != layout) || (level > 1 && state.StripeSize != stripe))
            throw new UnsupportedException($"{what} was being converted: its devices are still those of RAID {state.Level} with {state.Devices} devices, which is not supported", ByHand);
    }

    private static ParityArray OpenParity(RaidMembers members, ParityLayout layout, long offset, long stripe, long length)
    {
        long rows = (length + (stripe * layout.DataMembers) - 1) / (stripe * layout.DataMembers);
        ByteRanges? unsynced = members.SyncedTo == long.MaxValue ? null : new([(members.SyncedTo, long.MaxValue)]);
        return new(layout, members.Open(offset, rows * stripe), stripe, rows * stripe, unsynced, "its parity had not been computed so far");
    }

    private static Raid10Array OpenRaid10(RaidMembers members, int layout, long offset, long stripe, long memberLength) =>
        new(Raid10Layout.Create(layout, members.Count, stripe, memberLength), members.Open(offset, memberLength), stripe, members.SyncedTo);
}
