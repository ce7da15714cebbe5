using System.Globalization;
using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Search;
using Jumpbag.Terminal;

namespace Jumpbag.Inspecting;

/// <summary>
/// What inspect --search found in a layer, each told from what the partition table and the volume groups lead to anyway: the
/// text shows what is lost, the JSON all of it.
/// </summary>
public sealed class SearchReport
{
    /// <summary>Where a superblock may stand in what it describes: a start itself can lie in a hole of the image.</summary>
    private static readonly long[] SuperblockOffsets = [0, 1024, 65536];

    private readonly Layer layer;
    private readonly List<(FoundSuperblock Found, Layer? Known)> rows;

    public SearchReport(Layer layer, IReadOnlyList<FoundSuperblock> found)
    {
        this.layer = layer;
        Dictionary<(FileSource, long), List<Layer>> known = [];
        foreach (Layer living in layer.Walk())
            if (FormatOf(living) is not null)
                foreach ((FileSource, long) place in Places(living.Device, 0))
                    (known.TryGetValue(place, out List<Layer>? there) ? there : known[place] = []).Add(living);
        rows = [.. found.Select(one => (one, Places(layer.Device, one.Offset)
            .SelectMany(place => known.GetValueOrDefault(place) ?? []).FirstOrDefault(living => Family(FormatOf(living)!) == Family(one.Format))))];
    }

    public void WriteText(Output output, int? width)
    {
        var table = new Table(("LOCATOR", false), ("SIZE", true), ("FORMAT", false), ("LABEL", false), ("UUID", false), ("", false));
        foreach ((FoundSuperblock one, _) in rows.Where(row => row.Known is null))
            table.Add(LocatorOf(one), one.Size is { } size ? ByteSize.Format(size) : "", one.Format,
                one.Label is { } label ? ByteString.FromText(label).ToString() : "", one.Uuid ?? "", one.Note);
        if (rows.Exists(row => row.Known is null))
            foreach (string line in table.Lines(width))
                output.WriteLine(line);
        else
            output.WriteLine($"{layer.Locator}: nothing lost was found in {ByteSize.Format(layer.Size)}");
        string[] known = [.. rows.Where(row => row.Known is not null).Select(row => $"{row.Known!.Locator} ({row.Found.Format})").Distinct()];
        if (known.Length > 0)
            output.WriteLine("Not lost, and not listed: " + string.Join(", ", known));
    }

    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach ((FoundSuperblock one, Layer? known) in rows)
        {
            json.WriteStartObject();
            json.WriteString("locator", LocatorOf(one));
            json.WriteNumber("offset", one.Offset);
            if (one.Size is { } size)
                json.WriteNumber("size", size);
            else
                json.WriteNull("size");
            json.WriteString("format", one.Format);
            json.WriteString("label", one.Label);
            json.WriteString("uuid", one.Uuid);
            json.WriteBoolean("fromBackup", one.FromBackup);
            json.WriteString("note", one.Note);
            json.WriteBoolean("inTable", known is not null);
            json.WriteString("layer", known?.Locator);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private string LocatorOf(FoundSuperblock one) => $"{layer.Locator}@offset={one.Offset.ToString(CultureInfo.InvariantCulture)}";

    private static string? FormatOf(Layer living) => !living.HasContent ? null : living.Table?.Scheme ?? living.Signature?.Format;

    /// <summary>A backup superblock of ext may be older than the feature that makes an ext3 an ext4.</summary>
    private static string Family(string format) => format is "ext2" or "ext3" or "ext4" ? "ext" : format;

    /// <summary>Where in the sources something stands that begins at an offset of a device: the same for every layer that shows it.</summary>
    private static IEnumerable<(FileSource, long)> Places(BlockDevice device, long start)
    {
        foreach (long offset in SuperblockOffsets)
            if (start + offset < device.Length)
                foreach (Extent extent in device.Extents(start + offset, 1))
                    if (extent is { Kind: ExtentKind.Data, Source: { } source })
                        yield return (source, extent.SourceOffset - offset);
    }
}
