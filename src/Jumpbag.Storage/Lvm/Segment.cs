using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm;

/// <summary>A run of a logical volume's extents that are kept in one way.</summary>
public sealed class Segment
{
    /// <exception cref="CorruptException">The section lacks something or contradicts itself.</exception>
    internal Segment(ConfigSection section)
    {
        Section = section;
        FirstExtent = section.Integer("start_extent");
        ExtentCount = section.Integer("extent_count", 1);
        // "raid5+RESHAPE": flags that an older LVM must not overlook stand behind the type.
        string[] words = (section.TextOrNull("type") ?? "striped").Split('+');
        Flags = words[1..];
        bool isLinear = words[0] == "striped" && section.IntegerOrNull("stripe_count") == 1;
        Type = isLinear ? "linear" : words[0];
        ContentExtents = ExtentCount - ReshapeSpace(section, Type);
        if (ContentExtents < 1)
            throw new CorruptException($"LVM2 metadata: {section.Name}: all of its {ExtentCount} extents are said to be kept for a reshape");
    }

    public long FirstExtent { get; }

    public long ExtentCount { get; }

    /// <summary>Without the extents that a RAID volume keeps to be reshaped in: those that the volume shows.</summary>
    public long ContentExtents { get; }

    /// <summary>As lvs(8) shows it: "linear", "striped", "raid5", "thin-pool", "error", …</summary>
    public string Type { get; }

    public IReadOnlyList<string> Flags { get; }

    /// <summary>What else the metadata says; each segment type has its own keys.</summary>
    internal ConfigSection Section { get; }

    /// <summary><c>reshape_count</c> extents of each device, of which those of the parity were never counted.</summary>
    private static long ReshapeSpace(ConfigSection section, string type)
    {
        // The devices' own volumes have the key, too: they show all that they have.
        if (!section.Has("reshape_count") || !type.StartsWith("raid", StringComparison.Ordinal))
            return 0;
        long devices = section.Integer("device_count", 1, 1024), copies = section.Has("data_copies") ? section.Integer("data_copies", 1, 1024) : 2;
        long counted = type.StartsWith("raid6", StringComparison.Ordinal) ? devices - 2 : type.StartsWith("raid10", StringComparison.Ordinal) ? devices / copies : devices - 1;
        return section.Integer("reshape_count") * Math.Max(1, counted);
    }
}
