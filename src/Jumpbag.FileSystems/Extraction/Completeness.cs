using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>Whether a file that is there is the copy of another.</summary>
internal static class Completeness
{
    /// <summary>Type, size and time are the original's. Only complete files get their name and time, so this one is complete.</summary>
    public static bool IsComplete(Node original, in FileStatus copy, bool byTime) => TypeOf(copy.Mode) == original.Type
        && (original.Type != FileType.Regular || copy.Size == original.Size)
        && (!byTime || IsSameTime(original.Modified, copy.Modified));

    /// <summary>Filesystems round: to 100 ns (NTFS), a second, or two (FAT).</summary>
    public static bool IsSameTime(Timestamp original, Timestamp copy) => original == copy
        || (copy.Seconds == original.Seconds && copy.Nanoseconds == original.Nanoseconds / 100 * 100)
        || (copy.Nanoseconds == 0 && original.Seconds - copy.Seconds is (0 or 1));

    private static FileType TypeOf(int mode) => (mode & 0xF000) switch
    {
        0x8000 => FileType.Regular,
        0x4000 => FileType.Directory,
        0xA000 => FileType.SymbolicLink,
        0x2000 => FileType.CharacterDevice,
        0x6000 => FileType.BlockDevice,
        0x1000 => FileType.Fifo,
        0xC000 => FileType.Socket,
        _ => FileType.Unknown,
    };
}
