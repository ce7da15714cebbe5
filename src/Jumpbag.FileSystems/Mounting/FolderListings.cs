using Jumpbag.Core;

namespace Jumpbag.FileSystems.Mounting;

/// <summary>The listings of the folders that were asked for last, within a bounded room.</summary>
internal sealed class FolderListings(long mostOfOne)
{
    private const long MostBytes = 64 << 20;

    private readonly Dictionary<ulong, FolderListing?> known = [];
    private readonly Queue<ulong> order = new();
    private long bytes;

    public bool TryGet(ulong folder, out FolderListing? listing)
    {
        lock (known)
            return known.TryGetValue(folder, out listing);
    }

    /// <summary>Null: the folder is too large to be kept; it has to be read each time.</summary>
    public FolderListing? Read(ulong folder, Func<DamageSeen, IEnumerable<DirectoryEntry>> list)
    {
        DamageSeen damage = DamageSeen.Begin();
        FolderListing? read = FolderListing.Load(list(damage), damage, mostOfOne);
        lock (known)
            if (known.TryAdd(folder, read))
            {
                order.Enqueue(folder);
                bytes += read?.Bytes ?? 100;
                while (bytes > MostBytes && order.TryDequeue(out ulong oldest))
                    if (known.Remove(oldest, out FolderListing? dropped))
                        bytes -= dropped?.Bytes ?? 100;
            }
        return read;
    }
}
