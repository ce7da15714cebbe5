using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Tests.Support;

/// <summary>Walks a filesystem through Jumpbag's readers.</summary>
internal static class FileSystemReader
{
    /// <param name="problems">Receives reported damage and what contradicts itself, a line each.</param>
    public static IEnumerable<(ByteString, TreeEntry)> Walk(FileSystem fileSystem, List<string> problems)
    {
        var seen = new HashSet<ulong>();
        var waiting = new Stack<(ByteString Path, ulong Inode, FileType Hint)>([(ByteString.Empty, fileSystem.RootInode, FileType.Directory)]);
        while (waiting.TryPop(out (ByteString Path, ulong Inode, FileType Hint) next))
        {
            void Damaged(Damage damage) => problems.Add($"{next.Path}: {damage}");
            Node node;
            try
            {
                node = fileSystem.GetNode(next.Inode, Damaged);
            }
            catch (JumpbagException e)
            {
                problems.Add($"{next.Path}: {e.Message}");
                continue;
            }
            if (next.Hint != FileType.Unknown && next.Hint != node.Type)
                problems.Add($"{next.Path}: the directory says {next.Hint}, the inode {node.Type}");
            yield return (next.Path, Read(fileSystem, node, Damaged));
            if (node.Type != FileType.Directory || !seen.Add(node.Inode))
                continue;
            foreach (DirectoryEntry entry in fileSystem.List(node, Damaged))
                waiting.Push((next.Path.Join(entry.Name), entry.Inode, entry.Type));
        }
    }

    private static TreeEntry Read(FileSystem fileSystem, Node node, DamageSink damaged)
    {
        var attributes = new SortedDictionary<ByteString, byte[]>();
        foreach (ExtendedAttribute attribute in fileSystem.ExtendedAttributes(node, damaged))
            if (!attributes.TryAdd(attribute.Name, attribute.Value.ToArray()))
                damaged(new($"attribute {attribute.Name} twice"));
        var entry = new TreeEntry
        {
            Type = node.Type,
            Permissions = node.Permissions,
            Uid = node.Uid,
            Gid = node.Gid,
            Size = node.Size,
            Links = node.Links,
            Inode = node.Inode,
            Allocated = node.Allocated,
            DeviceMajor = node.DeviceMajor,
            DeviceMinor = node.DeviceMinor,
            Accessed = node.Accessed,
            Modified = node.Modified,
            Changed = node.Changed,
            Born = node.Born,
            ExtendedAttributes = attributes,
        };
        return node.Type switch
        {
            FileType.SymbolicLink => entry with { Target = Target(fileSystem, node, damaged) },
            FileType.Directory => entry with { Flags = FileFlags.Sorted(node.Attributes) },
            FileType.Regular => WithContent(fileSystem, node, entry, damaged),
            _ => entry,
        };
    }

    private static ByteString Target(FileSystem fileSystem, Node node, DamageSink damaged)
    {
        try
        {
            return fileSystem.ReadLink(node, damaged);
        }
        catch (JumpbagException e)
        {
            damaged(new(e.Message));
            return ByteString.Empty;
        }
    }

    private static TreeEntry WithContent(FileSystem fileSystem, Node node, TreeEntry entry, DamageSink damaged)
    {
        entry = entry with { Flags = FileFlags.Sorted(node.Attributes) };
        var ranges = new RangeList();
        var hash = new ContentHash();
        byte[] buffer = new byte[1 << 20];
        long expected = 0;
        try
        {
            foreach (FileExtent extent in fileSystem.Extents(node, 0, damaged))
            {
                if (extent.Offset != expected || extent.Length <= 0)
                    damaged(new($"an extent of {extent.Length} bytes at {extent.Offset} follows one that ends at {expected}"));
                expected = extent.Offset + extent.Length;
                if (extent.Kind is FileExtentKind.Hole or FileExtentKind.Unwritten)
                    continue;
                ranges.Add(extent.Offset, expected);
                for (long offset = extent.Offset; offset < expected;)
                {
                    int count = (int)Math.Min(buffer.Length, expected - offset);
                    fileSystem.Read(extent, offset, buffer.AsSpan(0, count));
                    hash.Add(offset, buffer.AsSpan(0, count));
                    offset += count;
                }
            }
        }
        catch (JumpbagException e)
        {
            return entry with { Content = $"unreadable: {e.Message}" };
        }
        if (expected != node.Size)
            damaged(new($"the extents end at {expected}, the file at {node.Size}"));
        return entry with { Content = hash.ToString(), DataRanges = ranges.ToString() };
    }
}
