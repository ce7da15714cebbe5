using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Storage.Layers;

namespace Jumpbag.Inspecting;

/// <summary>The nested picture as JSON: one object a layer, with the layers in it as "children". The keys are contract.</summary>
public static class InspectJson
{
    public static void Write(Utf8JsonWriter json, LayerReport report)
    {
        Layer layer = report.Layer;
        json.WriteStartObject();
        json.WriteString("locator", layer.Locator);
        json.WriteString("kind", layer.KindName);
        WriteNumber("number", layer.Partition?.Number);
        json.WriteString("name", layer.Volume?.Name ?? layer.Group?.Name ?? layer.Array?.Name ?? layer.Partition?.Name);
        WriteNumber("offset", layer.Partition?.Offset);
        json.WriteNumber("size", layer.Size);
        WriteNumber("sectorSize", layer.HasContent ? layer.Table?.SectorSize ?? layer.Device.SectorSize : null);
        WriteNumber("startSector", layer.Partition?.StartSector);
        json.WriteString("type", report.Type);
        json.WriteString("typeCode", layer.Partition?.TypeCode);
        json.WriteString("format", report.Format);
        json.WriteString("label", report.Label);
        json.WriteString("uuid", report.Uuid);
        json.WriteString("partitionUuid", layer.Partition?.Uuid);
        json.WriteString("state", report.State);
        json.WriteString("opened", report.Opened);
        if (report.Usage is { } usage)
        {
            json.WriteNumber("capacity", usage.Capacity);
            json.WriteNumber("used", usage.Capacity - usage.Free);
            json.WriteNumber("blockSize", usage.BlockSize);
        }
        if (report.Guest is { } guest)
        {
            json.WriteString("operatingSystem", guest.OperatingSystem);
            json.WriteString("hostName", guest.HostName);
            json.WriteStrings("mountPoints", guest.MountPoints);
        }
        if (layer.Array is { } array)
            ArrayJson.Write(json, array);
        if (report.Member is var (member, around))
        {
            json.WriteString("memberOf", around.Locator);
            json.WriteString("memberState", ArrayJson.StateOf(member));
        }
        if (layer.Volume is { } volume)
        {
            json.WriteString("origin", volume.Origin);
            json.WriteString("pool", volume.Pool);
        }
        if (report.VolumeUsage is { } volumeUsage)
        {
            json.WriteNumber("dataPercent", Math.Round(volumeUsage.Percent, 2));
            if (volumeUsage.MetadataPercent is { } metadata)
                json.WriteNumber("metadataPercent", Math.Round(metadata, 2));
        }
        json.WriteString("problem", report.Problem);
        json.WriteStrings("warnings", report.Warnings);
        json.WriteStartArray("children");
        foreach (LayerReport child in report.Children)
            Write(json, child);
        json.WriteEndArray();
        json.WriteEndObject();

        void WriteNumber(string key, long? value)
        {
            if (value is { } number)
                json.WriteNumber(key, number);
            else
                json.WriteNull(key);
        }
    }
}
