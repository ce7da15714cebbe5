using System.Text.Json;
using Jumpbag.Backup.Repository;
using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Snapshots;

/// <summary>Reads the JSON document that is a directory.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Trees and Data"</remarks>
internal static class TreeParser
{
    private static readonly string[] Fields = ["name", "type", "mode", "mtime", "atime", "ctime", "uid", "gid", "inode", "device_id", "device", "links", "size", "linktarget", "linktarget_raw", "subtree", "content", "extended_attributes"];

    private static readonly byte[][] FieldBytes = [.. Fields.Select(System.Text.Encoding.ASCII.GetBytes)];

    private const uint GoSetUid = 1 << 23, GoSetGid = 1 << 22, GoSticky = 1 << 20;

    /// <summary>The entries of a tree of a repository.</summary>
    /// <inheritdoc cref="Parse"/>
    /// <exception cref="JumpbagException">It cannot be had.</exception>
    public static SnapshotNode[] Read(BlobSource repository, StorageId tree, Func<int, (ulong Device, ulong Inode)?, ulong> inode)
    {
        using BlobContent json = repository.Blob(BlobType.Tree, tree);
        return Parse(json.Span, tree, inode);
    }

    /// <param name="inode">The number for an entry: its index in the tree, and of a file with several names its device and inode where it was backed up.</param>
    /// <exception cref="CorruptException">It cannot be made out.</exception>
    public static SnapshotNode[] Parse(ReadOnlySpan<byte> json, StorageId tree, Func<int, (ulong Device, ulong Inode)?, ulong> inode)
    {
        try
        {
            var nodes = new List<SnapshotNode>();
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Disallow });
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isNodes = reader.ValueTextEquals("nodes"u8);
                reader.Read();
                if (isNodes && reader.TokenType == JsonTokenType.StartArray)
                    while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                        nodes.Add(ParseNode(ref reader, nodes.Count, inode));
                else
                    reader.Skip();
            }
            return [.. nodes];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new CorruptException($"tree {tree.Short}: {e.Message}");
        }
    }

    private static SnapshotNode ParseNode(ref Utf8JsonReader reader, int index, Func<int, (ulong Device, ulong Inode)?, ulong> inode)
    {
        byte[] name = [], target = [];
        FileType type = FileType.Unknown;
        uint mode = 0, uid = 0, gid = 0;
        ulong originalInode = 0, originalDevice = 0, device = 0, links = 1, size = 0;
        Timestamp modified = default, accessed = default, changed = default;
        StorageId? subtree = null;
        int next = 0;
        List<StorageId>? content = null;
        List<ExtendedAttribute>? xattrs = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string field = Field(ref reader, ref next);
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null)
                continue;
            switch (field)
            {
                case "name":
                    name = GoText.Unquote(Text(ref reader));
                    break;
                case "type":
                    type = Type(ref reader);
                    break;
                case "mode":
                    mode = reader.GetUInt32();
                    break;
                case "mtime":
                    modified = Rfc3339.Parse(reader.ValueSpan);
                    break;
                case "atime":
                    accessed = Rfc3339.Parse(reader.ValueSpan);
                    break;
                case "ctime":
                    changed = Rfc3339.Parse(reader.ValueSpan);
                    break;
                case "uid":
                    uid = reader.GetUInt32();
                    break;
                case "gid":
                    gid = reader.GetUInt32();
                    break;
                case "inode":
                    originalInode = reader.GetUInt64();
                    break;
                case "device_id":
                    originalDevice = reader.GetUInt64();
                    break;
                case "device":
                    device = reader.GetUInt64();
                    break;
                case "links":
                    links = reader.GetUInt64();
                    break;
                case "size":
                    size = reader.GetUInt64();
                    break;
                case "linktarget" when target.Length == 0:
                    target = Text(ref reader);
                    break;
                case "linktarget_raw":
                    target = reader.GetBytesFromBase64();
                    break;
                case "subtree":
                    subtree = Id(ref reader);
                    break;
                case "content":
                    content = Ids(ref reader);
                    break;
                case "extended_attributes":
                    xattrs = Xattrs(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        if (name.Length == 0 || name.AsSpan().IndexOfAny((byte)'/', (byte)0) >= 0 || name.AsSpan().SequenceEqual("."u8) || name.AsSpan().SequenceEqual(".."u8))
            throw new FormatException($"the entry {index} has the name '{new ByteString(name)}'");
        bool isLinked = type != FileType.Directory && links > 1 && originalInode != 0;
        return new()
        {
            Name = ByteString.Own(name),
            Inode = inode(index, isLinked ? (originalDevice, originalInode) : null),
            OriginalInode = originalInode,
            Type = type,
            Permissions = (int)((mode & 0x1FF) | ((mode & GoSetUid) != 0 ? 0x800u : 0) | ((mode & GoSetGid) != 0 ? 0x400u : 0) | ((mode & GoSticky) != 0 ? 0x200u : 0)),
            Uid = uid,
            Gid = gid,
            Size = type == FileType.SymbolicLink ? target.Length : checked((long)size),
            Allocated = checked((long)size + 511) / 512 * 512,
            Links = isLinked ? checked((long)links) : 1,
            Accessed = accessed,
            Modified = modified,
            Changed = changed,
            DeviceMajor = (uint)(((device >> 8) & 0xFFF) | ((device >> 32) & 0xFFFFF000)),
            DeviceMinor = (uint)((device & 0xFF) | ((device >> 12) & 0xFFFFFF00)),
            Subtree = subtree,
            Content = content?.ToArray() ?? [],
            Target = ByteString.Own(target),
            Xattrs = xattrs ?? [],
        };
    }

    /// <summary>The name of a field that matters, else "".</summary>
    /// <param name="next">The one that comes next in what restic writes, where the search begins.</param>
    private static string Field(ref Utf8JsonReader reader, ref int next)
    {
        for (int count = 0; count < Fields.Length; count++)
        {
            int i = (next + count) % Fields.Length;
            if (reader.ValueIsEscaped ? reader.ValueTextEquals(Fields[i]) : reader.ValueSpan.SequenceEqual(FieldBytes[i]))
            {
                next = i + 1;
                return Fields[i];
            }
        }
        return "";
    }

    private static FileType Type(ref Utf8JsonReader reader) => reader.GetString() switch
    {
        "file" => FileType.Regular,
        "dir" => FileType.Directory,
        "symlink" => FileType.SymbolicLink,
        "dev" => FileType.BlockDevice,
        "chardev" => FileType.CharacterDevice,
        "fifo" => FileType.Fifo,
        "socket" => FileType.Socket,
        _ => FileType.Unknown,
    };

    private static byte[] Text(ref Utf8JsonReader reader)
    {
        var text = new byte[reader.ValueSpan.Length];
        return text[..reader.CopyString(text)];
    }

    private static StorageId Id(ref Utf8JsonReader reader) => StorageId.TryParse(reader.ValueSpan, out StorageId id) ? id : throw new FormatException("a name that is no SHA-256 hash");

    private static List<StorageId> Ids(ref Utf8JsonReader reader)
    {
        var ids = new List<StorageId>();
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
            ids.Add(Id(ref reader));
        return ids;
    }

    private static List<ExtendedAttribute> Xattrs(ref Utf8JsonReader reader)
    {
        var xattrs = new List<ExtendedAttribute>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            byte[] name = [], value = [];
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isName = reader.ValueTextEquals("name"u8), isValue = reader.ValueTextEquals("value"u8);
                reader.Read();
                if (isName)
                    name = Text(ref reader);
                else if (isValue && reader.TokenType == JsonTokenType.String)
                    value = reader.GetBytesFromBase64();
                else
                    reader.Skip();
            }
            xattrs.Add(new(ByteString.Own(name), value));
        }
        return xattrs;
    }
}
