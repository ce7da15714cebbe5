using Jumpbag.Core;
using Jumpbag.Storage.Lvm.Format;

namespace Jumpbag.Storage.Lvm;

/// <summary>A physical volume as its volume group's metadata describes it; whether it is there is another matter.</summary>
public sealed class PhysicalVolumeReference
{
    private static readonly string[] KnownStatus = ["ALLOCATABLE", "EXPORTED", "MISSING"];

    private readonly long extentSize;

    /// <exception cref="CorruptException">The section lacks something or contradicts itself.</exception>
    internal PhysicalVolumeReference(ConfigSection section, long extentSize)
    {
        this.extentSize = extentSize;
        Name = section.Name;
        Uuid = LvmUuid.Normalize(section.Text("id"));
        LastDevice = section.TextOrNull("device");
        Flags = [.. section.Texts("status"), .. section.Texts("flags")];
        UnknownStatus = section.Texts("status").Except(KnownStatus).FirstOrDefault();
        Size = section.Has("dev_size") ? section.Integer("dev_size", most: long.MaxValue >> 9) << 9 : 0;
        Start = section.Integer("pe_start", most: long.MaxValue >> 10) << 9;
        ExtentCount = section.Integer("pe_count");
        if (ExtentCount > (long.MaxValue - Start) / extentSize)
            throw new CorruptException($"LVM2 metadata: {Name}: {ExtentCount} extents of {extentSize} bytes are claimed");
    }

    /// <summary>Its name within the metadata: "pv0".</summary>
    public string Name { get; }

    public string Uuid { get; }

    /// <summary>The device it was on when the metadata was written, or null.</summary>
    public string? LastDevice { get; }

    /// <summary>In bytes; 0 where the metadata does not say.</summary>
    public long Size { get; }

    /// <summary>Where its first extent begins, in bytes.</summary>
    public long Start { get; }

    public long ExtentCount { get; }

    /// <summary>As in the metadata: ALLOCATABLE, EXPORTED, MISSING.</summary>
    public IReadOnlyList<string> Flags { get; }

    /// <summary>The group was changed while this volume was away: what lies on it may be older than the rest.</summary>
    public bool IsFlaggedMissing => Flags.Contains("MISSING");

    /// <summary>The volume, or null while it is missing.</summary>
    public PhysicalVolume? Volume { get; internal set; }

    internal string? UnknownStatus { get; }

    public override string ToString() => LastDevice is null ? $"physical volume {Uuid}" : $"physical volume {Uuid} (last known as {LastDevice})";

    /// <summary>Its extents as a device; unreadable where it is missing.</summary>
    /// <exception cref="CorruptException">It has no such extents.</exception>
    /// <exception cref="UnsupportedException">Its status is one that we do not know.</exception>
    internal BlockDevice Extents(long first, long count)
    {
        if (UnknownStatus is not null)
            throw new UnsupportedException($"{this} has the status {UnknownStatus}, which is not known here");
        if (count > ExtentCount || first > ExtentCount - count)
            throw new CorruptException($"LVM2 metadata: extents {first}..{first + count - 1} of {Name}, which has {ExtentCount}");
        return Volume is null
            ? new UnreadableDevice(count * extentSize, $"{this} is missing")
            : new Slice(Volume.Device, Start + (first * extentSize), count * extentSize);
    }
}
