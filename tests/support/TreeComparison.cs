using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Tests.Support;

/// <summary>What a comparison may leave out, each for a reason that the test gives.</summary>
[Flags]
public enum TreeAspects
{
    None = 0,

    /// <summary>Inode numbers: those of a copy are its own.</summary>
    Inode = 1,

    /// <summary>The size of directories: that of a copy is its own.</summary>
    DirectorySize = 2,

    /// <summary>The space taken.</summary>
    Allocated = 4,

    /// <summary>The time of the last change of the inode, which nobody can set.</summary>
    Changed = 8,

    /// <summary>The time of birth, which nobody can set.</summary>
    Born = 16,

    /// <summary>The time of the last access: whoever reads changes it.</summary>
    Accessed = 32,

    /// <summary>What lsattr(1) shows.</summary>
    Flags = 64,

    /// <summary>Where the holes are.</summary>
    Holes = 128,

    /// <summary>Owner and group: only root can set them.</summary>
    Owner = 256,

    Nanoseconds = 512,
    ExtendedAttributes = 1024,
    Modified = 2048,

    /// <summary>Number of links; the grouping of hard links is compared still.</summary>
    Links = 4096,

    /// <summary>What a copy made with all privileges cannot carry over.</summary>
    OfACopy = Inode | DirectorySize | Allocated | Changed | Born | Accessed | Flags,
}

/// <summary>Tells what differs between two trees, for people.</summary>
public static class TreeComparison
{
    private const int Most = 60;

    /// <summary>A line for each difference, the expected value first; at most some sixty, then how many more there are.</summary>
    public static IReadOnlyList<string> Differences(TreeSnapshot expected, TreeSnapshot actual, TreeAspects ignored = TreeAspects.None)
    {
        List<string> differences = [.. expected.Problems.Select(problem => $"expected tree: {problem}"), .. actual.Problems];
        foreach ((ByteString path, TreeEntry entry) in expected.Entries)
            if (!actual.Entries.TryGetValue(path, out TreeEntry? other))
                differences.Add($"{Name(path)}: missing ({entry.Type}, inode {entry.Inode})");
            else
                differences.AddRange(Differences(entry, other, ignored).Select(difference => $"{Name(path)} (inode {entry.Inode}, {entry.Type}): {difference}"));
        foreach ((ByteString path, TreeEntry entry) in actual.Entries)
            if (!expected.Entries.ContainsKey(path))
                differences.Add($"{Name(path)}: not expected ({entry.Type}, inode {entry.Inode})");
        return differences.Count <= Most ? differences : [.. differences.Take(Most), $"… and {differences.Count - Most} more"];
    }

    private static string Name(ByteString path) => path.IsEmpty ? "the top folder" : path.ToString();

    private static IEnumerable<string> Differences(TreeEntry expected, TreeEntry actual, TreeAspects ignored)
    {
        string? Compare<T>(string what, T wanted, T found, TreeAspects aspect = TreeAspects.None) =>
            (ignored & aspect) != 0 || EqualityComparer<T>.Default.Equals(wanted, found) ? null : $"{what}: {wanted}, not {found}";
        Timestamp Rounded(Timestamp time) => ignored.HasFlag(TreeAspects.Nanoseconds) ? time with { Nanoseconds = 0 } : time;
        bool directory = expected.Type == FileType.Directory;
        string?[] lines =
        [
            Compare("type", expected.Type, actual.Type),
            Compare("permissions", Octal(expected.Permissions), Octal(actual.Permissions)),
            Compare("uid", expected.Uid, actual.Uid, TreeAspects.Owner),
            Compare("gid", expected.Gid, actual.Gid, TreeAspects.Owner),
            Compare("size", expected.Size, actual.Size, directory ? TreeAspects.DirectorySize : TreeAspects.None),
            Compare("links", expected.Links, actual.Links, TreeAspects.Links),
            Compare("hard link of", expected.HardLinkOf, actual.HardLinkOf),
            Compare("inode", expected.Inode, actual.Inode, TreeAspects.Inode),
            Compare("allocated", expected.Allocated, actual.Allocated, TreeAspects.Allocated),
            Compare("device", (expected.DeviceMajor, expected.DeviceMinor), (actual.DeviceMajor, actual.DeviceMinor)),
            Compare("accessed", Rounded(expected.Accessed), Rounded(actual.Accessed), TreeAspects.Accessed),
            Compare("modified", Rounded(expected.Modified), Rounded(actual.Modified), TreeAspects.Modified),
            Compare("changed", Rounded(expected.Changed), Rounded(actual.Changed), TreeAspects.Changed),
            Compare("born", expected.Born, actual.Born, TreeAspects.Born),
            Compare("target", expected.Target, actual.Target),
            Compare("flags", expected.Flags, actual.Flags, TreeAspects.Flags),
            Compare("content", expected.Content, actual.Content),
            Compare("data", expected.DataRanges, actual.DataRanges, TreeAspects.Holes),
        ];
        IEnumerable<string> attributes = ignored.HasFlag(TreeAspects.ExtendedAttributes) ? []
            : AttributeDifferences(expected.ExtendedAttributes, actual.ExtendedAttributes);
        return lines.OfType<string>().Concat(attributes);
    }

    private static IEnumerable<string> AttributeDifferences(
        SortedDictionary<ByteString, byte[]> expected, SortedDictionary<ByteString, byte[]> actual)
    {
        foreach ((ByteString name, byte[] value) in expected)
            if (!actual.TryGetValue(name, out byte[]? found))
                yield return $"attribute {name} is missing ({value.Length} bytes)";
            else if (!value.AsSpan().SequenceEqual(found))
                yield return $"attribute {name}: {Shown(value)}, not {Shown(found)}";
        foreach (ByteString name in actual.Keys)
            if (!expected.ContainsKey(name))
                yield return $"attribute {name} was not expected";
    }

    private static string Octal(int permissions) => Convert.ToString(permissions, 8);

    private static string Shown(byte[] value) => $"{value.Length} bytes {Convert.ToHexString(value.AsSpan(0, Math.Min(value.Length, 24)))}";
}
