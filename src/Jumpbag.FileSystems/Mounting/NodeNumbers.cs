namespace Jumpbag.FileSystems.Mounting;

/// <summary>
/// How files are numbered for the kernel: the number of the filesystem (from 1) above 48 bits of the inode's. Nothing has to
/// be remembered of a file for it to be found again.
/// </summary>
internal static class NodeNumbers
{
    private const int Shift = 48;

    /// <summary>No filesystem of this time counts so far; a larger number is one made up.</summary>
    public const ulong LargestInode = (1ul << Shift) - 1;

    public const int MostFileSystems = 0xFFFE;

    public static ulong Node(int fileSystem, ulong inode) => ((ulong)(fileSystem + 1) << Shift) | inode;

    /// <summary>The filesystem and the inode; the former below 0 of the top folder and of what was never given out.</summary>
    public static (int FileSystem, ulong Inode) Split(ulong node) => ((int)(node >> Shift) - 1, node & LargestInode);

    /// <summary>
    /// The inode number that a person sees: of the first filesystem its own; of others with the filesystem's number above, since
    /// all have one st_dev, and the same number twice would pass for a hard link.
    /// </summary>
    public static ulong Shown(ulong node) => node - (1ul << Shift);
}
