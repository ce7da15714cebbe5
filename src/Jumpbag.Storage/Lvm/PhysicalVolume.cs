using Jumpbag.Core;
using Jumpbag.Storage.Lvm.Format;

namespace Jumpbag.Storage.Lvm;

/// <summary>A device that LVM2 labelled. What lies on it is known only to its volume group: <see cref="VolumeGroups.Assemble"/>.</summary>
public sealed class PhysicalVolume
{
    private PhysicalVolume(BlockDevice device, PhysicalVolumeHeader header, List<string> warnings)
    {
        Device = device;
        Uuid = header.Uuid;
        Size = header.DeviceSize > 0 ? header.DeviceSize : device.Length;
        IsUsed = header.IsUsed;
        Areas = [.. header.MetadataAreas.Select(place => MetadataArea.Open(device, place))];
        DataStart = header.DataAreas.Count > 0 ? header.DataAreas[0].Offset : null;
        Warnings = warnings;
    }

    public BlockDevice Device { get; }

    /// <summary>As LVM shows it, in groups of 6-4-4-4-4-4-6.</summary>
    public string Uuid { get; }

    /// <summary>In bytes, as it was when the volume was made or last resized; the device may be shorter (a truncated image).</summary>
    public long Size { get; }

    /// <summary>The label says that it belongs to a volume group, even if no metadata here names it. Labels before LVM 2.02.153 never say so.</summary>
    public bool IsUsed { get; }

    /// <summary>What was found wrong with the label, each in one line.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Where the label says that the extents begin, in bytes; the volume group's metadata has the last word.</summary>
    internal long? DataStart { get; }

    internal IReadOnlyList<MetadataArea> Areas { get; }

    /// <summary>Null where none of the first four sectors holds a usable LVM2 label.</summary>
    public static PhysicalVolume? TryOpen(BlockDevice device)
    {
        // As LVM does, the first good label wins. A damaged one serves only where there is no other.
        PhysicalVolume? damaged = null;
        var sector = new byte[LabelHeader.SectorSize];
        for (int number = 0; number < LabelHeader.Sectors && (number + 1) * sector.Length <= device.Length; number++)
        {
            try
            {
                device.Read(number * sector.Length, sector);
                if (LabelHeader.Parse(sector) is not { } label)
                    continue;
                PhysicalVolume volume = Open(device, number, label, PhysicalVolumeHeader.Parse(sector.AsSpan(label.HeaderOffset)));
                if (label.ChecksumIsGood && label.Sector == (ulong)number)
                    return volume;
                damaged ??= volume;
            }
            catch (JumpbagException e) when (e is UnreadableException or CorruptException)
            {
                // A sector without a usable label; the next one may have one.
            }
        }
        return damaged;
    }

    private static PhysicalVolume Open(BlockDevice device, int sector, LabelHeader label, PhysicalVolumeHeader header)
    {
        var warnings = new List<string>();
        if (!label.ChecksumIsGood)
            warnings.Add($"the label in sector {sector} of physical volume {header.Uuid} has a wrong checksum and is used all the same");
        if (label.Sector != (ulong)sector)
            warnings.Add($"the label of physical volume {header.Uuid} stands in sector {sector} and says sector {label.Sector}");
        if (device.Length < header.DeviceSize)
            warnings.Add($"physical volume {header.Uuid} has {header.DeviceSize} bytes, but only {device.Length} are there");
        return new(device, header, warnings);
    }
}
