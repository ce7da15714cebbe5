namespace Jumpbag.Storage.Signatures;

/// <summary>
/// The boot sector of a FAT12, FAT16 or FAT32 volume: its BIOS parameter block.
/// Microsoft, FAT: General Overview of On-Disk Format, version 1.03.
/// </summary>
/// <remarks><code>
/// 0x00B BytsPerSec   0x00D SecPerClus   0x00E RsvdSecCnt   0x010 NumFATs   0x011 RootEntCnt   0x013 TotSec16
/// 0x015 Media        0x016 FATSz16      0x020 TotSec32     0x024 FATSz32   0x02C RootClus     0x030 FSInfo
/// 0x032 BkBootSec    0x027/0x043 VolID  0x02B/0x047 VolLab 0x036/0x052 FilSysType             0x1FE 55 AA
/// </code></remarks>
internal sealed class FatBootSector
{
    public const int Length = 512;

    private FatBootSector(ReadOnlySpan<byte> b)
    {
        SectorSize = b.Le16(0x0B);
        SectorsPerCluster = b[0x0D];
        Reserved = b.Le16(0x0E);
        RootEntries = b.Le16(0x11);
        Media = b[0x15];
        IsFat32 = b.Le16(0x16) == 0 && b.Le32(0x24) != 0;
        Sectors = b.Le16(0x13) != 0 ? b.Le16(0x13) : b.Le32(0x20);
        SectorsPerFat = IsFat32 ? b.Le32(0x24) : b.Le16(0x16);
        FatSectors = SectorsPerFat * b[0x10];
        RootCluster = IsFat32 ? b.Le32(0x2C) & 0x0FFF_FFFF : 0;
        InformationSector = IsFat32 ? b.Le16(0x30) : 0;
        BackupSector = IsFat32 ? b.Le16(0x32) : 0;
        Serial = Tags.FatSerial(b.Slice(IsFat32 ? 0x43 : 0x27, 4));
        BootLabel = Tags.Label(b.Slice(IsFat32 ? 0x47 : 0x2B, 11));
    }

    public int SectorSize { get; }

    public int SectorsPerCluster { get; }

    public int Reserved { get; }

    public int RootEntries { get; }

    public byte Media { get; }

    public bool IsFat32 { get; }

    public long Sectors { get; }

    public long SectorsPerFat { get; }

    /// <summary>All copies of the table together.</summary>
    public long FatSectors { get; }

    public uint RootCluster { get; }

    public int InformationSector { get; }

    public int BackupSector { get; }

    public string Serial { get; }

    public string? BootLabel { get; }

    public long FatOffset => (long)Reserved * SectorSize;

    /// <summary>Where the root directory of FAT12/16 stands, and the first cluster of FAT32.</summary>
    public long AfterFat => (Reserved + FatSectors) * SectorSize;

    public long Clusters => (Sectors - Reserved - FatSectors - (RootEntries * 32 + SectorSize - 1) / SectorSize) / SectorsPerCluster;

    public long Size => Sectors * SectorSize;

    public string Version => IsFat32 ? "FAT32" : Clusters < 0xFF4 ? "FAT12" : "FAT16";

    /// <summary>Null where the sector is none, by the checks that libblkid and the kernel make.</summary>
    public static FatBootSector? Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Length || !HasSignature(bytes))
            return null;
        if (bytes.Has(3, "NTFS    "u8) || bytes.Has(3, "EXFAT   "u8) || bytes.Has(3, "-FVE-FS-"u8))
            return null;
        int sectorSize = bytes.Le16(0x0B);
        bool fits = bytes[0x10] != 0 && bytes.Le16(0x0E) != 0 && bytes[0x15] is 0xF0 or >= 0xF8
            && IsPowerOfTwo(bytes[0x0D]) && IsPowerOfTwo(sectorSize) && sectorSize is >= 512 and <= 4096;
        if (!fits)
            return null;
        var boot = new FatBootSector(bytes);
        if (boot.Sectors <= boot.Reserved + boot.FatSectors || boot.SectorsPerFat == 0)
            return null;
        long limit = boot.IsFat32 ? 0x0FFF_FFF6 : boot.Clusters > 0xFF4 ? 0xFFF4 : 0xFF4;
        return boot.Clusters > limit ? null : boot;
    }

    private static bool HasSignature(ReadOnlySpan<byte> b)
    {
        if (b.Has(0x52, "MSWIN"u8) || b.Has(0x52, "FAT32   "u8) || b.Has(0x36, "MSDOS"u8) || b.Has(0x36, "FAT16   "u8)
            || b.Has(0x36, "FAT12   "u8) || b.Has(0x36, "FAT     "u8))
            return true;
        // OS/2 leaves a FAT-like block at the start of other filesystems.
        return b.Le16(0x1FE) == 0xAA55 && !b.Has(0x36, "JFS     "u8) && !b.Has(0x36, "HPFS    "u8);
    }

    private static bool IsPowerOfTwo(int value) => value > 0 && (value & (value - 1)) == 0;
}
