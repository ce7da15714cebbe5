using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
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
        command.AddReading();
        command.Runs((parsed, session) =>
        {
            using var places = new PlaceOpener(parsed.GetValue(CommonOptions.Disk) ?? [], !parsed.GetValue(CommonOptions.NoReplay), session.Events);
            bool json = parsed.GetValue(CommonOptions.Json);
            foreach (string locator in parsed.GetRequiredValue(Locators))
            {
                Place place = places.Open(locator);
                void Damaged(Damage damage) => session.Events(new FileDamaged(place.Show(place.Path), damage));
                var file = new WalkedNode(place.Path, place.Tree.Lookup(place.Path, parsed.GetValue(Follow), Damaged), 0);
                if (json)
                    WriteJson(place, file, parsed.GetValue(ShowExtents), session.Out, Damaged);
                else
                    WriteText(place, file, parsed.GetValue(ShowExtents), session.Out, Damaged);
            }
            return session.Status;
        });
        return command;
    }

    private static void WriteText(Place place, WalkedNode file, bool extents, Output output, DamageSink damage)
    {
        Node node = file.File.Node;
        Owners owners = Owners.Of(place.Tree);
        string target = node.Type == FileType.SymbolicLink ? $" -> {file.File.FileSystem.ReadLink(node, damage)}" : "";
        output.WriteLine($"  File: {place.Show(file.Path)}{target}");
        output.WriteLine($"  Size: {node.Size,-15} Allocated: {node.Allocated,-12} IO Block: {file.File.FileSystem.Summary.BlockSize,-6} {ModeText.Word(node.Type)}");
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
        foreach (ExtendedAttribute attribute in file.File.FileSystem.ExtendedAttributes(node, damage))
            output.WriteLine($" Xattr: {attribute.Name}={ShowValue(attribute.Value)}");
        if (extents && node.Type == FileType.Regular)
            foreach (FileExtent extent in file.File.FileSystem.Extents(node, 0, damage))
                foreach (string line in Lines(file.File.FileSystem, extent))
                    output.WriteLine("Extent: " + line);
    }

    private static void WriteJson(Place place, WalkedNode file, bool extents, Output output, DamageSink damage)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            Node node = file.File.Node;
            json.WriteStartObject();
            JsonListing.WriteFile(json, place, file, Owners.Of(place.Tree), damage);
            json.WriteString("attributes", node.Attributes);
            if (node.Project != 0)
                json.WriteNumber("project", node.Project);
            json.WriteStartArray("xattrs");
            foreach (ExtendedAttribute attribute in file.File.FileSystem.ExtendedAttributes(node, damage))
            {
                json.WriteStartObject();
                JsonListing.WriteName(json, "name", attribute.Name);
                JsonListing.WriteName(json, "value", new(attribute.Value.Span));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            if (extents && node.Type == FileType.Regular)
                WriteExtents(json, file.File, damage);
            json.WriteEndObject();
        }
        output.Write(memory.ToArray());
        output.WriteLine();
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
