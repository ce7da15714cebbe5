namespace Jumpbag.Tests.Support;

/// <summary>The inode flags of FS_IOC_GETFLAGS and their letters as chattr(1) documents them.</summary>
public static class FileFlags
{
    public const uint SecureDelete = 0x1, Undelete = 0x2, Compress = 0x4, Synchronous = 0x8, Immutable = 0x10, AppendOnly = 0x20, NoDump = 0x40,
        NoAccessTime = 0x80, Encrypted = 0x800, Indexed = 0x1000, JournalData = 0x4000, NoTail = 0x8000, DirectorySync = 0x10000,
        TopDirectory = 0x20000, Extents = 0x80000, Verity = 0x100000, NoCopyOnWrite = 0x800000, DirectAccess = 0x2000000,
        InlineData = 0x10000000, ProjectInherit = 0x20000000, CaseFold = 0x40000000;

    private static readonly (uint Flag, char Letter)[] Table =
    [
        (SecureDelete, 's'), (Undelete, 'u'), (Compress, 'c'), (Synchronous, 'S'), (Immutable, 'i'), (AppendOnly, 'a'), (NoDump, 'd'),
        (NoAccessTime, 'A'), (Encrypted, 'E'), (Indexed, 'I'), (JournalData, 'j'), (NoTail, 't'), (DirectorySync, 'D'),
        (TopDirectory, 'T'), (Extents, 'e'), (Verity, 'V'), (NoCopyOnWrite, 'C'), (DirectAccess, 'x'),
        (InlineData, 'N'), (ProjectInherit, 'P'), (CaseFold, 'F'),
    ];

    public static string Letters(uint flags) =>
        Sorted(string.Concat(Table.Where(row => (flags & row.Flag) != 0).Select(row => row.Letter)));

    /// <summary>Letters alone, in alphabetical order, so that two spellings compare.</summary>
    public static string Sorted(string letters) => string.Concat(letters.Where(char.IsLetter).Order());
}
