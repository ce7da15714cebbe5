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
    }

    public long FirstExtent { get; }

    public long ExtentCount { get; }

    /// <summary>As lvs(8) shows it: "linear", "striped", "raid5", "thin-pool", "error", …</summary>
    public string Type { get; }

    public IReadOnlyList<string> Flags { get; }

    /// <summary>What else the metadata says; each segment type has its own keys.</summary>
    internal ConfigSection Section { get; }
}
