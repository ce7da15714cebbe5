using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>A line of /proc/self/mountinfo (proc(5)): what is mounted at a folder.</summary>
/// <param name="Device">"major:minor", as st_dev.</param>
/// <param name="MountPoint">The whole path.</param>
/// <param name="Type">"ext4", "fuse.jumpbag".</param>
/// <param name="Source">The device, or what the one who mounted it gave as such.</param>
public sealed record MountEntry(int Id, string Device, ByteString MountPoint, string Type, ByteString Source)
{
    /// <summary>Of this mount: "rw,noatime".</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Of the filesystem, in whichever places it is mounted: "ro,errors=remount-ro" says that the kernel made it read-only.</summary>
    public IReadOnlyList<string> FileSystemOptions { get; init; } = [];

    /// <summary>All, in the order in which they were mounted: what covers another comes later.</summary>
    public static IReadOnlyList<MountEntry> All()
    {
        return Parse(File.ReadAllBytes("/proc/self/mountinfo").AsSpan());
    }

    /// <summary>The lines of such a file.</summary>
    public static IReadOnlyList<MountEntry> Parse(ReadOnlySpan<byte> table)
    {
        var entries = new List<MountEntry>();
        foreach (Range line in table.Split((byte)'\n'))
            if (ParseLine(table[line]) is { } entry)
                entries.Add(entry);
        return entries;
    }

    /// <summary>What is seen at a folder: the last that was mounted on exactly it; null where it is no mount point.</summary>
    public static MountEntry? At(ByteString path) => All().LastOrDefault(entry => entry.MountPoint == path);

    /// <summary>Those below this one, the deepest (and last) first.</summary>
    public static IEnumerable<MountEntry> Below(ByteString path) => All().Reverse()
        .Where(entry => entry.MountPoint.Length > path.Length + 1 && entry.MountPoint.Span.StartsWith(path.Span) && entry.MountPoint.Span[path.Length] == (byte)'/');

    /// <summary>"36 35 98:0 /root /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=continue"</summary>
    private static MountEntry? ParseLine(ReadOnlySpan<byte> line)
    {
        var fields = new List<ByteString>();
        foreach (Range field in line.Split((byte)' '))
            fields.Add(new(line[field]));
        int dash = fields.FindIndex(field => field.Span.SequenceEqual("-"u8));
        return dash < 5 || dash + 2 >= fields.Count || !int.TryParse(fields[0].Span, out int id) ? null
            : new(id, fields[2].ToString(), Unescape(fields[4]), fields[dash + 1].ToString(), Unescape(fields[dash + 2]))
            {
                Options = fields[5].ToString().Split(','),
                FileSystemOptions = dash + 3 < fields.Count ? fields[dash + 3].ToString().Split(',') : [],
            };
    }

    /// <summary>Blanks, line ends and backslashes stand as three octal digits.</summary>
    private static ByteString Unescape(ByteString field)
    {
        ReadOnlySpan<byte> text = field.Span;
        var plain = new List<byte>(text.Length);
        for (int i = 0; i < text.Length; i++)
            if (text[i] == (byte)'\\' && i + 3 < text.Length)
            {
                plain.Add((byte)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                plain.Add(text[i]);
            }
        return ByteString.Own([.. plain]);
    }
}
