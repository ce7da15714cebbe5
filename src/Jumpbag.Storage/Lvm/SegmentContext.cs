using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm;

/// <summary>What a segment's opener may use: the extents of the group's physical and logical volumes, by name.</summary>
internal sealed class SegmentContext(LogicalVolume volume, int depth)
{
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
        return new Slice(logical.OpenMapping(depth + 1), first * ExtentSize, count * ExtentSize);
    }
}
