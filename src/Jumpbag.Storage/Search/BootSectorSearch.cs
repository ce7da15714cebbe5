using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Search;

/// <summary>
/// FAT, exFAT and NTFS: their superblock is a boot sector, of which each keeps a copy elsewhere. The tables that it points
/// to stand only where the true start is taken, which tells the original from the copy.
/// </summary>
internal static class BootSectorSearch
{
    private const int ExFatBackupSector = 12;

    public static Candidate? Examine(ProbeWindow window, long position, ReadOnlySpan<byte> sector)
    {
        if (NtfsBootSector.Parse(sector) is { } ntfs)
            return Ntfs(window, position, ntfs);
        if (ExFat.IsBootSector(sector))
            return ExFatVolume(window, position, sector);
        return FatBootSector.Parse(sector) is { } fat ? FatVolume(window, position, fat) : null;
    }

    private static Candidate? Ntfs(ProbeWindow window, long position, NtfsBootSector boot)
    {
        // The copy stands in the sector after those that the volume counts.
        bool isOriginal = Signatures.Ntfs.HasFileTable(window, boot, position);
        long start = boot.Size is { } size ? position - size : -1;
        if (!isOriginal && start >= 0 && Signatures.Ntfs.HasFileTable(window, boot, start))
            return Describe(new Slice(window.Device, start, position - start), boot, start, fromBackup: true, "");
        return Describe(new Slice(window.Device, position, window.Length - position), boot, position, fromBackup: false,
            isOriginal ? "" : "its file table is not where this boot sector says");

        static Candidate Describe(Slice slice, NtfsBootSector boot, long start, bool fromBackup, string note)
        {
            using var volume = new ProbeWindow(slice);
            return new(start, "ntfs", Signatures.Ntfs.Label(volume, boot), boot.Serial, boot.Size, fromBackup, note.Length == 0, note);
        }
    }

    private static Candidate? FatVolume(ProbeWindow window, long position, FatBootSector boot)
    {
        if (HasTable(position))
            return Describe(position, fromBackup: false);
        long start = position - (long)boot.BackupSector * boot.SectorSize;
        return boot.BackupSector > 0 && start >= 0 && HasTable(start) ? Describe(start, fromBackup: true) : null;

        // The first entry of the table repeats the media byte and is otherwise all ones.
        bool HasTable(long start)
        {
            ReadOnlySpan<byte> entry = window.At(start + boot.FatOffset, 4);
            return !entry.IsEmpty && entry[0] == boot.Media && entry[1] == 0xFF && (!boot.IsFat32 || (entry[2] == 0xFF && (entry[3] | 0xF0) == 0xFF));
        }

        Candidate Describe(long start, bool fromBackup)
        {
            using var volume = new ProbeWindow(new Slice(window.Device, start, window.Length - start));
            return new(start, "vfat", Fat.Label(volume, boot), boot.Serial, boot.Size, fromBackup, Verified: true);
        }
    }

    private static Candidate? ExFatVolume(ProbeWindow window, long position, ReadOnlySpan<byte> boot)
    {
        int shift = boot[108];
        long table = (long)boot.Le32(80) << shift, start = position - ((long)ExFatBackupSector << shift);
        bool isOriginal = HasTable(window, position + table), isBackup = !isOriginal && start >= 0 && HasTable(window, start + table);
        if (!isOriginal && !isBackup)
            return null;
        long at = isBackup ? start : position;
        using var volume = new ProbeWindow(new Slice(window.Device, at, window.Length - at));
        return new(at, "exfat", ExFat.Label(volume, boot), Tags.FatSerial(boot.Slice(100, 4)), Fields.Size(boot.Le64(72), 1UL << shift), isBackup, Verified: true);

        static bool HasTable(ProbeWindow window, long offset) => window.At(offset, 4).Has(0, [0xF8, 0xFF, 0xFF, 0xFF]);
    }
}
