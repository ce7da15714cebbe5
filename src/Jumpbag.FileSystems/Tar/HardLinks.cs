using Jumpbag.Core;

namespace Jumpbag.FileSystems.Tar;

/// <summary>Files of several names of which one is in the archive already, to which the others can refer. A file is forgotten when all of its names came.</summary>
internal sealed class HardLinks(long memory = HardLinks.DefaultMemory)
{
    /// <summary>Enough for some 400,000 files whose names have not all come.</summary>
    public const long DefaultMemory = 64 << 20;

    private const int BytesOfEntry = 100;

    private readonly Dictionary<(FileSystem, ulong), (ByteString Name, long Expected)> first = [];
    private long used;

    /// <summary>Whether a file could not be remembered, and its further names come as files of their own.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>The name under which the file is in the archive; null where this is its first.</summary>
    public ByteString? Find(in TreeNode file)
    {
        (FileSystem, ulong) key = (file.FileSystem, file.Node.Inode);
        if (file.Node.Links <= 1 || !first.TryGetValue(key, out (ByteString Name, long Expected) entry))
            return null;
        if (entry.Expected <= 1)
        {
            first.Remove(key);
            used -= BytesOfEntry + entry.Name.Length;
        }
        else
        {
            first[key] = entry with { Expected = entry.Expected - 1 };
        }
        return entry.Name;
    }

    /// <summary>Remembers a file that is now in the archive.</summary>
    public void Add(in TreeNode file, ByteString name)
    {
        if (file.Node.Links <= 1)
            return;
        int cost = BytesOfEntry + name.Length;
        if (used + cost > memory)
            Overflowed = true;
        else if (first.TryAdd((file.FileSystem, file.Node.Inode), (name, file.Node.Links - 1)))
            used += cost;
    }
}
