using Jumpbag.Core;
using Jumpbag.Storage.Partitions;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Search;

/// <summary>Partition tables that the device's own does not lead to: lost ones, and those of disks within disks.</summary>
internal static class TableSearch
{
    private static ReadOnlySpan<int> SectorSizes => [512, 4096, 2048, 1024];

    /// <summary>A header counts in sectors of a size that it does not say; its array is found with the right one only.</summary>
    public static Candidate? Gpt(ProbeWindow window, long position, ReadOnlySpan<byte> sector)
    {
        ulong own = sector.Le64(24);
        if (own is 0 or > long.MaxValue / 4096)
            return null;
        foreach (int sectorSize in SectorSizes)
        {
            long start = position - (long)own * sectorSize;
            if (start < 0 || GptHeader.Parse(window.At(position, sectorSize), (long)own, sectorSize) is not { } header)
                continue;
            ReadOnlySpan<byte> array = window.At(start + header.ArrayOffset, header.ArrayLength);
            if (array.IsEmpty || ~Checksums.Crc32(uint.MaxValue, array) != header.ArrayChecksum)
                continue;
            return new(start, "gpt", null, header.DiskGuid, (Math.Max(header.AlternateSector, header.Sector) + 1) * sectorSize,
                header.Sector > header.AlternateSector, Verified: true, sectorSize == 512 ? "" : $"sectors of {sectorSize} bytes");
        }
        return null;
    }

    /// <summary>A boot record counts where something is recognised at the place that an entry gives; otherwise it is boot code.</summary>
    public static Candidate? Dos(ProbeWindow window, long position, ReadOnlySpan<byte> sector)
    {
        if (MasterBootRecord.Parse(sector) is not { } record)
            return null;
        int recognised = 0, used = 0;
        long end = 0;
        foreach (MasterBootRecord.Entry entry in record.Entries)
        {
            if (!entry.IsUsed || entry.IsProtective)
                continue;
            used++;
            long offset = position + (long)entry.Start * 512;
            end = Math.Max(end, entry.End * 512);
            bool readable = entry.Start > 0 && offset < window.Length && !entry.IsContainer;
            if (readable && Signature.Probe(new Slice(window.Device, offset, Math.Min((long)entry.Count * 512, window.Length - offset))) is not null)
                recognised++;
        }
        return recognised == 0 ? null
            : new(position, "dos", null, record.Id == 0 ? null : $"{record.Id:x8}", end, FromBackup: false, Verified: true,
                $"a boot record with {used} {(used == 1 ? "partition" : "partitions")}, {recognised} recognised");
    }
}
