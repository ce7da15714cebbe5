namespace Jumpbag.Storage.Signatures;

/// <summary>
/// exFAT. https://learn.microsoft.com/en-us/windows/win32/fileio/exfat-specification
/// <code>
/// 0 JumpBoot  3 FileSystemName  11 MustBeZero[53]  64 PartitionOffset  72 VolumeLength  80 FatOffset  84 FatLength
/// 88 ClusterHeapOffset  92 ClusterCount  96 FirstClusterOfRootDirectory  100 VolumeSerialNumber
/// 104 FileSystemRevision  108 BytesPerSectorShift  109 SectorsPerClusterShift  510 BootSignature
/// </code>
/// </summary>
internal static class ExFat
{
    private const int MaximumClusters = 16, EntryLength = 32, LabelEntry = 0x83;

    public static Signature? Probe(ProbeWindow window)
    {
        ReadOnlySpan<byte> boot = window.At(0, 512);
        if (!IsBootSector(boot))
            return null;
        return Signature.FileSystem("exfat", Label(window, boot), Tags.FatSerial(boot.Slice(100, 4)),
            Fields.Size(boot.Le64(72), 1UL << boot[108]), ("VERSION", $"{boot[105]}.{boot[104]}"));
    }

    public static bool IsBootSector(ReadOnlySpan<byte> boot) =>
        boot.Has(3, "EXFAT   "u8) && boot.Le16(510) == 0xAA55 && !boot.Slice(11, 53).ContainsAnyExcept((byte)0)
        && boot[108] is >= 9 and <= 12 && boot[109] <= 25 - boot[108];

    public static string? Label(ProbeWindow window, ReadOnlySpan<byte> boot)
    {
        int sectorShift = boot[108], clusterShift = sectorShift + boot[109];
        uint cluster = boot.Le32(96), clusters = boot.Le32(92);
        for (int i = 0; i < MaximumClusters && cluster >= 2 && cluster - 2 < clusters; i++)
        {
            long at = ((long)boot.Le32(88) << sectorShift) + ((cluster - 2L) << clusterShift);
            ReadOnlySpan<byte> directory = window.At(at, Math.Min(1 << clusterShift, 64 * 1024));
            for (; directory.Length >= EntryLength && directory[0] != 0; directory = directory[EntryLength..])
                if (directory[0] == LabelEntry)
                    return Tags.Utf16Label(directory.Slice(2, Math.Min(directory[1] * 2, 22)));
            if (directory.Length >= EntryLength)
                return null;
            ReadOnlySpan<byte> next = window.At(((long)boot.Le32(80) << sectorShift) + cluster * 4L, 4);
            cluster = next.IsEmpty ? 0 : next.Le32(0);
        }
        return null;
    }
}
