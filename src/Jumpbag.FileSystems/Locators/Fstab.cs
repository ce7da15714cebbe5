using Jumpbag.Core;

namespace Jumpbag.FileSystems.Locators;

/// <summary>A line of fstab(5): what is mounted where.</summary>
public sealed record FstabEntry(ByteString Device, ByteString MountPoint, string Type, IReadOnlyList<string> Options);

/// <summary>Reads fstab(5) as mount(8) does, except that a line it cannot use is passed over instead of stopping a boot.</summary>
public static class Fstab
{
    /// <summary>No sane fstab is larger, and a hostile one is not worth more memory.</summary>
    public const int LargestSize = 1 << 20;

    public static IReadOnlyList<FstabEntry> Parse(ReadOnlySpan<byte> text)
    {
        var entries = new List<FstabEntry>();
        foreach (Range lineRange in text.Split((byte)'\n'))
        {
            List<ByteString> fields = Fields(text[lineRange]);
            if (fields.Count < 3 || fields[0].Span[0] == (byte)'#')
                continue;
            string[] options = fields.Count > 3 ? fields[3].ToArgument().Split(',') : ["defaults"];
            entries.Add(new(Unescape(fields[0]), Unescape(fields[1]), fields[2].ToArgument(), options));
        }
        return entries;
    }

    /// <summary>The entries that name a filesystem which a boot would mount, the outermost first.</summary>
    public static IEnumerable<FstabEntry> MountedAtBoot(IEnumerable<FstabEntry> entries) => entries
        .Where(entry => entry.MountPoint.Length > 1 && entry.MountPoint.Span[0] == (byte)'/' && entry.Type != "swap"
            && !entry.Options.Contains("noauto") && !entry.Options.Contains("bind") && !entry.Options.Contains("rbind"))
        .OrderBy(entry => entry.MountPoint.Span.TrimEnd((byte)'/').Count((byte)'/'));

    private static List<ByteString> Fields(ReadOnlySpan<byte> line)
    {
        var fields = new List<ByteString>(6);
        foreach (Range range in line.SplitAny(" \t\r"u8))
            if (line[range].Length > 0)
                fields.Add(new(line[range]));
        return fields;
    }

    /// <summary>"\040" and the like, three octal digits, stand for blanks in a name.</summary>
    private static ByteString Unescape(ByteString field)
    {
        ReadOnlySpan<byte> text = field.Span;
        var plain = new List<byte>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == (byte)'\\' && i + 3 < text.Length && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) && IsOctal(text[i + 3]))
            {
                plain.Add((byte)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                plain.Add(text[i]);
            }
        }
        return ByteString.Own([.. plain]);
    }

    private static bool IsOctal(byte b) => b is >= (byte)'0' and <= (byte)'7';
}
