using Jumpbag.Core;
using Jumpbag.Storage.Lvm.Format;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// The metadata of all volume groups, from every area of every physical volume. Of each group only the newest text is kept;
/// what was wrong with the others becomes warnings.
/// </summary>
internal sealed class MetadataCollection(int maxValues)
{
    private readonly OrderedDictionary<string, GroupText> newest = [];
    private readonly List<(PhysicalVolume Volume, MetadataArea Area)> damaged = [];

    /// <summary>The group is "" where it is not known.</summary>
    private readonly List<(string Volume, string Group, string Warning)> warnings = [];

    /// <summary>Which group and state each text describes, by what identifies the text.</summary>
    private readonly Dictionary<(int Length, uint, uint), (string Group, long SequenceNumber)> seen = [];
    private readonly List<(string Volume, string Area, string Group, long SequenceNumber)> found = [];
    private int values;

    public IReadOnlyList<GroupText> Newest => [.. newest.Values];

    /// <summary>Takes the current text of each of the volume's areas.</summary>
    public void AddCurrent(PhysicalVolume volume)
    {
        foreach (MetadataArea area in volume.Areas)
        {
            bool wasRead = false;
            try
            {
                byte[]? text = area.ReadText();
                wasRead = true;
                if (text is not null)
                    Add(volume, area, text);
            }
            catch (JumpbagException e) when (e is CorruptException or UnsupportedException or UnreadableException)
            {
                Warn(volume, "", $"{area.Name} of physical volume {volume.Uuid} cannot be used: {(e as UnreadableException)?.Reason ?? e.Message}");
                // A text that is whole and yet makes no sense to us is no reason to believe an older one.
                if (!wasRead && e is not UnsupportedException)
                    damaged.Add((volume, area));
            }
        }
    }

    /// <summary>
    /// For a volume whose group is not known from good metadata: the newest text that is still whole in the ring buffers
    /// of its damaged areas. It may be older than what the volumes hold, and no checksum vouches for it.
    /// </summary>
    public void AddOlder(PhysicalVolume volume)
    {
        GroupText? best = null;
        foreach (var (_, area) in damaged.Where(pair => pair.Volume == volume))
            foreach (byte[] bytes in area.OlderTexts())
                if (TryParse(bytes) is { } text && text.SequenceNumber > (best?.SequenceNumber ?? -1)
                    && text.PhysicalVolumes.Any(reference => reference.Uuid == volume.Uuid))
                    best = text;
        if (best is null || !Keep(best, volume))
            return;
        Warn(volume, best.Uuid,
            $"the current metadata of volume group {best.Group.Name} is damaged; an older text with the sequence number {best.SequenceNumber} "
            + $"(\"{best.Root.TextOrNull("description")}\") was found on physical volume {volume.Uuid} and is used: volumes may have changed since");
    }

    /// <summary>What concerns no group at all: metadata that cannot be used, on volumes that no group lists.</summary>
    public IEnumerable<string> OtherWarnings()
    {
        HashSet<string> members = [.. newest.Values.SelectMany(text => text.PhysicalVolumes).Select(reference => reference.Uuid)];
        return warnings.Where(warning => warning.Group.Length == 0 && !members.Contains(warning.Volume)).Select(warning => warning.Warning);
    }

    /// <summary>What concerns this group: of its own texts, and of the volumes that it lists.</summary>
    public IEnumerable<string> WarningsFor(GroupText text)
    {
        HashSet<string> members = [.. text.PhysicalVolumes.Select(reference => reference.Uuid)];
        foreach (var (volume, group, warning) in warnings)
            if (group.Length > 0 ? group == text.Uuid : members.Contains(volume))
                yield return warning;
        foreach (var (volume, area, group, sequenceNumber) in found)
            if (group == text.Uuid && sequenceNumber < text.SequenceNumber)
                yield return $"{area} of physical volume {volume} has older metadata (sequence number {sequenceNumber}, the newest is {text.SequenceNumber})";
    }

    private void Add(PhysicalVolume volume, MetadataArea area, byte[] bytes)
    {
        // A group writes the same text everywhere: it is parsed once.
        var key = (bytes.Length, LvmChecksum.Of(bytes), Checksums.Crc32C(~0u, bytes));
        if (!seen.TryGetValue(key, out (string Group, long SequenceNumber) identity))
        {
            GroupText text = GroupText.Parse(bytes);
            if (!Keep(text, volume))
                return;
            identity = (text.Uuid, text.SequenceNumber);
            seen.Add(key, identity);
        }
        found.Add((volume.Uuid, area.Name, identity.Group, identity.SequenceNumber));
    }

    /// <summary>Keeps the text if it is the newest of its group; false where it cannot be used.</summary>
    private bool Keep(GroupText text, PhysicalVolume volume)
    {
        if (newest.TryGetValue(text.Uuid, out GroupText? held))
        {
            if (held.SequenceNumber == text.SequenceNumber)
                Warn(volume, text.Uuid, $"two different states of volume group {text.Group.Name} have the sequence number {text.SequenceNumber}; "
                    + "the one written last is used");
            if ((held.SequenceNumber, held.CreationTime).CompareTo((text.SequenceNumber, text.CreationTime)) >= 0)
                return true;
            values -= held.ValueCount;
        }
        else if (values + text.ValueCount > maxValues)
        {
            Warn(volume, "", $"volume group {text.Group.Name} is left out: the metadata of all groups is too large");
            return false;
        }
        values += text.ValueCount;
        newest[text.Uuid] = text;
        return true;
    }

    private void Warn(PhysicalVolume volume, string group, string warning) => warnings.Add((volume.Uuid, group, warning));

    private static GroupText? TryParse(byte[] text)
    {
        try
        {
            return GroupText.Parse(text);
        }
        catch (JumpbagException)
        {
            return null;
        }
    }
}
