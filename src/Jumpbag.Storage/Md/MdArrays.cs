using Jumpbag.Storage.Md.Format;

namespace Jumpbag.Storage.Md;

/// <summary>
/// Puts the members of Linux MD arrays together. Arrays are told apart by UUID. Of the members' superblocks the one with the most
/// events counts; who is behind it, or whom it says has failed, is left out, as the kernel does (drivers/md/md.c, analyze_sbs).
/// </summary>
public static class MdArrays
{
    /// <summary>In the order in which the members first name them. Nothing is thrown: what is wrong is in the arrays' warnings.</summary>
    public static IReadOnlyList<MdArray> Assemble(IEnumerable<MdMember> members) =>
        [.. members.GroupBy(member => (member.Superblock.Uuid, member.Superblock.Version[0])).Select(group => Assemble([.. group]))];

    private static MdArray Assemble(List<MdMember> members)
    {
        MdMember freshest = members.OrderBy(member => member.Superblock.Role < 0).ThenByDescending(member => member.Events).First();
        foreach (MdMember member in members)
            Judge(member, freshest.Superblock);
        // A disk and its copy say the same of themselves: the first that was given counts.
        foreach (IGrouping<int, MdMember> same in members.Where(member => member.Place is not null).GroupBy(member => member.Superblock.Number))
            foreach (MdMember copy in same.Skip(1))
                (copy.State, copy.Place, copy.Reason) = (MdMemberState.Duplicate, null, $"is the same member as {same.First().Locator} (a disk and its copy?); the first is used");
        var array = new MdArray(members, freshest);
        foreach (MdMember member in members)
            if (member.State is MdMemberState.Stale or MdMemberState.Duplicate)
                array.Warn($"{member.Locator} {member.Reason}");
        return array;
    }

    private static void Judge(MdMember member, MdSuperblock freshest)
    {
        int role = freshest.RoleOf(member.Superblock.Number), own = member.Superblock.Role;
        (MdMemberState state, string reason) =
            own == MdRole.Journal ? (MdMemberState.Journal, "")
            : own < 0 && role < 0 ? (MdMemberState.Spare, "")
            // While a member is taken out the counts of the others may differ by one.
            : member.Events + 1 < freshest.Events ? (MdMemberState.Stale, $"is stale and left out: it has seen {member.Events} events, the newest member {freshest.Events}")
            : role != own ? (MdMemberState.Stale, "is stale and left out: the array went on without it")
            : member.Superblock.RebuiltTo < long.MaxValue ? (MdMemberState.Rebuilding, "is being rebuilt")
            : (MdMemberState.Active, "");
        (member.State, member.Reason) = (state, reason);
        member.Place = state is MdMemberState.Active or MdMemberState.Rebuilding ? role : null;
    }
}
