using Jumpbag.Core;
using Jumpbag.Storage.Lvm.Format;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// One metadata text: the whole description of one volume group at one moment. Every change raises its sequence number
/// and is written to all metadata areas of the group's volumes.
/// </summary>
internal sealed class GroupText
{
    private GroupText(ConfigSection root, ConfigSection group, int valueCount)
    {
        Root = root;
        Group = group;
        ValueCount = valueCount;
        Uuid = LvmUuid.Normalize(group.Text("id"));
        SequenceNumber = group.Integer("seqno");
        CreationTime = root.IntegerOrNull("creation_time") ?? 0;
        ExtentSize = group.Integer("extent_size", 1) * 512;
        PhysicalVolumes = [.. group.Section("physical_volumes")?.Sections.Select(section => new PhysicalVolumeReference(section, ExtentSize)) ?? []];
    }

    /// <summary>What stands beside the group: who wrote the text, when, and why.</summary>
    public ConfigSection Root { get; }

    /// <summary>The group's section, named as the group is.</summary>
    public ConfigSection Group { get; }

    public int ValueCount { get; }

    public string Uuid { get; }

    public long SequenceNumber { get; }

    /// <summary>When this text was written, in seconds since 1970; 0 where it does not say.</summary>
    public long CreationTime { get; }

    /// <summary>In bytes.</summary>
    public long ExtentSize { get; }

    public IReadOnlyList<PhysicalVolumeReference> PhysicalVolumes { get; }

    /// <exception cref="CorruptException">It is no metadata text, or lacks what each has.</exception>
    /// <exception cref="UnsupportedException">It is of another version, or too large.</exception>
    public static GroupText Parse(ReadOnlySpan<byte> text)
    {
        ConfigSection root = ConfigText.Parse(text, out int valueCount);
        if (root.TextOrNull("contents") != "Text Format Volume Group")
            throw new CorruptException("LVM2 metadata: it does not say that it describes a volume group");
        if (root.IntegerOrNull("version") is not 1)
            throw new UnsupportedException("LVM2 metadata: its version is not 1");
        ConfigSection group = root.Sections.FirstOrDefault()
            ?? throw new CorruptException("LVM2 metadata: no volume group is in it");
        if ((group.TextOrNull("format") ?? "lvm2") is not "lvm2" and string format)
            throw new UnsupportedException($"LVM2 metadata: volume group {group.Name} is of the format {format}");
        return new(root, group, valueCount);
    }
}
