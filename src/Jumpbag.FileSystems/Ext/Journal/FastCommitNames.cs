using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;

namespace Jumpbag.FileSystems.Ext.Journal;

/// <summary>
/// What the directories on the disk say of the names that fast commits mention. Each of those directories is read once, and
/// of the rest of its names nothing is kept.
/// </summary>
internal sealed class FastCommitNames
{
    /// <summary>Entries looked at in all, so that many inodes that share one large directory don't take forever.</summary>
    private const int MaxEntries = 20_000_000;

    private readonly Dictionary<uint, Dictionary<ByteString, DirectoryEntry?>> names = [];

    public DirectoryEntry? Find(uint directory, ByteString name) =>
        names.TryGetValue(directory, out Dictionary<ByteString, DirectoryEntry?>? known) ? known.GetValueOrDefault(name) : null;

    /// <exception cref="UnsupportedException">The directories hold too much.</exception>
    public static FastCommitNames Read(ExtFileSystem fileSystem, FastCommitScan scan)
    {
        var result = new FastCommitNames();
        FastCommitReplay.ForEachName(scan, fileSystem.Superblock, (directory, name) =>
        {
            if (!result.names.TryGetValue(directory, out Dictionary<ByteString, DirectoryEntry?>? known))
                result.names[directory] = known = [];
            known[name] = null;
        });
        int left = MaxEntries;
        foreach ((uint directory, Dictionary<ByteString, DirectoryEntry?> wanted) in result.names)
            foreach (DirectoryEntry entry in Entries(fileSystem, directory))
            {
                if (--left < 0)
                    throw new UnsupportedException($"the fast commits change directories of more than {MaxEntries} entries");
                if (wanted.ContainsKey(entry.Name))
                    wanted[entry.Name] = entry;
            }
        return result;
    }

    private static IEnumerable<DirectoryEntry> Entries(ExtFileSystem fileSystem, uint directory)
    {
        if (directory == 0 || directory > fileSystem.Superblock.InodesCount)
            return [];
        ExtNode node = fileSystem.ReadInode(directory, _ => { });
        return node.Type == FileType.Directory && node.Links > 0 ? fileSystem.List(node, _ => { }) : [];
    }
}
