namespace Jumpbag.Storage.Signatures;

internal static class Fat
{
    private const int EntryLength = 32, MaximumDirectory = 64 * 1024, MaximumClusters = 16;

    public static Signature? Probe(ProbeWindow window)
    {
        if (FatBootSector.Parse(window.At(0, FatBootSector.Length)) is not { } boot || !InformationFits(window, boot))
            return null;
        return Signature.FileSystem("vfat", Label(window, boot), boot.Serial, boot.Size,
            ("VERSION", boot.Version), ("SEC_TYPE", boot.IsFat32 ? null : "msdos"),
            ("LABEL_FATBOOT", boot.BootLabel is "NO NAME" ? null : boot.BootLabel));
    }

    /// <summary>FAT32 has a sector of counters whose marks are there or zero.</summary>
    private static bool InformationFits(ProbeWindow window, FatBootSector boot)
    {
        if (boot.InformationSector == 0)
            return true;
        ReadOnlySpan<byte> sector = window.At((long)boot.InformationSector * boot.SectorSize, 512);
        return sector.IsEmpty
            || (sector.Le32(0) is 0 or 0x4161_5252 or 0x4164_5252 && sector.Le32(0x1E4) is 0 or 0x6141_7272);
    }

    /// <summary>The label is an entry of the root directory.</summary>
    public static string? Label(ProbeWindow window, FatBootSector boot)
    {
        if (!boot.IsFat32)
            return LabelIn(window.At(boot.AfterFat, Math.Min(boot.RootEntries * EntryLength, MaximumDirectory)), out _);
        uint cluster = boot.RootCluster;
        int clusterLength = boot.SectorsPerCluster * boot.SectorSize;
        for (int i = 0; i < MaximumClusters && cluster >= 2 && cluster < boot.Clusters + 2; i++)
        {
            ReadOnlySpan<byte> directory = window.At(boot.AfterFat + (cluster - 2L) * clusterLength, Math.Min(clusterLength, MaximumDirectory));
            string? label = LabelIn(directory, out bool ended);
            if (label is not null || ended)
                return label;
            ReadOnlySpan<byte> next = window.At(boot.FatOffset + cluster * 4L, 4);
            cluster = next.IsEmpty ? 0 : next.Le32(0) & 0x0FFF_FFFF;
        }
        return null;
    }

    private static string? LabelIn(ReadOnlySpan<byte> directory, out bool ended)
    {
        ended = directory.IsEmpty;
        for (; directory.Length >= EntryLength; directory = directory[EntryLength..])
        {
            if (directory[0] == 0)
            {
                ended = true;
                return null;
            }
            byte attributes = directory[11];
            bool skipped = directory[0] == 0xE5 || directory.Le16(0x14) != 0 || directory.Le16(0x1A) != 0 || (attributes & 0x3F) == 0x0F;
            if (!skipped && (attributes & 0x18) == 0x08)
                return Tags.Label(directory[..11]);
        }
        return null;
    }
}
