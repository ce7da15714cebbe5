using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Listing;
using Jumpbag.Storage;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag stat LOCATOR…</summary>
public static class StatCommand
{
    private static readonly Argument<string[]> Locators = new("locator") { Arity = ArgumentArity.OneOrMore, Description = "files, such as disk.img:/etc/fstab" };
    private static readonly Option<bool> Follow = new("--dereference", "-L") { Description = "of what a symbolic link leads to" };
    private static readonly Option<bool> ShowExtents = new("--extents") { Description = "also where the content lies, in bytes of the image" };

    public static Command Make()
    {
        var command = new Command("stat") { Locators, Follow, ShowExtents, CommonOptions.Json };
        command.Reads(reading =>
        {
            foreach (string locator in reading.Parsed.GetRequiredValue(Locators))
            {
                Place place = reading.Places.Open(locator);
                var file = Visit.Of(place.Path, reading.Lookup(place, reading.Has(Follow)));
                DamageSink damaged = damage => reading.Damaged(place)(place.Path, damage);
                if (reading.Json)
                    reading.Out.WriteJson(json => WriteJson(json, place, file, reading.Has(ShowExtents), damaged));
                else
                    WriteText(place, file, reading.Has(ShowExtents), reading.Out, damaged);
            }
            return reading.Session.Status;
        });
        return command;
    }

    private static void WriteText(Place place, Visit file, bool extents, Output output, DamageSink damage)
    {
        Node node = file.Node.Node;
        Owners owners = Owners.Of(place.Tree);
        string target = node.Type == FileType.SymbolicLink ? $" -> {file.Node.FileSystem.ReadLink(node, damage)}" : "";
        output.WriteLine($"  File: {place.Show(file.Path)}{target}");
        output.WriteLine($"  Size: {node.Size,-15} Allocated: {node.Allocated,-12} IO Block: {file.Node.FileSystem.Summary.BlockSize,-6} {ModeText.Word(node.Type)}");
        string device = node.Type is FileType.CharacterDevice or FileType.BlockDevice ? $"  Device type: {node.DeviceMajor},{node.DeviceMinor}" : "";
        output.WriteLine($" Inode: {node.Inode,-15} Links: {node.Links}{device}");
        output.WriteLine($"Access: ({Convert.ToString(node.Permissions, 8).PadLeft(4, '0')}/{ModeText.Letters(node)})  Uid: ({node.Uid}/{owners.User(node.Uid)})  Gid: ({node.Gid}/{owners.Group(node.Gid)})");
        output.WriteLine($"Access: {TimeText.Full(node.Accessed)}");
        output.WriteLine($"Modify: {TimeText.Full(node.Modified)}");
        output.WriteLine($"Change: {TimeText.Full(node.Changed)}");
        output.WriteLine($" Birth: {(node.Born is { } born ? TimeText.Full(born) : "-")}");
        if (node.Attributes.Length > 0)
            output.WriteLine($" Flags: {node.Attributes}");
        if (node.Project != 0)
            output.WriteLine($" Project: {node.Project}");
        foreach (ExtendedAttribute attribute in file.Node.FileSystem.ExtendedAttributes(node, damage))
            output.WriteLine($" Xattr: {attribute.Name}={ShowValue(attribute.Value)}");
        if (extents && node.Type == FileType.Regular)
            foreach (FileExtent extent in file.Node.FileSystem.Extents(node, 0, damage))
                foreach (string line in Lines(file.Node.FileSystem, extent))
                    output.WriteLine("Extent: " + line);
    }

    private static void WriteJson(Utf8JsonWriter json, Place place, Visit file, bool extents, DamageSink damage)
    {
        Node node = file.Node.Node;
        json.WriteStartObject();
        JsonListing.WriteFile(json, place, file, Owners.Of(place.Tree), damage);
        json.WriteString("attributes", node.Attributes);
        if (node.Project != 0)
            json.WriteNumber("project", node.Project);
        json.WriteStartArray("xattrs");
        foreach (ExtendedAttribute attribute in file.Node.FileSystem.ExtendedAttributes(node, damage))
        {
            json.WriteStartObject();
            JsonListing.WriteName(json, "name", attribute.Name);
            JsonListing.WriteName(json, "value", new(attribute.Value.Span));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (extents && node.Type == FileType.Regular)
            WriteExtents(json, file.Node, damage);
        json.WriteEndObject();
    }

    private static void WriteExtents(Utf8JsonWriter json, TreeNode file, DamageSink damage)
    {
        json.WriteStartArray("extents");
        foreach (FileExtent extent in file.FileSystem.Extents(file.Node, 0, damage))
        {
            json.WriteStartObject();
            json.WriteNumber("offset", extent.Offset);
            json.WriteNumber("length", extent.Length);
            json.WriteString("kind", extent.Kind.ToString().ToLowerInvariant());
            if (extent.Kind == FileExtentKind.Data)
                json.WriteNumber("filesystemOffset", extent.DeviceOffset);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Where an extent lies in the sources: one line a piece.</summary>
    private static IEnumerable<string> Lines(FileSystem fileSystem, FileExtent extent)
    {
        if (extent.Kind != FileExtentKind.Data)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{extent.Offset,14} {extent.Length,14} {extent.Kind.ToString().ToLowerInvariant()}");
            yield break;
        }
        foreach (Extent piece in fileSystem.Device.Extents(extent.DeviceOffset, extent.Length))
        {
            string where = piece.Kind == ExtentKind.Data ? $"{piece.Source!.Path} {piece.SourceOffset}" : piece.Kind.ToString().ToLowerInvariant();
            yield return string.Create(CultureInfo.InvariantCulture, $"{extent.Offset + piece.Offset - extent.DeviceOffset,14} {piece.Length,14} {where}");
        }
    }

    private static string ShowValue(ReadOnlyMemory<byte> value)
    {
        ReadOnlySpan<byte> bytes = value.Span;
        bool binary = bytes.ContainsAnyInRange((byte)0, (byte)31);
        return binary ? "0x" + Convert.ToHexStringLower(bytes.Length <= 256 ? bytes : bytes[..256]) + (bytes.Length > 256 ? "…" : "") : $"\"{new ByteString(bytes)}\"";
    }
}
