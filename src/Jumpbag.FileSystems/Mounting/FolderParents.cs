namespace Jumpbag.FileSystems.Mounting;

/// <summary>
/// Where each folder was found first. A damaged or hostile image may have a folder in two places, or in itself; the kernel,
/// and those who walk through the tree, get it in the first only.
/// </summary>
internal sealed class FolderParents
{
    /// <summary>The kernel has its own guard against circles, at the cost of moving folders about; forgetting some is harmless.</summary>
    private const int Most = 1 << 20;

    private readonly Dictionary<ulong, ulong> parents = [];

    /// <returns>Whether it is the folder's parent.</returns>
    public bool Claim(ulong folder, ulong parent)
    {
        lock (parents)
        {
            if (parents.TryGetValue(folder, out ulong known))
                return known == parent;
            if (parents.Count >= Most)
                parents.Clear();
            parents.Add(folder, parent);
            return true;
        }
    }

    public ulong? Of(ulong folder)
    {
        lock (parents)
            return parents.TryGetValue(folder, out ulong parent) ? parent : null;
    }
}
