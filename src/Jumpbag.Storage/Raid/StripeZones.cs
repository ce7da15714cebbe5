using Jumpbag.Core;

namespace Jumpbag.Storage.Raid;

/// <summary>
/// RAID 0 of unequal members: as far as the shortest reaches all take part, behind it the longer ones go on among themselves, and
/// so on. Kernels before 3.14 chose the member by the chunk's number in the whole array, later ones by its number in the zone.
/// </summary>
public static class StripeZones
{
    /// <param name="devices">In the order of the array, each as long as it is used; those in their places that are missing, too.</param>
    /// <param name="chunk">In bytes.</param>
    /// <param name="countsFromStart">MD's layout 1, the old way; null where the array does not tell which, so that zones behind the first are unreadable if it matters.</param>
    /// <exception cref="CorruptException">More than any device can hold is claimed.</exception>
    public static BlockDevice Open(IReadOnlyList<BlockDevice> devices, long chunk, bool? countsFromStart)
    {
        long[] ends = [.. devices.Select(device => device.Length / chunk).Where(rows => rows > 0).Distinct().Order()];
        var zones = new List<BlockDevice>();
        long start = 0;
        UInt128 before = 0;
        foreach (long end in ends)
        {
            List<BlockDevice> members = [.. devices.Where(device => device.Length / chunk >= end)
                .Select(device => new Slice(device, start * chunk, (end - start) * chunk))];
            int turn = (int)(before % (ulong)members.Count);
            zones.Add(countsFromStart is null && turn != 0
                ? new UnreadableDevice(new Striped(members, chunk).Length, "the array does not say in which of two ways its members of unequal length are used")
                : new Striped(countsFromStart == true ? [.. members.Skip(turn), .. members.Take(turn)] : members, chunk));
            before += (UInt128)(ulong)(end - start) * (ulong)members.Count;
            start = end;
        }
        return zones.Count == 1 ? zones[0] : new Concatenation(zones);
    }
}
