using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Backup.Sources;
using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Archiving;

/// <summary>
/// A file as a line of a tree, byte for byte as restic 0.14 writes it: the same file must give the same tree. Fields in this order, those
/// with a question mark only where they say something: name type mode? mtime atime ctime uid gid user? group? inode? device_id? size?
/// links? linktarget? linktarget_raw? extended_attributes? device? content subtree?
/// </summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Trees and Data"</remarks>
internal sealed class NodeText(Accounts accounts, TimeZoneInfo zone)
{
    private const uint GoDirectory = 1u << 31, GoLink = 1 << 27, GoDevice = 1 << 26, GoFifo = 1 << 25, GoSocket = 1 << 24, GoSetUid = 1 << 23, GoSetGid = 1 << 22, GoCharacter = 1 << 21, GoSticky = 1 << 20;

    /// <param name="size">Of a regular file: the bytes that were read.</param>
    /// <param name="content">Of a regular file: the blobs in order, else null.</param>
    /// <param name="subtree">Of a directory.</param>
    public byte[] Write(ByteString name, in SourceFile file, long size, IReadOnlyList<StorageId>? content, StorageId? subtree)
    {
        var json = new ArrayBufferWriter<byte>(512 + (content?.Count ?? 0) * (StorageId.TextLength + 3));
        json.Write("{\"name\":\""u8);
        GoText.WriteName(name.Span, json);
        json.Write("\",\"type\":\""u8);
        json.Write(TypeName(file.Type));
        json.Write("\""u8);
        Positive(json, ",\"mode\":"u8, Mode(file.Type, file.Permissions));
        Time(json, ",\"mtime\":\""u8, file.Modified);
        // As without --with-atime: else each reading would make a new tree.
        Time(json, ",\"atime\":\""u8, file.Modified);
        Time(json, ",\"ctime\":\""u8, file.Changed);
        Number(json, ",\"uid\":"u8, file.Uid);
        Number(json, ",\"gid\":"u8, file.Gid);
        Text(json, ",\"user\":\""u8, accounts.User(file.Uid).Span);
        Text(json, ",\"group\":\""u8, accounts.Group(file.Gid).Span);
        Positive(json, ",\"inode\":"u8, file.Inode);
        Positive(json, ",\"device_id\":"u8, file.Device);
        if (file.Type == FileType.Regular)
            Positive(json, ",\"size\":"u8, (ulong)size);
        if (file.Type is FileType.Regular or FileType.SymbolicLink or FileType.BlockDevice or FileType.CharacterDevice)
            Positive(json, ",\"links\":"u8, (ulong)file.Links);
        Text(json, ",\"linktarget\":\""u8, file.Target.Span);
        if (!System.Text.Unicode.Utf8.IsValid(file.Target.Span))
            Base64Field(json, ",\"linktarget_raw\":\""u8, file.Target.Span);
        Xattrs(json, file.Xattrs);
        if (file.Type is FileType.BlockDevice or FileType.CharacterDevice)
            Positive(json, ",\"device\":"u8, file.DeviceNumber);
        json.Write(",\"content\":"u8);
        Content(json, content);
        if (subtree is { } tree)
        {
            json.Write(",\"subtree\":\""u8);
            Id(json, tree);
            json.Write("\""u8);
        }
        json.Write("}"u8);
        return json.WrittenSpan.ToArray();
    }

    public static uint Mode(FileType type, int permissions) => (uint)(permissions & 0x1FF)
        | ((permissions & 0x800) != 0 ? GoSetUid : 0) | ((permissions & 0x400) != 0 ? GoSetGid : 0) | ((permissions & 0x200) != 0 ? GoSticky : 0)
        | type switch
        {
            FileType.Directory => GoDirectory,
            FileType.SymbolicLink => GoLink,
            FileType.BlockDevice => GoDevice,
            FileType.CharacterDevice => GoDevice | GoCharacter,
            FileType.Fifo => GoFifo,
            FileType.Socket => GoSocket,
            _ => 0,
        };

    private static ReadOnlySpan<byte> TypeName(FileType type) => type switch
    {
        FileType.Regular => "file"u8,
        FileType.Directory => "dir"u8,
        FileType.SymbolicLink => "symlink"u8,
        FileType.BlockDevice => "dev"u8,
        FileType.CharacterDevice => "chardev"u8,
        FileType.Fifo => "fifo"u8,
        _ => "socket"u8,
    };

    private static void Positive(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> field, ulong value)
    {
        if (value > 0)
            Number(json, field, value);
    }

    private static void Number(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> field, ulong value)
    {
        json.Write(field);
        value.TryFormat(json.GetSpan(20), out int length, provider: CultureInfo.InvariantCulture);
        json.Advance(length);
    }

    private void Time(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> field, Timestamp time)
    {
        json.Write(field);
        Rfc3339.Write(time, zone, json);
        json.Write("\""u8);
    }

    private static void Text(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> field, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return;
        json.Write(field);
        GoText.WriteText(text, json);
        json.Write("\""u8);
    }

    private static void Base64Field(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> field, ReadOnlySpan<byte> value)
    {
        json.Write(field);
        Base64.EncodeToUtf8(value, json.GetSpan(Base64.GetMaxEncodedToUtf8Length(value.Length) + 1), out _, out int length);
        json.Advance(length);
        json.Write("\""u8);
    }

    private static void Xattrs(ArrayBufferWriter<byte> json, IReadOnlyList<ExtendedAttribute> xattrs)
    {
        if (xattrs.Count == 0)
            return;
        json.Write(",\"extended_attributes\":["u8);
        for (int i = 0; i < xattrs.Count; i++)
        {
            json.Write(i == 0 ? "{\"name\":\""u8 : ",{\"name\":\""u8);
            GoText.WriteText(xattrs[i].Name.Span, json);
            Base64Field(json, "\",\"value\":\""u8, xattrs[i].Value.Span);
            json.Write("}"u8);
        }
        json.Write("]"u8);
    }

    private static void Content(ArrayBufferWriter<byte> json, IReadOnlyList<StorageId>? content)
    {
        if (content is null)
        {
            json.Write("null"u8);
            return;
        }
        json.Write("["u8);
        for (int i = 0; i < content.Count; i++)
        {
            json.Write(i == 0 ? "\""u8 : ",\""u8);
            Id(json, content[i]);
            json.Write("\""u8);
        }
        json.Write("]"u8);
    }

    private static void Id(ArrayBufferWriter<byte> json, StorageId id)
    {
        id.WriteHex(json.GetSpan(StorageId.TextLength));
        json.Advance(StorageId.TextLength);
    }
}
