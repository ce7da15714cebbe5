using Jumpbag.Core;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>
/// Files with several names of which not all were met yet, and where their first copy is. At most 400,000 at a time, about
/// 60 MiB; the names of further ones become files of their own, which is counted as lost.
/// </summary>
internal sealed class HardLinks
{
    private const int Most = 400_000;

    private readonly Dictionary<(FileSystem FileSystem, ulong Inode), Group> groups = [];
    private readonly Lock gate = new();

    internal sealed class Group(long missing)
    {
        /// <summary>Held while the first copy is made, so that the other names wait for it.</summary>
        public Lock Gate { get; } = new();

        /// <summary>Names that were not met yet.</summary>
        public long Missing { get; set; } = missing;

        public DirectoryCopy? Directory { get; set; }

        public ByteString Name { get; set; }

        /// <summary>Bytes that are missing in the copy; null where it is whole.</summary>
        public long? Lost { get; set; }
    }

    /// <summary>The group of a file with several names, or null where there are too many groups.</summary>
    public Group? Find(in TreeNode file)
    {
        (FileSystem, ulong) key = (file.FileSystem, file.Node.Inode);
        lock (gate)
        {
            if (!groups.TryGetValue(key, out Group? group))
            {
                if (groups.Count >= Most)
                    return null;
                groups.Add(key, group = new(file.Node.Links));
            }
            if (--group.Missing <= 0)
                groups.Remove(key);
            return group;
        }
    }
}
