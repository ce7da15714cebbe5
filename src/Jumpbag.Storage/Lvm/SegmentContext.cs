using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm;

/// <summary>What a segment's opener may use: the extents of the group's physical and logical volumes, by name.</summary>
internal sealed class SegmentContext(LogicalVolume volume, int depth)
{
    public LogicalVolume Volume => volume;

    /// <summary>In bytes.</summary>
    public long ExtentSize => volume.Group.ExtentSize;

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
        return new Slice(logical.OpenMapping(depth + 1), first * ExtentSize, count * ExtentSize);
    }
}
