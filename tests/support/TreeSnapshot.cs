using Jumpbag.Core;

namespace Jumpbag.Tests.Support;

/// <summary>
/// A whole tree with all that can be told of its files, taken from the kernel (<see cref="FolderReader"/>) or from a
/// Jumpbag filesystem (<see cref="FileSystemReader"/>). Paths are relative; the top folder is "".
/// </summary>
public sealed class TreeSnapshot
{
    private readonly SortedDictionary<ByteString, TreeEntry> entries = [];

    private TreeSnapshot(IEnumerable<(ByteString Path, TreeEntry Entry)> walked)
    {
        foreach ((ByteString path, TreeEntry entry) in walked)
            if (!entries.TryAdd(path, entry))
                Problems.Add($"{path}: listed twice");
        var first = new Dictionary<ulong, ByteString>();
        foreach ((ByteString path, TreeEntry entry) in entries.ToArray())
        {
            first.TryAdd(entry.Inode, path);
            entries[path] = entry with { HardLinkOf = first[entry.Inode] };
        }
    }

    public IReadOnlyDictionary<ByteString, TreeEntry> Entries => entries;

    /// <summary>What was found wrong on the way: reported damage, names that stand twice.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>What the kernel shows below a folder, without what is mounted further down.</summary>
    public static TreeSnapshot OfFolder(string folder) => new(FolderReader.Walk(ByteString.FromText(folder)));

    /// <summary>What Jumpbag reads of a filesystem; damage that it reports stands in <see cref="Problems"/>.</summary>
    public static TreeSnapshot Of(FileSystems.FileSystem fileSystem)
    {
        var problems = new List<string>();
        var snapshot = new TreeSnapshot(FileSystemReader.Walk(fileSystem, problems));
        snapshot.Problems.AddRange(problems);
        return snapshot;
    }

    /// <summary>What other programs said of each file.</summary>
    public static TreeSnapshot OfEntries(IEnumerable<(ByteString Path, TreeEntry Entry)> entries) => new(entries);

    /// <summary>The same files, each told anew.</summary>
    public TreeSnapshot Select(Func<TreeEntry, TreeEntry> change)
    {
        var changed = new TreeSnapshot(entries.Select(entry => (entry.Key, change(entry.Value))));
        changed.Problems.AddRange(Problems);
        return changed;
    }

    /// <summary>A snapshot of some of the paths.</summary>
    public TreeSnapshot Where(Func<ByteString, TreeEntry, bool> keep) =>
        new(entries.Where(entry => keep(entry.Key, entry.Value)).Select(entry => (entry.Key, entry.Value)));
}
