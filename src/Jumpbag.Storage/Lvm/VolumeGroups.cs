using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// Puts physical volumes together to volume groups by the metadata on them. Groups and volumes are told apart by UUID:
/// groups of the same name stay apart, and of two physical volumes with one UUID (a disk and its copy) the first counts.
/// </summary>
public static class VolumeGroups
{
    /// <summary>Bounds what the metadata of all groups may hold in memory (about 100 MiB).</summary>
    private const int MaxValues = 2 * ConfigText.MaxValues;

    /// <summary>The groups in the order in which the volumes first name them. Nothing is thrown: what is wrong is in their warnings.</summary>
    /// <param name="volumes">In the order in which the disks were given.</param>
    /// <param name="otherWarnings">Takes what concerns volumes of no group, such as metadata that cannot be used at all.</param>
    public static IReadOnlyList<VolumeGroup> Assemble(IEnumerable<PhysicalVolume> volumes, ICollection<string>? otherWarnings = null)
    {
        var present = new OrderedDictionary<string, PhysicalVolume>();
        var duplicates = new List<PhysicalVolume>();
        foreach (PhysicalVolume volume in volumes)
            if (!present.TryAdd(volume.Uuid, volume))
                duplicates.Add(volume);

        var collected = new MetadataCollection(MaxValues);
        foreach (PhysicalVolume volume in present.Values)
            collected.AddCurrent(volume);
        // Only volumes that no good metadata knows are worth a look at what is left of older texts.
        HashSet<string> known = [.. collected.Newest.SelectMany(text => text.PhysicalVolumes).Select(reference => reference.Uuid)];
        foreach (PhysicalVolume volume in present.Values)
            if (!known.Contains(volume.Uuid))
                collected.AddOlder(volume);

        var groups = collected.Newest.Select(text => (Text: text, Group: new VolumeGroup(text))).ToList();
        foreach (PhysicalVolume volume in present.Values)
            Claim(volume, groups);
        foreach ((GroupText text, VolumeGroup group) in groups)
        {
            foreach (string warning in collected.WarningsFor(text))
                group.Warn(warning);
            WarnOfVolumes(group, duplicates);
        }
        foreach (string warning in collected.OtherWarnings())
            otherWarnings?.Add(warning);
        return [.. groups.Select(pair => pair.Group)];
    }

    /// <summary>
    /// Gives the volume to its group. Where several groups list it, it moved from one to another while some of their
    /// volumes were away: the group that does not miss it has it, else the one whose metadata was written last.
    /// </summary>
    private static void Claim(PhysicalVolume volume, List<(GroupText Text, VolumeGroup Group)> groups)
    {
        var claims = groups
            .Select(pair => (pair.Text, pair.Group, Reference: pair.Group.PhysicalVolumes.FirstOrDefault(reference => reference.Uuid == volume.Uuid)))
            .Where(claim => claim.Reference is not null)
            .OrderBy(claim => claim.Reference!.IsFlaggedMissing)
            .ThenByDescending(claim => claim.Text.CreationTime)
            .ToList();
        if (claims.Count == 0)
            return;
        claims[0].Reference!.Volume = volume;
        foreach (var (_, group, _) in claims.Skip(1))
            group.Warn($"physical volume {volume.Uuid} now belongs to volume group {claims[0].Group.Name} ({claims[0].Group.Uuid}), and is missing here");
    }

    private static void WarnOfVolumes(VolumeGroup group, List<PhysicalVolume> duplicates)
    {
        foreach (PhysicalVolumeReference reference in group.PhysicalVolumes)
        {
            if (reference.Volume is not { } volume)
            {
                group.Warn($"{reference} is missing");
                continue;
            }
            int copies = duplicates.Count(duplicate => duplicate.Uuid == volume.Uuid);
            if (copies > 0)
                group.Warn($"physical volume {volume.Uuid} was given {copies + 1} times (a disk and its copy?); the first is used");
            if (reference.IsFlaggedMissing)
                group.Warn($"{reference} was away when the group was changed last; its data may be older than that of the others");
            if (volume.DataStart is { } start && start != reference.Start && reference.ExtentCount > 0)
                group.Warn($"physical volume {volume.Uuid} begins its extents at byte {reference.Start} by the metadata, {start} by its label; the metadata counts");
        }
    }
}
