using Jumpbag.Core;

namespace Jumpbag.FileSystems.Mounting;

/// <summary>
/// Walks through a folder of more entries than are kept: as long as a listing goes on where it stopped, each is read once;
/// another place is come to from the start.
/// </summary>
internal sealed class LargeFolder : IDisposable
{
    private readonly Lock gate = new();
    private ulong folder;
    private long position;
    private IEnumerator<DirectoryEntry>? entries;
    private DirectoryEntry? held;
    private Damage? first;

    /// <summary>Gives the entries from an index on to <paramref name="take"/> until it wants no more or there are none left.</summary>
    /// <returns>Whether the end was reached.</returns>
    /// <param name="damage">What was met since the start of the folder.</param>
    public bool Walk(ulong wanted, long from, Func<DamageSink, IEnumerable<DirectoryEntry>> list, Func<DirectoryEntry, long, bool> take, out Damage? damage)
    {
        lock (gate)
        {
            if (entries is null || folder != wanted || position != from)
            {
                entries?.Dispose();
                first = null;
                entries = list(met => first ??= met).Where(entry => FolderListing.IsPossible(entry.Name.Span)).GetEnumerator();
                (folder, position, held) = (wanted, 0, null);
                while (position < from && entries.MoveNext())
                    position++;
            }
            bool ended = Take(take);
            damage = first;
            return ended;
        }
    }

    private bool Take(Func<DirectoryEntry, long, bool> take)
    {
        while (held is not null || entries!.MoveNext())
        {
            held ??= entries!.Current;
            if (!take(held.Value, position))
                return false;
            held = null;
            position++;
        }
        return true;
    }

    public void Dispose() => entries?.Dispose();
}
