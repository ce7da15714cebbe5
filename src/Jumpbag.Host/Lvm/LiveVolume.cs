using System.Globalization;
using System.Text.Json;

namespace Jumpbag.Host.Lvm;

/// <summary>A logical volume as lvs reports it now.</summary>
public sealed record LiveVolume
{
    public required string Group { get; init; }

    public required string Name { get; init; }

    /// <summary>In bytes.</summary>
    public required long Size { get; init; }

    /// <summary>"linear", "striped", "raid", "thin", "pool", "sparse", "cache", …</summary>
    public required IReadOnlyList<string> Layout { get; init; }

    /// <summary>"public", "private", "origin", "snapshot", "thicksnapshot", "thinsnapshot", …</summary>
    public required IReadOnlyList<string> Role { get; init; }

    /// <summary>Of a snapshot: the name of its origin.</summary>
    public required string Origin { get; init; }

    /// <summary>Of a thin volume: the name of its pool.</summary>
    public required string Pool { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required bool IsActive { get; init; }

    /// <summary>"/dev/vg/lv"; empty of a volume that has none.</summary>
    public required string Path { get; init; }

    /// <summary>"major:minor" while it is active.</summary>
    public required string? Number { get; init; }

    /// <summary>Of its group, in bytes.</summary>
    public required long ExtentSize { get; init; }

    /// <summary>Of its group.</summary>
    public required long FreeExtents { get; init; }

    /// <summary>How full a snapshot's store, or a pool, is; null of others and while it is not active.</summary>
    public required double? DataPercent { get; init; }

    public required double? MetadataPercent { get; init; }

    /// <summary>When it was made, in LVM's words.</summary>
    public required string Created { get; init; }

    public string FullName => $"{Group}/{Name}";

    public bool IsThin => Layout.Contains("thin") && !Layout.Contains("pool");

    /// <summary>What device-mapper calls it.</summary>
    public string MapperName => MapperNameOf(Group, Name);

    /// <summary>What device-mapper calls the pool's own target, which tells how full it is.</summary>
    public string PoolMapperName => MapperNameOf(Group, Pool) + "-tpool";

    public static LiveVolume Parse(JsonElement row)
    {
        string major = Text("lv_kernel_major"), minor = Text("lv_kernel_minor");
        return new()
        {
            Group = Text("vg_name"),
            Name = Text("lv_name").Trim('[', ']'),
            Size = Number("lv_size") ?? 0,
            Layout = List("lv_layout"),
            Role = List("lv_role"),
            Origin = Text("origin").Trim('[', ']'),
            Pool = Text("pool_lv").Trim('[', ']'),
            Tags = List("lv_tags"),
            IsActive = Text("lv_active").StartsWith("active", StringComparison.Ordinal),
            Path = Text("lv_path"),
            Number = major is "" or "-1" ? null : $"{major}:{minor}",
            ExtentSize = Number("vg_extent_size") ?? 0,
            FreeExtents = Number("vg_free_count") ?? 0,
            DataPercent = Percent("data_percent"),
            MetadataPercent = Percent("metadata_percent"),
            Created = Text("lv_time"),
        };

        // Strings throughout with --reportformat json; json_std, which some are configured for, has numbers and arrays.
        string Text(string name) => !row.TryGetProperty(name, out JsonElement value) ? ""
            : value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(item => item.GetString())),
                JsonValueKind.Null => "",
                _ => value.GetRawText(),
            };

        string[] List(string name) => Text(name).Split(',', StringSplitOptions.RemoveEmptyEntries);

        long? Number(string name) => long.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

        double? Percent(string name) => double.TryParse(Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out double percent) && percent >= 0 ? percent : null;
    }

    public static string MapperNameOf(string group, string name) => $"{Mapped(group)}-{Mapped(name)}";

    /// <summary>Device-mapper joins a group and a volume with a dash, and doubles the dashes in their names.</summary>
    private static string Mapped(string name) => name.Replace("-", "--", StringComparison.Ordinal);
}
