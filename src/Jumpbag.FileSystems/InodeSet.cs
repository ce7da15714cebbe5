namespace Jumpbag.FileSystems;

/// <summary>
/// Inodes that were seen, so that a directory which an image names twice is told instead of walked for ever. One bit an
/// inode, in pieces that are made when they are needed.
/// </summary>
public sealed class InodeSet
{
    private readonly Dictionary<(FileSystem, ulong), ulong[]> pieces = [];

    /// <returns>False where it was there already.</returns>
    public bool Add(FileSystem fileSystem, ulong inode)
    {
        (FileSystem, ulong) key = (fileSystem, inode >> 12);
        if (!pieces.TryGetValue(key, out ulong[]? piece))
            pieces.Add(key, piece = new ulong[64]);
        ref ulong word = ref piece[(inode >> 6) & 63];
        ulong bit = 1ul << (int)(inode & 63);
        bool added = (word & bit) == 0;
        word |= bit;
        return added;
    }
}
