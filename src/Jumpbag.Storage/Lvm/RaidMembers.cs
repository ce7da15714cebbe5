using Jumpbag.Core;
using Jumpbag.Storage.Lvm.Format;
using Jumpbag.Storage.Raid;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// The devices of a RAID volume, and how far each is believed. As for dm-raid, the state with the most events counts: who is behind
/// it, or whom it says has failed, holds older data (dm-raid.c, super_validate).
/// </summary>
internal sealed class RaidMembers
{
    private readonly (string Name, BlockDevice Image, string? Reason, long RebuiltTo)[] members;

    private RaidMembers((string, BlockDevice, string?, long)[] members, RaidSuperblock? freshest, long syncedTo)
    {
        this.members = members;
        Freshest = freshest;
        SyncedTo = syncedTo;
    }

    public int Count => members.Length;

    /// <summary>The state that counts; null where the volume was never in use, or keeps none.</summary>
    public RaidSuperblock? Freshest { get; }

    public long SyncedTo { get; }

    /// <summary>All of them by name, with why one is not believed, or not wholly; null where it is.</summary>
    public IReadOnlyList<(string Name, string? Reason)> Lacking =>
        [.. members.Select(member => (member.Name, member.Reason ?? (member.RebuiltTo < long.MaxValue ? "is being rebuilt" : null)))];

    public static RaidMembers Read(SegmentContext context, string?[] states, string[] images, int level)
    {
        int count = images.Length;
        var superblocks = new RaidSuperblock?[count];
        var reasons = new string?[count];
        var devices = new BlockDevice[count];
        for (int i = 0; i < count; i++)
        {
            devices[i] = context.Whole(images[i]);
            reasons[i] = new Member(devices[i]).GoneBecause;
            if (states[i] is { } state && level > 0)
                superblocks[i] = ReadState(context.Whole(state), ref reasons[i]);
        }
        RaidSuperblock? freshest = superblocks.MaxBy(superblock => superblock?.Events);
        var members = new (string, BlockDevice, string?, long)[count];
        for (int i = 0; i < count; i++)
        {
            string? reason = level == 0 ? reasons[i] : reasons[i] ?? Distrust(superblocks[i], freshest, i) ?? context.Distrust(images[i]);
            members[i] = (images[i], devices[i], reason, level == 0 ? long.MaxValue : superblocks[i]?.RebuiltTo ?? long.MaxValue);
        }
        return new(members, freshest, level == 0 ? long.MaxValue : freshest?.SyncedTo ?? 0);
    }

    /// <summary>Each member's data as far as it is believed.</summary>
    /// <param name="offset">Where it begins, in bytes.</param>
    /// <param name="length">How much of each is used.</param>
    public IEnumerable<BlockDevice> Open(long offset, long length) => members.Select(member => Open(member, offset, length));

    /// <summary>The same of a mirror: behind what is in sync only the first of those that are there counts.</summary>
    public IEnumerable<BlockDevice> OpenMirror(long offset, long length)
    {
        int first = Math.Max(0, Array.FindIndex(members, member => member.Reason is null && member.RebuiltTo == long.MaxValue));
        string reason = $"is not known to be like {members[0].Name} there: they had not been synchronised so far";
        return members.Select((member, i) => (Member: member, Index: i)).OrderBy(pair => pair.Index != first).Select(pair =>
            pair.Index == 0 || SyncedTo >= length ? Open(pair.Member, offset, length) : ByteRanges.UpTo(Open(pair.Member, offset, length), SyncedTo, $"{pair.Member.Name} {reason}"));
    }

    private static BlockDevice Open((string Name, BlockDevice Image, string? Reason, long RebuiltTo) member, long offset, long length)
    {
        if (member.Reason is { } reason)
            return new UnreadableDevice(length, $"{member.Name}: {reason}");
        var data = new Slice(member.Image, offset, length);
        return member.RebuiltTo >= length ? data : ByteRanges.UpTo(data, member.RebuiltTo, $"{member.Name} was not rebuilt so far");
    }

    private static RaidSuperblock? ReadState(BlockDevice state, ref string? reason)
    {
        var bytes = new byte[RaidSuperblock.Length];
        try
        {
            state.Read(0, bytes);
            return RaidSuperblock.Parse(bytes);
        }
        catch (UnreadableException e)
        {
            reason ??= $"its state cannot be read: {e.Reason}";
            return null;
        }
    }

    private static string? Distrust(RaidSuperblock? own, RaidSuperblock? freshest, int position) =>
        freshest is null ? null
        : own is null ? "is new and was never filled"
        : freshest.HasFailed(position) ? "had failed, and the volume went on without it"
        : own.Events + 1 < freshest.Events ? $"is stale: it has seen {own.Events} events, the newest device {freshest.Events}"
        : own.Position != position ? $"says that it is device {own.Position}"
        : null;
}
