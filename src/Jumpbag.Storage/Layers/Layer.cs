using Jumpbag.Core;
using Jumpbag.Storage.Lvm;
using Jumpbag.Storage.Md;
using Jumpbag.Storage.Partitions;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Layers;

/// <summary>What a <see cref="Layer"/> is. The names in JSON are the lower-case words of <see cref="Layer.KindName"/>.</summary>
public enum LayerKind
{
    Disk,
    Partition,
    Array,
    VolumeGroup,
    LogicalVolume,
}

/// <summary>
/// One place in the nested picture of a disk: the disk itself, a partition, an array, a volume group or a logical volume, with what
/// was recognised in it. What lies inside is probed when it is first asked for.
/// </summary>
public sealed class Layer
{
    private readonly Lazy<BlockDevice> device;
    private readonly Lazy<(Signature? Signature, PartitionTable? Table)> content;
    private readonly Lazy<IReadOnlyList<Layer>> partitions;
    private readonly Lazy<IReadOnlyList<Layer>> children;
    private readonly Lazy<JumpbagException?> refusal;
    private readonly List<string> groupWarnings = [];
    private readonly Budget budget;

    private Layer(LayerKind kind, Layer? parent, string step, Func<BlockDevice> open, Func<Layer, IReadOnlyList<Layer>> findChildren)
    {
        Kind = kind;
        Parent = parent;
        Step = step;
        budget = parent?.budget ?? new();
        budget.Left--;
        device = new(open);
        refusal = new(TryDevice);
        content = new(Examine);
        partitions = new(FindPartitions);
        children = new(() => findChildren(this));
    }

    public LayerKind Kind { get; }

    public Layer? Parent { get; }

    /// <summary>What a locator adds to the parent's for this layer: "@2", "@vg_i7tiny/root"; the source's name for a disk.</summary>
    public string Step { get; }

    /// <summary>How a person names this layer from the start: "sda.img@vg_i7tiny/vm_zoneminder@2".</summary>
    public string Locator => Kind == LayerKind.LogicalVolume ? Parent!.Parent!.Locator + Step : (Parent?.Locator ?? "") + Step;

    /// <summary>Of a partition.</summary>
    public Partition? Partition { get; private init; }

    /// <summary>Of an array.</summary>
    public MdArray? Array { get; private init; }

    /// <summary>Of a volume group, and of each of its logical volumes.</summary>
    public VolumeGroup? Group { get; private init; }

    /// <summary>Of a logical volume.</summary>
    public LogicalVolume? Volume { get; private init; }

    /// <summary>In bytes.</summary>
    public long Size { get; private init; }

    /// <summary>The bytes of this layer. A volume group has none of its own.</summary>
    /// <exception cref="UnsupportedException">It is a logical volume of a type that cannot be put together.</exception>
    /// <exception cref="CorruptException">It is a logical volume whose metadata is damaged so that nothing of it can be told.</exception>
    public BlockDevice Device => device.Value;

    /// <summary>Whether it stands for bytes that can be read: no volume group, extended partition, unsupported or damaged volume.</summary>
    public bool HasContent => Kind != LayerKind.VolumeGroup && Partition is not { IsContainer: true } && Refusal is null;

    /// <summary>Why <see cref="Device"/> cannot be had although the layer is there: a kind of volume that is not supported, or damaged metadata.</summary>
    public JumpbagException? Refusal => refusal.Value;

    /// <summary>Whether it is, or lies in, a snapshot of a volume that is there too; see <see cref="LogicalVolume.IsSnapshot"/>.</summary>
    public bool IsInSnapshot => Volume?.IsSnapshot == true || Parent?.IsInSnapshot == true;

    /// <summary>What is odd about the logical volumes that this layer is, or lies in, each in one line.</summary>
    public IEnumerable<string> VolumeWarnings => (Volume?.Warnings ?? []).Concat(Parent?.VolumeWarnings ?? []);

    /// <summary>Whether there were more layers than are ever looked into (4096 a disk): an image made to waste time.</summary>
    public bool IsCutOff => budget.Left <= 0;

    /// <summary>What fills this layer (a filesystem, a physical volume, swap), or null where a partition table or nothing known does.</summary>
    public Signature? Signature => HasContent ? content.Value.Signature : null;

    /// <summary>What else stands there that could be taken for the content, each in one line; see <see cref="Signature.Contradicting"/>.</summary>
    public IEnumerable<string> Contradictions => Signature is not { } first ? []
        : Signature.Contradicting(Device, first).Select(other => $"a signature of {other.Format} stands there too: a remnant of an earlier use, most often; it was taken for {first.Format}");

    /// <summary>
    /// Of the members and physical volumes in this scope, what concerns none of its arrays and volume groups: metadata that cannot be used
    /// at all.
    /// </summary>
    public IReadOnlyList<string> GroupWarnings
    {
        get
        {
            _ = Children;
            return groupWarnings;
        }
    }

    /// <summary>The partition table in this layer, or null.</summary>
    public PartitionTable? Table => HasContent ? content.Value.Table : null;

    /// <summary>What lies inside: partitions, then arrays, then volume groups; in a volume group its volumes.</summary>
    public IReadOnlyList<Layer> Children => children.Value;

    /// <summary>The array that this layer is a member of, or null.</summary>
    public Layer? ArrayAround => Signature?.Format == "linux_raid_member" ? Scope.Children.FirstOrDefault(child => child.Array?.Members.Any(member => ReferenceEquals(member.Device, Device)) == true) : null;

    /// <summary>The arrays that this layer is, or lies on, through volume groups too.</summary>
    public IEnumerable<Layer> ArraysBelow => Kind switch
    {
        LayerKind.Array => [this],
        LayerKind.LogicalVolume => Scope.Children.Where(child => child.Array is not null && child.Partitions.Append(child).Any(IsOnVolume)).Concat(Scope.ArraysBelow),
        _ => Parent?.ArraysBelow ?? [],
    };

    /// <summary>Those of the children that are partitions; cheaper to ask for, since no volume group is put together.</summary>
    public IReadOnlyList<Layer> Partitions => partitions.Value;

    public string KindName => Kind switch
    {
        LayerKind.Disk => "disk",
        LayerKind.Partition => "partition",
        LayerKind.Array => "array",
        LayerKind.VolumeGroup => "vg",
        _ => "lv",
    };

    /// <summary>This layer and all below it, parents first.</summary>
    public IEnumerable<Layer> Walk()
    {
        yield return this;
        foreach (Layer child in Children)
            foreach (Layer layer in child.Walk())
                yield return layer;
    }

    /// <summary>
    /// The layer whose operating system would see this one: the disk, or the volume or partition that holds a whole disk of
    /// a virtual machine. A disk's is itself; an array is one more disk to the system that put it together.
    /// </summary>
    public Layer Scope => Kind switch
    {
        LayerKind.Disk => this,
        LayerKind.LogicalVolume => Parent!.Parent!,
        LayerKind.Partition when Parent!.Kind == LayerKind.Array => Parent.Scope,
        _ => Parent!,
    };

    /// <summary>How many scopes lie around this layer's: 0 on the disk itself, 1 in a virtual machine's, and so on.</summary>
    public int Depth => Scope.Kind == LayerKind.Disk ? 0 : Scope.Depth + 1;

    /// <summary>
    /// The layers of a disk. Arrays and volume groups are put together from what is on this disk and on
    /// <paramref name="others"/>, and stand below this disk.
    /// </summary>
    public static Layer OfDisk(BlockDevice disk, string name, IReadOnlyList<Layer> others) =>
        new(LayerKind.Disk, null, name, () => disk, self => FindChildren(self, others)) { Size = disk.Length };

    /// <summary>Everything from a byte offset of a layer on, as "@offset=BYTES" names it.</summary>
    public Layer At(long offset)
    {
        if (offset < 0 || offset >= Size)
            throw new NotFoundException($"{Locator}: offset {offset} is outside its {Size} bytes");
        return new(LayerKind.Partition, this, $"@offset={offset}", () => new Slice(Device, offset, Size - offset), self => FindChildren(self, []))
        {
            Size = Size - offset,
        };
    }

    /// <summary>
    /// A partitioned disk may still bear an old superblock in its first sectors, and a filesystem's boot sector an old table. The
    /// kernel looks for a table on disks, and so do we on disks and volumes; in a partition the filesystem goes first.
    /// </summary>
    private (Signature?, PartitionTable?) Examine()
    {
        using var window = new ProbeWindow(Device);
        if (Kind == LayerKind.Partition && Signature.Probe(window) is { } fileSystem)
            return (fileSystem, null);
        if (PartitionTable.TryOpen(window) is { } table && !IsPartOfArray(window))
            return (null, table);
        return (Kind == LayerKind.Partition ? null : Signature.Probe(window), null);
    }

    /// <summary>
    /// A table in one disk of an array is the array's: only a mirror's disk holds what it points at, and its arrays are put together, too.
    /// </summary>
    private static bool IsPartOfArray(ProbeWindow window) =>
        (LinuxRaid.Probe(window) ?? FirmwareRaid.ProbeIntel(window) ?? FirmwareRaid.ProbeDdf(window)) is not null;

    private List<Layer> FindPartitions()
    {
        var found = new List<Layer>();
        foreach (Partition partition in Table?.Partitions ?? [])
            if (!IsCutOff && MayDescend(this, partition))
                found.Add(OfPartition(this, partition));
        return found;
    }

    private static List<Layer> FindChildren(Layer self, IReadOnlyList<Layer> others)
    {
        var found = new List<Layer>();
        if (!self.HasContent || self.IsCutOff)
            return found;
        found.AddRange(self.Partitions);
        // What lies in partitions belongs to the disk (or the volume) around them, and so do its arrays and groups.
        if (self.Kind == LayerKind.Array || self.Partition is not null)
            return found;
        List<Layer> holders = [.. others.Prepend(self).SelectMany(Holders)];
        found.AddRange(ArrayLayers.Of(self, holders, self.groupWarnings));
        holders.AddRange(found.Where(layer => layer.Kind == LayerKind.Array).SelectMany(Holders));
        List<PhysicalVolume> volumes = [.. holders.Select(holder => PhysicalVolume.TryOpen(holder.Device)).OfType<PhysicalVolume>()];
        if (volumes.Count > 0)
            found.AddRange(OfGroups(self, VolumeGroups.Assemble(volumes, self.groupWarnings)));
        return found;
    }

    /// <summary>What may hold a physical volume or a member of an array: the layer itself, or the partitions in it.</summary>
    private static IEnumerable<Layer> Holders(Layer layer) =>
        !layer.HasContent ? [] : layer.Table is null ? [layer] : layer.Partitions.SelectMany(Holders);

    private bool IsOnVolume(Layer holder) => holder.Signature is { Format: "LVM2_member" } signature && Group!.PhysicalVolumes.Any(volume => volume.Uuid == signature.Uuid);

    /// <summary>A table in a partition is read (a disk image was written there), a table in a partition in a partition is not.</summary>
    private static bool MayDescend(Layer self, Partition partition) =>
        self.Kind != LayerKind.Partition || (partition.Offset > 0 && self.Parent is not { Kind: LayerKind.Partition });

    private JumpbagException? TryDevice()
    {
        if (Kind == LayerKind.VolumeGroup)
            return null;
        try
        {
            _ = Device;
            return null;
        }
        catch (JumpbagException e) when (e is UnsupportedException or CorruptException)
        {
            return e;
        }
    }

    private sealed class Budget
    {
        public int Left = 4096;
    }

    private static Layer OfPartition(Layer parent, Partition partition) =>
        new(LayerKind.Partition, parent, $"@{partition.Number}", () => new Slice(parent.Device, partition.Offset, partition.Length),
            self => FindChildren(self, []))
        {
            Partition = partition,
            Size = partition.Length,
        };

    internal static Layer OfArray(Layer parent, string name, MdArray array) =>
        new(LayerKind.Array, parent, $"@md/{name}", () => array.Device, self => FindChildren(self, []))
        {
            Array = array,
            Size = array.Size,
        };

    private static IEnumerable<Layer> OfGroups(Layer parent, IReadOnlyList<VolumeGroup> groups)
    {
        foreach (VolumeGroup group in groups)
        {
            bool shared = groups.Count(other => other.Name == group.Name) > 1;
            string name = shared ? $"{group.Name}@{ShortUuid(group.Uuid)}" : group.Name;
            yield return new Layer(LayerKind.VolumeGroup, parent, $"@{name}", () => throw new UnsupportedException($"{parent.Locator}@{name}: a volume group has no bytes of its own",
                "name one of its volumes: " + string.Join(", ", group.LogicalVolumes.Where(v => v.IsVisible).Select(v => $"{parent.Locator}@{name}/{v.Name}"))),
                self => [.. group.LogicalVolumes.Where(v => v.IsVisible).Select(volume => OfVolume(self, name, volume))])
            {
                Group = group,
                Size = group.Size,
            };
        }
    }

    private static Layer OfVolume(Layer group, string groupName, LogicalVolume volume) =>
        new(LayerKind.LogicalVolume, group, $"@{groupName}/{volume.Name}", volume.Open, self => FindChildren(self, []))
        {
            Group = group.Group,
            Volume = volume,
            Size = volume.ContentSize,
        };

    /// <summary>The first eight characters of an LVM UUID without its dashes: enough to tell same-named groups apart.</summary>
    public static string ShortUuid(string uuid) => uuid.Replace("-", "", StringComparison.Ordinal)[..Math.Min(8, uuid.Length)];
}
