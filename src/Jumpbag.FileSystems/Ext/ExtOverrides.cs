using Jumpbag.Core;

namespace Jumpbag.FileSystems.Ext;

/// <summary>
/// What differs from the disk although no block of it says so: the effect of fast commits, which name inodes, ranges and
/// directory entries instead of blocks. Filled before the filesystem is used, and read-only from then on.
/// </summary>
internal sealed class ExtOverrides
{
    private readonly Dictionary<ulong, byte[]> inodes = [];
    private readonly Dictionary<ulong, ExtChangedRanges> ranges = [];
    private readonly Dictionary<ulong, ExtChangedEntries> entries = [];

    /// <summary>The bytes of an inode, or null where those of the disk hold.</summary>
    public byte[]? Inode(ulong inode) => inodes.GetValueOrDefault(inode);

    public ExtChangedRanges? Ranges(ulong inode) => ranges.GetValueOrDefault(inode);

    public ExtChangedEntries? Entries(ulong directory) => entries.GetValueOrDefault(directory);

    public void SetInode(ulong inode, byte[] bytes) => inodes[inode] = bytes;

    /// <summary>The inode's content is gone: nothing that was changed of it holds any more.</summary>
    public void Forget(ulong inode)
    {
        ranges.Remove(inode);
        entries.Remove(inode);
    }

    public ExtChangedRanges ChangeRanges(ulong inode) =>
        ranges.TryGetValue(inode, out ExtChangedRanges? known) ? known : ranges[inode] = new();

    public ExtChangedEntries ChangeEntries(ulong directory) =>
        entries.TryGetValue(directory, out ExtChangedEntries? known) ? known : entries[directory] = new();
}

/// <summary>Entries of a directory that were added or removed.</summary>
internal sealed class ExtChangedEntries
{
    private readonly HashSet<ByteString> removed = [];
    private readonly Dictionary<ByteString, DirectoryEntry> added = [];
    private bool isNew;

    /// <summary>A directory that was just made: whatever its blocks hold is not its own.</summary>
    public void Clear()
    {
        isNew = true;
        removed.Clear();
        added.Clear();
    }

    public void Add(DirectoryEntry entry) => added[entry.Name] = entry;

    public void Remove(ByteString name)
    {
        if (!added.Remove(name) || !isNew)
            removed.Add(name);
    }

    /// <summary>The entry of this name after the changes, given the one on the disk.</summary>
    public DirectoryEntry? Find(ByteString name, DirectoryEntry? onDisk) =>
        added.TryGetValue(name, out DirectoryEntry found) ? found : isNew || removed.Contains(name) ? null : onDisk;

    public IEnumerable<DirectoryEntry> Over(IEnumerable<DirectoryEntry> onDisk)
    {
        if (!isNew)
            foreach (DirectoryEntry entry in onDisk)
                if (!removed.Contains(entry.Name))
                    yield return entry;
        foreach (DirectoryEntry entry in added.Values)
            yield return entry;
    }
}
