using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Lvm;
using Jumpbag.Terminal;

namespace Jumpbag.Inspecting;

/// <summary>The nested picture of a disk in one screen: a line a layer, and what does not fit the screen below it.</summary>
public static class InspectText
{
    public static void Write(LayerReport top, Output output, int? width)
    {
        Layer layer = top.Layer;
        string table = layer.HasContent && layer.Table is { } found ? $"{(found.Scheme == "dos" ? "MBR" : "GPT")} partition table {found.Id}, sectors of {found.SectorSize} bytes" : "";
        string heading = $"{layer.Locator}: {ByteSize.Format(layer.Size)} ({layer.Size.ToString(CultureInfo.InvariantCulture)} bytes)";
        string separator = table.Length == 0 ? "" : heading.Length + 2 + table.Length > width ? ",\n    " : ", ";
        output.WriteLine(heading + separator + table);
        var rows = new Table(("LAYER", false), ("START", true), ("OFFSET", true), ("SIZE", true), ("TYPE", false), ("FORMAT", false), ("STATE", false), ("USED", true),
            ("LABEL", false), ("UUID", false), ("", false));
        int count = 0;
        foreach (LayerReport report in top.Walk())
        {
            // A disk that is all partitions has said everything in its heading.
            if (ReferenceEquals(report, top) && report is { Children.Count: > 0, Layer.Table: not null })
                continue;
            rows.Add(Cells(report, top));
            count++;
        }
        if (count > 0)
            foreach (string line in rows.Lines(width))
                output.WriteLine(line);
    }

    private static string[] Cells(LayerReport report, LayerReport top)
    {
        Layer layer = report.Layer;
        string name = layer.Locator[top.Layer.Locator.Length..];
        return
        [
            new string(' ', 2 * Indentation(layer, top.Layer)) + (name.Length > 0 ? name : "(whole)"),
            layer.Partition is { } partition ? partition.StartSector.ToString(CultureInfo.InvariantCulture) : "",
            layer.Partition is { } p ? p.Offset.ToString(CultureInfo.InvariantCulture) : "",
            ByteSize.Format(layer.Size),
            layer.Array is { } array ? $"{report.Type} {array.ActiveCount}/{array.PlaceCount}" : report.Type ?? "",
            report.Format ?? (report.Problem is null && layer.HasContent ? "-" : ""),
            report.State ?? (report.Member is { } member ? ArrayJson.StateOf(member.Member) : ""),
            report.Usage?.UsedPercent is { } used ? $"{used.ToString(CultureInfo.InvariantCulture)}%" : layer.Volume?.IsPool == true && report.VolumeUsage is { } pool ? Percent(pool.Percent) : "",
            report.Label is { } label ? ByteString.FromText(label).ToString() : "",
            report.Uuid ?? "",
            Notes(report),
        ];
    }

    private static int Indentation(Layer layer, Layer top)
    {
        int steps = 0;
        for (Layer? at = layer.Parent; at is not null && !ReferenceEquals(at, top); at = at.Parent)
            steps++;
        return steps;
    }

    /// <summary>Where a snapshot, a thin volume or a pool belongs, and how full it is.</summary>
    private static string VolumeNotes(LogicalVolume volume, VolumeUsage? usage)
    {
        string full = usage is null ? "" : volume.IsPool ? $"metadata {Percent(usage.MetadataPercent ?? 0)} used"
            : volume.Pool is null ? $"its store {Percent(usage.Percent)} full" : $"{Percent(usage.Percent)} mapped";
        string place = volume.Pool is { } pool ? $"in pool {pool}" : "";
        string origin = volume.Origin is { } name ? volume.IsSnapshot ? $"snapshot of {name}" : $"shows {name} where nothing is mapped" : "";
        return string.Join(", ", new[] { origin, place, full }.Where(part => part.Length > 0));
    }

    /// <summary>Rounded up, as df does: 100 % is full, and 0 % is empty.</summary>
    private static string Percent(double percent) => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(percent)}%");

    private static string Notes(LayerReport report)
    {
        var notes = new List<string>();
        if (report.Layer.Array is { State: not "clean" and var state })
            notes.Add(state);
        if (report.Member is var (member, around))
            notes.Add(member.Place is { } place ? $"member {place} of {around.Step}" : $"of {around.Step}");
        if (report.Problem is { } problem)
            notes.Add(problem);
        if (report.Layer.Volume is { } volume)
            notes.Add(VolumeNotes(volume, report.VolumeUsage));
        if (report.Guest is { } guest)
        {
            notes.Add(string.Join(", ", new[] { guest.OperatingSystem, guest.HostName is { } host ? $"host {host}" : null }.Where(fact => fact is not null)));
            notes.Add("mounts " + string.Join(" ", guest.MountPoints));
        }
        if (report.Opened is { } opened && opened != report.State)
            notes.Add(opened);
        return string.Join("; ", notes.Where(note => note.Length > 0));
    }
}
