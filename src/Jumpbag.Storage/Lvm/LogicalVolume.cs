using Jumpbag.Core;
using Jumpbag.Storage.Lvm.Format;

namespace Jumpbag.Storage.Lvm;

/// <summary>A logical volume, as the metadata describes it.</summary>
public sealed class LogicalVolume
{
    /// <summary>Real volumes lie on volumes two or three deep (a cache on RAID on integrity).</summary>
    private const int MaxDepth = 16;

    private static readonly string[] KnownStatus =
        ["READ", "WRITE", "FIXED_MINOR", "VISIBLE", "PVMOVE", "LOCKED", "NOTSYNCED", "REBUILD", "WRITEMOSTLY", "CACHE_VOL"];

    private readonly List<string> notes = [];
    private readonly IReadOnlyList<string> status;
    private readonly string? problem;
    private readonly string? unknownStatus;
    private BlockDevice? mapping;

    internal LogicalVolume(VolumeGroup group, ConfigSection section)
    {
        Group = group;
        Name = section.Name;
        Uuid = section.TextOrNull("id") ?? "";
        Tags = section.Texts("tags");
        status = section.Texts("status");
        IsVisible = status.Contains("VISIBLE");
        unknownStatus = status.Except(KnownStatus).FirstOrDefault();
        CreationHost = section.TextOrNull("creation_host");
        CreationTime = section.IntegerOrNull("creation_time") is { } seconds ? new Timestamp(seconds, 0) : null;
        var segments = new List<Segment>();
        Segments = segments;
        try
        {
            Uuid = LvmUuid.Normalize(section.Text("id"));
            segments.AddRange(section.Sections.Select(inner => new Segment(inner)));
            segments.Sort((left, right) => left.FirstExtent.CompareTo(right.FirstExtent));
            ExtentCount = CheckedExtentCount(section, segments);
            Size = checked(ExtentCount * group.ExtentSize);
        }
        catch (CorruptException e)
        {
            problem = e.Message;
        }
        catch (OverflowException)
        {
            problem = $"LVM2 metadata: {ExtentCount} extents of {group.ExtentSize} bytes are claimed";
        }
    }

    public VolumeGroup Group { get; }

    public string Name { get; }

    public string Uuid { get; }

    /// <summary>"vg0/root".</summary>
    public string FullName => $"{Group.Name}/{Name}";

    /// <summary>In bytes; of a snapshot, as lvs(8) does, that of its exception store. 0 where the metadata makes no sense.</summary>
    public long Size { get; }

    /// <summary>False for the volumes that others are built of.</summary>
    public bool IsVisible { get; internal set; }

    public IReadOnlyList<string> Tags { get; }

    public string? CreationHost { get; }

    public Timestamp? CreationTime { get; }

    public IReadOnlyList<Segment> Segments { get; }

    /// <summary>The volume that this one is an old-style (copy on write) snapshot of, or null.</summary>
    public string? SnapshotOrigin { get; internal set; }

    /// <summary>The segment types in lvs(8)'s words, each once, with commas: "linear", "linear,striped"; "snapshot" for an old-style one.</summary>
    public string Type => SnapshotOrigin is not null ? "snapshot" : string.Join(',', Segments.Select(segment => segment.Type).Distinct());

    internal long ExtentCount { get; }

    internal bool HasStatus(string flag) => status.Contains(flag);

    /// <summary>One line where a segment's devices are not all there: which, and why.</summary>
    internal void NoteDevices(string type, IReadOnlyList<(string Name, string? Reason)> devices)
    {
        string[] lacking = [.. devices.Where(device => device.Reason is not null).Select(device => $"{device.Name}: {device.Reason}")];
        if (lacking.Length > 0)
            notes.Add($"degraded: {type} with {devices.Count - lacking.Length} of {devices.Count} devices: {string.Join("; ", lacking)}");
    }

    /// <summary>A snapshot that is being merged back into this volume: LVM shows its content in place of this one's.</summary>
    internal string? MergingSnapshot { get; set; }

    /// <summary>
    /// The volume's content. Where a physical volume is missing, what lies on it is unreadable, and the reason names it.
    /// </summary>
    /// <exception cref="UnsupportedException">Of a type, or in a state, that is not supported; it is named.</exception>
    /// <exception cref="CorruptException">The metadata makes no sense.</exception>
    public BlockDevice Open()
    {
        if (SnapshotOrigin is not null)
            throw new UnsupportedException($"logical volume {FullName}: reading snapshot volumes is not supported",
                $"its origin {Group.Name}/{SnapshotOrigin} can be read");
        if (MergingSnapshot is not null)
            throw new UnsupportedException($"logical volume {FullName}: the snapshot {MergingSnapshot} is being merged into it, which is not supported");
        return OpenMapping(0);
    }

    /// <summary>What the segments map, without regard to snapshots.</summary>
    internal BlockDevice OpenMapping(int depth)
    {
        if (depth > MaxDepth)
            throw new CorruptException($"LVM2 metadata: {FullName} lies on itself, or more than {MaxDepth} deep");
        if (problem is not null)
            throw new CorruptException($"logical volume {FullName}: {problem}");
        if ((Group.Unsupported ?? unknownStatus) is { } status)
            throw new UnsupportedException($"logical volume {FullName}: the status {status} is not known here");
        lock (Group.Opening)
        {
            if (mapping is not null)
                return mapping;
            var context = new SegmentContext(this, depth);
            BlockDevice[] parts = [.. Segments.Select(segment => SegmentTypes.Open(segment, context))];
            return mapping = parts.Length == 1 ? parts[0] : new Concatenation(parts);
        }
    }

    private static long CheckedExtentCount(ConfigSection section, List<Segment> segments)
    {
        long claimed = section.Integer("segment_count"), extents = 0;
        if (claimed != segments.Count)
            throw new CorruptException($"LVM2 metadata: {section.Name}: segment_count is {claimed}, but {segments.Count} are there");
        foreach (Segment segment in segments)
        {
            if (segment.FirstExtent != extents)
                throw new CorruptException($"LVM2 metadata: {section.Name}: a segment begins at extent {segment.FirstExtent}, expected {extents}");
            extents += segment.ExtentCount;
        }
        return extents;
    }
}
