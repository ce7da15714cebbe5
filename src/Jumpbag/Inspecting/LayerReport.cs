using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Lvm;
using Jumpbag.Storage.Md;

namespace Jumpbag.Inspecting;

/// <summary>What inspect shows of one layer; the text and the JSON are made from it.</summary>
public sealed record LayerReport
{
    public required Layer Layer { get; init; }

    /// <summary>In blkid's words; of a disk with a partition table the table's.</summary>
    public string? Format { get; init; }

    public string? Label { get; init; }

    public string? Uuid { get; init; }

    /// <summary>The partition's or volume's type in words.</summary>
    public string? Type { get; init; }

    /// <summary>"clean", "dirty", "errors"; null where that is not known.</summary>
    public string? State { get; init; }

    /// <summary>How the filesystem was opened, where it was.</summary>
    public string? Opened { get; init; }

    public FileSystemSummary? Usage { get; init; }

    public GuestFacts? Guest { get; init; }

    /// <summary>Of a snapshot, a thin volume or a thin pool: how full it is.</summary>
    public VolumeUsage? VolumeUsage { get; init; }

    /// <summary>Of a member of an MD array: what it is to that array, and the array.</summary>
    public (MdMember Member, Layer Array)? Member { get; init; }

    /// <summary>Why more cannot be told: refused, damaged, beyond the end of the image.</summary>
    public string? Problem { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public IReadOnlyList<LayerReport> Children { get; init; } = [];

    public static LayerReport Of(Layer layer, FileSystemOpener opener)
    {
        LayerReport report = Make(layer, opener);
        // Where the picture begins at a partition, the warnings of the table around it are not in it.
        return layer.Partition is { } partition && layer.Parent is { } parent && partition.Offset + partition.Length > parent.Size
            ? report with { Warnings = [$"reaches {ByteSize.Format(partition.Offset + partition.Length - parent.Size)} beyond the end of {parent.Locator}: the image is not complete", .. report.Warnings] }
            : report;
    }

    private static LayerReport Make(Layer layer, FileSystemOpener opener)
    {
        var report = new LayerReport { Layer = layer, Type = TypeOf(layer), Warnings = WarningsOf(layer) };
        try
        {
            report = layer.Refusal is { } refusal ? report with { Problem = refusal.Message }
                : layer.Kind == LayerKind.VolumeGroup ? report with { Format = "LVM2_group", Uuid = layer.Group!.Uuid }
                : layer.Table is { } table ? report with { Format = table.Scheme, Uuid = table.Id }
                : WithContent(report, opener);
        }
        catch (JumpbagException e)
        {
            report = report with { Problem = e.Message };
        }
        report = layer.Volume is { } volume ? WithUsage(report, volume) : report;
        return report with { Children = [.. layer.Children.Select(child => Make(child, opener))] };
    }

    /// <summary>How full a volume is may be unknown although it can be read; and a pool, which cannot, is not at fault for that.</summary>
    private static LayerReport WithUsage(LayerReport report, LogicalVolume volume)
    {
        try
        {
            VolumeUsage? usage = volume.ReadUsage();
            return report with { VolumeUsage = usage, Problem = volume.IsPool ? null : report.Problem };
        }
        catch (JumpbagException e)
        {
            return volume.IsPool ? report with { Problem = e.Message }
                : report.Problem is null ? report with { Warnings = [.. report.Warnings, $"how full it is cannot be told: {e.Message}"] }
                : report;
        }
    }

    public IEnumerable<LayerReport> Walk() => Children.SelectMany(child => child.Walk()).Prepend(this);

    private static LayerReport WithContent(LayerReport report, FileSystemOpener opener)
    {
        if (report.Layer.Signature is not { } signature)
            return FileSystemOpener.UnreadableStart(report.Layer) is { } reason ? report with { Problem = $"its start cannot be read: {reason}" } : report;
        report = report with { Format = signature.Format, Label = signature.Label, Uuid = signature.Uuid };
        if (report.Layer.ArrayAround is { } array)
            return report with { Member = (array.Array!.Members.First(member => ReferenceEquals(member.Device, report.Layer.Device)), array) };
        if (!FileSystemFormats.CanRead(signature.Format))
            return report;
        try
        {
            FileSystem fileSystem = opener.Open(report.Layer);
            FileSystemSummary summary = fileSystem.Summary;
            return report with
            {
                State = summary.State,
                Opened = summary.Opened,
                Usage = summary,
                Guest = GuestFacts.Of(fileSystem),
                Warnings = [.. report.Warnings, .. summary.Warnings],
            };
        }
        catch (JumpbagException e)
        {
            return report with { Problem = e.Message };
        }
    }

    private static string? TypeOf(Layer layer) => layer.Kind switch
    {
        LayerKind.Partition => layer.Partition?.TypeName,
        LayerKind.Array => layer.Array!.Level,
        LayerKind.LogicalVolume => layer.Volume!.Type,
        LayerKind.VolumeGroup => "volume group",
        _ => null,
    };

    private static List<string> WarningsOf(Layer layer)
    {
        var warnings = new List<string>();
        if (layer.Kind == LayerKind.VolumeGroup)
            warnings.AddRange(layer.Group!.Warnings);
        if (layer.Array is { } array)
            warnings.AddRange(array.Warnings);
        // What is odd about a pool is said once, beside the pool; what a volume's devices lack is known once it was put together.
        _ = layer.Refusal;
        if (layer.Volume is { Pool: null } volume)
            warnings.AddRange(volume.Warnings);
        if (layer.HasContent && layer.Table is { } table)
            warnings.AddRange(table.Warnings);
        warnings.AddRange(layer.Contradictions);
        warnings.AddRange(layer.GroupWarnings);
        if (layer.Kind == LayerKind.Disk && layer.IsCutOff)
            warnings.Add("has more partitions and volumes than are looked into (4096)");
        return warnings;
    }
}
