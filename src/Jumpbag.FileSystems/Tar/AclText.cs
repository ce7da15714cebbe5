using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Jumpbag.FileSystems.Tar;

/// <summary>
/// A POSIX access control list as text, one entry a line, with numbers for users and groups: "user:1000:r-x". That is what GNU
/// tar --acls --numeric-owner writes, and what acl_from_text(3) reads.
/// </summary>
public static class AclText
{
    private const int Version = 2, HeaderSize = 4, EntrySize = 8;

    /// <param name="attribute">The value of system.posix_acl_access or _default: a version, then tag, permissions and id of each entry (linux/posix_acl_xattr.h).</param>
    /// <returns>Null where that is no such list.</returns>
    public static byte[]? Format(ReadOnlySpan<byte> attribute)
    {
        if (attribute.Length < HeaderSize || (attribute.Length - HeaderSize) % EntrySize != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(attribute) != Version)
            return null;
        var text = new StringBuilder();
        for (ReadOnlySpan<byte> rest = attribute[HeaderSize..]; !rest.IsEmpty; rest = rest[EntrySize..])
        {
            int permissions = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
            uint id = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            switch (BinaryPrimitives.ReadUInt16LittleEndian(rest))
            {
                case 0x01: text.Append("user::"); break;
                case 0x02: text.Append(CultureInfo.InvariantCulture, $"user:{id}:"); break;
                case 0x04: text.Append("group::"); break;
                case 0x08: text.Append(CultureInfo.InvariantCulture, $"group:{id}:"); break;
                case 0x10: text.Append("mask::"); break;
                case 0x20: text.Append("other::"); break;
                default: return null;
            }
            text.Append((permissions & 4) != 0 ? 'r' : '-').Append((permissions & 2) != 0 ? 'w' : '-').Append((permissions & 1) != 0 ? 'x' : '-').Append('\n');
        }
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
