using Jumpbag.Core;
using Jumpbag.Storage.DeviceMapper;
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
    private ThinPool? pool;

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

    /// <summary>In bytes, of what it shows: of a snapshot the size that its origin had.</summary>
    public long ContentSize => Snapshot?.Size ?? MergingThinSnapshot?.Size ?? Size;

    /// <summary>The volume that this one is a snapshot of, old-style or thin, or that shows through it (an external origin); else null.</summary>
    public string? Origin => Snapshot?.OriginName ?? ThinKey("origin") ?? ThinKey("external_origin");

    /// <summary>
    /// It began as a copy of another volume of the group, which is still there and which is the one meant where a name or UUID in it
    /// fits both.
    /// </summary>
    public bool IsSnapshot => (Snapshot?.OriginName ?? ThinKey("origin")) is { } origin && Group.FindLogicalVolume(origin) is not null;

    /// <summary>Whether it is a thin pool, which has volumes and no bytes of its own.</summary>
    public bool IsPool => Segments is [{ Type: "thin-pool" }];

    /// <summary>The thin pool that this volume is in, or null.</summary>
    public string? Pool => ThinKey("thin_pool");

    /// <summary>The segment types in lvs(8)'s words, each once, with commas: "linear", "linear,striped"; "snapshot" for an old-style one.</summary>
    public string Type => Snapshot is not null ? "snapshot" : string.Join(',', Segments.Select(segment => segment.Type).Distinct());

    /// <summary>What is odd about it, each in one line; of a thin volume what is odd about its pool.</summary>
    public IReadOnlyList<string> Warnings
    {
        get
        {
            var warnings = new List<string>(notes);
            if ((MergingSnapshot?.Store ?? MergingThinSnapshot) is { } merging)
                warnings.Add($"snapshot {merging.FullName} is being merged into {FullName}, which is read as it will be afterwards");
            if ((Pool is { } name ? Group.FindLogicalVolume(name) : IsPool ? this : null) is { } poolVolume && poolVolume.TryOpenPool() is { } opened)
                warnings.AddRange(ThinPoolSegment.Warnings(poolVolume, opened).Concat(poolVolume.notes).Except(warnings));
            return warnings;
        }
    }

    internal long ExtentCount { get; }

    internal bool HasStatus(string flag) => status.Contains(flag);

    /// <summary>What is odd about a volume that this one lies on concerns this one, too.</summary>
    internal void AdoptNotes(LogicalVolume below) => notes.AddRange(below.notes.Except(notes).ToList());

    /// <summary>One line where a segment's devices are not all there: which, and why.</summary>
    internal void NoteDevices(string type, IReadOnlyList<(string Name, string? Reason)> devices)
    {
        string[] lacking = [.. devices.Where(device => device.Reason is not null).Select(device => $"{device.Name}: {device.Reason}")];
        if (lacking.Length > 0)
            notes.Add($"degraded: {type} with {devices.Count - lacking.Length} of {devices.Count} devices: {string.Join("; ", lacking)}");
    }

    /// <summary>What makes this volume an old-style (copy on write) snapshot, or null.</summary>
    internal SnapshotVolume? Snapshot { get; set; }

    /// <summary>An old-style snapshot that is being merged back into this volume: LVM shows its content in place of this one's.</summary>
    internal SnapshotVolume? MergingSnapshot { get; set; }

    /// <summary>A thin snapshot that takes this volume's place when it is activated next.</summary>
    internal LogicalVolume? MergingThinSnapshot { get; set; }

    /// <summary>
    /// The volume's content. Where a physical volume is missing, what lies on it is unreadable, and the reason names it.
    /// </summary>
    /// <exception cref="UnsupportedException">Of a type, or in a state, that is not supported; it is named.</exception>
    /// <exception cref="CorruptException">The metadata makes no sense.</exception>
    public BlockDevice Open() => OpenShown(0);

    /// <summary>How full it is, of a snapshot, a thin volume or a thin pool; null for others.</summary>
    /// <inheritdoc cref="Open" path="/exception"/>
    public VolumeUsage? ReadUsage()
    {
        lock (Group.Opening)
        {
            if (Snapshot is { } snapshot)
                return new(snapshot.Open(0).StoreUsed, Size);
            if (IsPool)
            {
                ThinPool own = OpenPool(0);
                return new(own.DataUsage.Used, own.DataUsage.Total, own.MetadataUsage.Used, own.MetadataUsage.Total);
            }
            if (Pool is not { } name || Group.FindLogicalVolume(name) is not { } poolVolume)
                return null;
            ThinPool shared = poolVolume.OpenPool(1);
            // lvs counts whole blocks, since the pool maps whole ones.
            long blocks = (ContentSize / shared.BlockSize) + (ContentSize % shared.BlockSize > 0 ? 1 : 0);
            return new(shared.MappedBytes((MergingThinSnapshot ?? this).Segments[0].Section.Integer("device_id")), Math.Min(blocks, long.MaxValue / shared.BlockSize) * shared.BlockSize);
        }
    }

    /// <summary>What a person sees as this volume: of a snapshot what it shows, of an origin too.</summary>
    internal BlockDevice OpenShown(int depth)
    {
        lock (Group.Opening)
            return (Snapshot ?? MergingSnapshot)?.Open(depth) ?? OpenMapping(depth);
    }

    /// <summary>The pool behind this volume, which must be one.</summary>
    internal ThinPool OpenPool(int depth)
    {
        lock (Group.Opening)
            return pool ??= ThinPoolSegment.Open(new(this, depth));
    }

    private ThinPool? TryOpenPool()
    {
        try
        {
            return OpenPool(0);
        }
        catch (JumpbagException)
        {
            // Whoever opens a volume of the pool is told.
            return null;
        }
    }

    private string? ThinKey(string key) => Segments is [{ Type: "thin" } segment] ? segment.Section.TextOrNull(key) : null;

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
