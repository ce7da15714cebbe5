using System.Globalization;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>A line of /proc/self/mountinfo: "36 35 98:0 /root /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=continue" (proc(5)).</summary>
/// <param name="Device">"major:minor" of the filesystem; a made-up one where it is on no block device.</param>
/// <param name="Path">Where it is mounted.</param>
public sealed record MountEntry(int Id, string Device, ByteString Path, IReadOnlyList<string> Options, string Type, string Source, IReadOnlyList<string> FileSystemOptions)
{
    public static MountEntry? TryParse(ReadOnlySpan<byte> line)
    {
        var fields = new List<byte[]>();
        foreach (Range range in line.Split((byte)' '))
            fields.Add(line[range].ToArray());
        int dash = fields.FindIndex(6 > fields.Count ? 0 : 6, field => field.AsSpan().SequenceEqual("-"u8));
        if (dash < 0 || dash + 3 >= fields.Count || !int.TryParse(Text(fields[0]), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            return null;
        return new(id, Text(fields[2]), ByteString.Own(Unescape(fields[4])), Text(fields[5]).Split(','),
            Text(fields[dash + 1]), ByteString.Own(Unescape(fields[dash + 2])).ToArgument(), Text(fields[dash + 3]).Split(','));
    }

    private static string Text(byte[] field) => Encoding.UTF8.GetString(field);

    /// <summary>Blank, tab, newline and backslash stand as three octal digits.</summary>
    private static byte[] Unescape(byte[] field)
    {
        var plain = new List<byte>(field.Length);
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == (byte)'\\' && i + 3 < field.Length)
            {
                plain.Add((byte)(((field[i + 1] - '0') << 6) | ((field[i + 2] - '0') << 3) | (field[i + 3] - '0')));
                i += 3;
            }
            else
            {
                plain.Add(field[i]);
            }
        }
        return [.. plain];
    }
}
