using Jumpbag.Core;
using Jumpbag.Storage.DeviceMapper;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// How the metadata joins an old-style snapshot: a volume of its own, of the segment type "snapshot" and as long as the origin was when
/// the snapshot was made, names the origin and the volume that the exception store is on.
/// </summary>
internal sealed class SnapshotVolume
{
    private readonly ConfigSection segment;
    private SnapshotDevice? device;

    public SnapshotVolume(VolumeGroup group, LogicalVolume store, ConfigSection segment)
    {
        Group = group;
        Store = store;
        this.segment = segment;
    }

    public VolumeGroup Group { get; }

    /// <summary>The volume that is called as the snapshot is, and holds its exception store.</summary>
    public LogicalVolume Store { get; }

    public string OriginName => segment.TextOrNull("origin") ?? "?";

    /// <summary>In bytes, of what it shows; 0 where the metadata makes no sense.</summary>
    public long Size => segment.IntegerOrNull("extent_count") is >= 0 and <= uint.MaxValue and long count && count <= long.MaxValue / Group.ExtentSize ? count * Group.ExtentSize : 0;

    private string Hint(LogicalVolume origin) => origin.MergingSnapshot == this
        ? $"it was being merged into {origin.FullName}, which cannot be told without it"
        : $"its origin {origin.FullName} can be read";

    /// <summary>Called with <see cref="VolumeGroup.Opening"/> held.</summary>
    /// <exception cref="UnsupportedException">It is invalid, or lies on what is not supported.</exception>
    /// <exception cref="CorruptException">The metadata or the store makes no sense.</exception>
    public SnapshotDevice Open(int depth)
    {
        if (device is not null)
            return device;
        LogicalVolume origin = Group.FindLogicalVolume(OriginName) ?? throw new CorruptException($"LVM2 metadata: {Store.FullName} is a snapshot of {OriginName}, which is not there");
        BlockDevice below = origin.OpenMapping(depth + 1), copies = Store.OpenMapping(depth + 1);
        if (Size == 0 || Size > below.Length)
            throw new CorruptException($"LVM2 metadata: the snapshot {Store.FullName} has {Size} bytes, its origin {below.Length}");
        try
        {
            return device = SnapshotDevice.Open(below, copies, Size);
        }
        catch (UnsupportedException e)
        {
            throw new UnsupportedException($"logical volume {Store.FullName}: {e.Message}", Hint(origin));
        }
        catch (CorruptException e)
        {
            throw new CorruptException($"logical volume {Store.FullName}: {e.Message}", Hint(origin));
        }
    }
}
