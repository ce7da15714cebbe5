using System.Buffers;
using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Terminal;

namespace Jumpbag.Listing;

/// <summary>Writes files as one JSON array, each as it comes, so that a large listing takes no memory.</summary>
public sealed class JsonListing : IDisposable
{
    private readonly Output output;
    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly Utf8JsonWriter json;

    public JsonListing(Output output)
    {
        this.output = output;
        json = new(buffer);
        json.WriteStartArray();
    }

    public void Add(Place place, Visit file, Owners owners, DamageSink damage)
    {
        json.WriteStartObject();
        WriteFile(json, place, file, owners, damage);
        json.WriteEndObject();
        json.Flush();
        output.Write(buffer.WrittenSpan);
        buffer.ResetWrittenCount();
    }

    public void Dispose()
    {
        json.WriteEndArray();
        json.Flush();
        output.Write(buffer.WrittenSpan);
        output.WriteLine();
        output.Flush();
        json.Dispose();
    }

    /// <summary>The keys of one file, into an object that is open. Bytes that are not UTF-8 make a further key with "Base64" at its end.</summary>
    public static void WriteFile(Utf8JsonWriter json, Place place, Visit file, Owners owners, DamageSink damage)
    {
        Node node = file.Node.Node;
        WriteName(json, "path", file.Path);
        json.WriteString("locator", place.Show(file.Path));
        json.WriteString("type", ModeText.Word(node.Type));
        json.WriteNumber("inode", node.Inode);
        json.WriteString("mode", Convert.ToString(node.Permissions, 8).PadLeft(4, '0'));
        json.WriteNumber("links", node.Links);
        json.WriteNumber("uid", node.Uid);
        json.WriteNumber("gid", node.Gid);
        json.WriteString("user", owners.User(node.Uid));
        json.WriteString("group", owners.Group(node.Gid));
        json.WriteNumber("size", node.Size);
        json.WriteNumber("allocated", node.Allocated);
        json.WriteString("modified", TimeText.Utc(node.Modified));
        json.WriteString("accessed", TimeText.Utc(node.Accessed));
        json.WriteString("changed", TimeText.Utc(node.Changed));
        if (node.Born is { } born)
            json.WriteString("born", TimeText.Utc(born));
        if (node.Type is FileType.CharacterDevice or FileType.BlockDevice)
        {
            json.WriteNumber("major", node.DeviceMajor);
            json.WriteNumber("minor", node.DeviceMinor);
        }
        if (node.Type == FileType.SymbolicLink && TryReadLink(file, damage) is { } target)
            WriteName(json, "target", target);
    }

    public static void WriteName(Utf8JsonWriter json, string key, ByteString name)
    {
        bool isUtf8 = System.Text.Unicode.Utf8.IsValid(name.Span);
        if (isUtf8)
            json.WriteString(key, name.Span);
        else
            json.WriteString(key, name.ToString());
        if (!isUtf8)
            json.WriteBase64String(key + "Base64", name.Span);
    }

    private static ByteString? TryReadLink(Visit file, DamageSink damage)
    {
        try
        {
            return file.Node.FileSystem.ReadLink(file.Node.Node, damage);
        }
        catch (JumpbagException e)
        {
            damage(new(e.Message));
            return null;
        }
    }
}
