using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm;

/// <summary>A volume group, as the newest metadata on its physical volumes describes it.</summary>
public sealed class VolumeGroup
{
    private static readonly string[] KnownStatus = ["RESIZEABLE", "READ", "WRITE", "EXPORTED", "CLUSTERED", "SHARED", "PVMOVE"];

    private readonly Dictionary<string, PhysicalVolumeReference> physicalVolumes = [];
    private readonly Dictionary<string, LogicalVolume> logicalVolumes = [];
    private readonly List<string> warnings = [];

    internal VolumeGroup(GroupText text)
    {
        Name = text.Group.Name;
        Uuid = text.Uuid;
        SequenceNumber = text.SequenceNumber;
        ExtentSize = text.ExtentSize;
        Description = text.Root.TextOrNull("description");
        CreationHost = text.Root.TextOrNull("creation_host");
        CreationTime = text.CreationTime > 0 ? new Timestamp(text.CreationTime, 0) : null;
        Tags = text.Group.Texts("tags");
        SystemId = text.Group.TextOrNull("system_id");
        IReadOnlyList<string> status = text.Group.Texts("status");
        IsExported = status.Contains("EXPORTED");
        IsShared = status.Contains("CLUSTERED") || status.Contains("SHARED") || text.Group.Has("lock_type");
        Unsupported = status.Except(KnownStatus).FirstOrDefault();
        PhysicalVolumes = text.PhysicalVolumes;
        foreach (PhysicalVolumeReference reference in PhysicalVolumes)
            physicalVolumes[reference.Name] = reference;

        List<ConfigSection> sections = [.. text.Group.Section("logical_volumes")?.Sections ?? []];
        LogicalVolumes = [.. sections.Where(section => SnapshotSegment(section) is null).Select(section => new LogicalVolume(this, section))];
        foreach (LogicalVolume volume in LogicalVolumes)
            logicalVolumes[volume.Name] = volume;
        foreach (ConfigSection section in sections)
            if (SnapshotSegment(section) is { } segment)
                Join(section, segment);
        foreach (LogicalVolume volume in LogicalVolumes)
            if (volume.Segments is [{ Type: "thin" } segment] && segment.Section.TextOrNull("merge") is { } target && FindLogicalVolume(target) is { } merged)
                merged.MergingThinSnapshot = volume;
    }

    public string Name { get; }

    public string Uuid { get; }

    /// <summary>Grows with each change.</summary>
    public long SequenceNumber { get; }

    /// <summary>In bytes.</summary>
    public long ExtentSize { get; }

    /// <summary>Why the metadata was written: "Created *after* executing 'lvcreate …'".</summary>
    public string? Description { get; }

    /// <summary>In bytes: all extents of all its physical volumes, as vgs shows it.</summary>
    public long Size => PhysicalVolumes.Sum(volume => volume.ExtentCount) * ExtentSize;

    /// <summary>Where the metadata was written.</summary>
    public string? CreationHost { get; }

    /// <summary>When the metadata was written.</summary>
    public Timestamp? CreationTime { get; }

    public IReadOnlyList<string> Tags { get; }

    /// <summary>The one machine that may use it, or null.</summary>
    public string? SystemId { get; }

    /// <summary>LVM does not activate it before vgimport(8); it can be read here.</summary>
    public bool IsExported { get; }

    /// <summary>Several machines may use it at the same time.</summary>
    public bool IsShared { get; }

    public IReadOnlyList<PhysicalVolumeReference> PhysicalVolumes { get; }

    /// <summary>All of them in the order of the metadata, hidden ones too.</summary>
    public IReadOnlyList<LogicalVolume> LogicalVolumes { get; }

    /// <summary>What had to be worked around, each in one line.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>A status that we do not know, which keeps all volumes from being read; else null.</summary>
    internal string? Unsupported { get; }

    /// <summary>Held while a volume's map is made; one for all, since they lie on each other.</summary>
    internal Lock Opening { get; } = new();

    internal void Warn(string warning) => warnings.Add(warning);

    internal PhysicalVolumeReference? FindPhysicalVolume(string name) => physicalVolumes.GetValueOrDefault(name);

    public LogicalVolume? FindLogicalVolume(string name) => logicalVolumes.GetValueOrDefault(name);

    /// <summary>
    /// The metadata knows an old-style snapshot as three volumes: the origin, the store of what was copied, and one
    /// (lvs shows it nowhere) of the segment type "snapshot" that joins them.
    /// </summary>
    private static ConfigSection? SnapshotSegment(ConfigSection volume) =>
        volume.Sections.FirstOrDefault(segment => segment.TextOrNull("type") == "snapshot");

    private void Join(ConfigSection snapshot, ConfigSection segment)
    {
        string? store = segment.TextOrNull("cow_store"), merging = segment.TextOrNull("merging_store");
        if ((store ?? merging) is not { } name || FindLogicalVolume(name) is not { } copies)
            return;
        copies.Snapshot = new(this, copies, segment);
        copies.IsVisible = snapshot.Texts("status").Contains("VISIBLE");
        if (store is null && FindLogicalVolume(copies.Snapshot.OriginName) is { } origin)
            origin.MergingSnapshot = copies.Snapshot;
    }
}
