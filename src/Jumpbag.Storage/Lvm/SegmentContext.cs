using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm;

/// <summary>What a segment's opener may use: the extents of the group's physical and logical volumes, by name.</summary>
internal sealed class SegmentContext(LogicalVolume volume, int depth)
{
    /// <summary>Devices of a mirror lie on physical volumes, or on a volume that does.</summary>
    private const int MaxLevels = 4;

    public LogicalVolume Volume => volume;

    /// <summary>In bytes.</summary>
    public long ExtentSize => volume.Group.ExtentSize;

    /// <summary>How many volumes lie on this one, on the way to what was asked for.</summary>
    public int Depth => depth;

    /// <summary>Another logical volume, which must be there.</summary>
    /// <exception cref="CorruptException">It is not.</exception>
    public LogicalVolume Other(string name) => volume.Group.FindLogicalVolume(name)
        ?? throw new CorruptException($"LVM2 metadata: {volume.FullName} needs {name}, which is not there");

    /// <exception cref="CorruptException">There is no such volume, or it has no such extents.</exception>
    /// <exception cref="UnsupportedException">The volume cannot be read itself.</exception>
    public BlockDevice Area(string name, long first, long count)
    {
        if (volume.Group.FindPhysicalVolume(name) is { } physical)
            return physical.Extents(first, count);
        if (volume.Group.FindLogicalVolume(name) is not { } logical)
            throw new CorruptException($"LVM2 metadata: {volume.FullName} lies on {name}, which is not there");
        if (count > logical.ExtentCount || first > logical.ExtentCount - count)
            throw new CorruptException($"LVM2 metadata: extents {first}..{first + count - 1} of {name}, which has {logical.ExtentCount}");
        BlockDevice mapping = logical.OpenMapping(depth + 1);
        volume.AdoptNotes(logical);
        return new Slice(mapping, first * ExtentSize, count * ExtentSize);
    }

    /// <summary>All of another logical volume.</summary>
    /// <inheritdoc cref="Area" path="/exception"/>
    public BlockDevice Whole(string name) => Area(name, 0, volume.Group.FindLogicalVolume(name)?.ExtentCount ?? 0);

    /// <summary>As <see cref="Area"/>, for types that have the same bytes elsewhere: unreadable where what is there may be old.</summary>
    /// <inheritdoc cref="Area" path="/exception"/>
    public BlockDevice Trusted(string name, long first, long count)
    {
        BlockDevice device = Area(name, first, count);
        return Distrust(name) is { } reason ? new UnreadableDevice(device.Length, $"{name}: {reason}") : device;
    }

    /// <summary>Why a device of a volume that keeps copies may be older than the others; null where there is no reason to think so.</summary>
    public string? Distrust(string name) => Distrust(name, 0);

    private string? Distrust(string name, int level)
    {
        if (volume.Group.FindPhysicalVolume(name) is { } physical)
            return physical.IsFlaggedMissing ? $"{physical} was away when the group was changed last" : null;
        if (level > MaxLevels || volume.Group.FindLogicalVolume(name) is not { } logical)
            return null;
        return logical.HasStatus("REBUILD") ? "is to be rebuilt"
            : logical.Segments.SelectMany(segment => segment.Section.Texts("stripes")).Select(area => Distrust(area, level + 1)).FirstOrDefault(reason => reason is not null);
    }
}
