using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext;

/// <summary>
/// Access control lists: ext keeps them in a short form (version 1; entries of 4 bytes, or of 8 where they name a user or
/// group), getxattr(2) gives them in the kernel's (version 2; entries of 8 bytes: tag, permissions, id or ~0).
/// </summary>
internal static class ExtAcl
{
    private const uint OnDiskVersion = 1, XattrVersion = 2;
    private const ushort UserObject = 0x01, User = 0x02, GroupObject = 0x04, Group = 0x08, Mask = 0x10, Other = 0x20;

    /// <summary>Null where it is no such list.</summary>
    public static byte[]? ToXattr(ReadOnlySpan<byte> value)
    {
        if (value.Length < 4 || ReadUInt32LittleEndian(value) != OnDiskVersion)
            return null;
        var result = new List<byte>(value.Length * 2) { (byte)XattrVersion, 0, 0, 0 };
        Span<byte> entry = stackalloc byte[8];
        for (ReadOnlySpan<byte> rest = value[4..]; !rest.IsEmpty;)
        {
            if (rest.Length < 4)
                return null;
            ushort tag = ReadUInt16LittleEndian(rest);
            bool named = tag is User or Group;
            if ((!named && tag is not (UserObject or GroupObject or Mask or Other)) || (named && rest.Length < 8))
                return null;
            rest[..4].CopyTo(entry);
            WriteUInt32LittleEndian(entry[4..], named ? ReadUInt32LittleEndian(rest[4..]) : ~0u);
            result.AddRange(entry);
            rest = rest[(named ? 8 : 4)..];
        }
        return [.. result];
    }
}
