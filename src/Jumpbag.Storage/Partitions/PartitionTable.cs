using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Partitions;

/// <summary>The partitions of a disk or image, by a master boot record ("dos") or a GUID partition table ("gpt").</summary>
public sealed class PartitionTable
{
    private static readonly int[] SectorSizes = [512, 4096, 2048, 1024];

    private PartitionTable(string scheme, string? id, int sectorSize, List<Partition> partitions, List<string> warnings)
    {
        Scheme = scheme;
        Id = id;
        SectorSize = sectorSize;
        Partitions = partitions;
        Warnings = warnings;
    }

    /// <summary>"dos" or "gpt": blkid's PTTYPE.</summary>
    public string Scheme { get; }

    /// <summary>"0x0007a1d5", or the disk's GUID in lower case; null where there is none.</summary>
    public string? Id { get; }

    /// <summary>What the table counts in, in bytes: 512, 1024, 2048 or 4096, whatever the device has now.</summary>
    public int SectorSize { get; }

    public IReadOnlyList<Partition> Partitions { get; }

    /// <summary>What had to be worked around, or looks wrong; each in one line.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// Null where there is no table: an empty device, a filesystem that fills the device, or a table of another kind
    /// (<see cref="Signature.Probe(BlockDevice)"/> names those).
    /// </summary>
    public static PartitionTable? TryOpen(BlockDevice device)
    {
        using var window = new ProbeWindow(device);
        return TryOpen(window);
    }

    internal static PartitionTable? TryOpen(ProbeWindow window)
    {
        PartitionTable? table = Parse(window);
        if (table is null || !NeedsProof(window.Device, table, out bool doubtful))
            return table;
        // The boot sector of a filesystem ends in 55 AA too, and its code looks like entries. Discs are partitioned and
        // filesystems at once, and mean it.
        Signature? content = Signature.Probe(window);
        if (content is null or { Format: "iso9660" or "udf" or "hfs" or "hfsplus" } or { Usage: "other" })
            return table;
        if (doubtful)
            return null;
        return new(table.Scheme, table.Id, table.SectorSize, [.. table.Partitions],
            [.. table.Warnings, $"a signature of {content.Format} stands on the device as well: a remnant, or the table is"]);
    }

    /// <summary>As <see cref="TryOpen"/>, but without a look at what else the device may be.</summary>
    internal static PartitionTable? Parse(ProbeWindow window)
    {
        BlockDevice device = window.Device;
        ReadOnlySpan<byte> first = window.At(0, MasterBootRecord.Length);
        MasterBootRecord? record = IsFileSystem(first) ? null : MasterBootRecord.Parse(first);
        bool isProtective = record?.Entries.Any(e => e.IsProtective) == true;
        bool isDos = record is not null && !isProtective && record.Entries.Any(e => e.IsUsed);
        if (!isDos && ReadGpt(window, device.SectorSize, record, isProtective) is { } gpt)
            return gpt;
        if (record is null)
            return null;

        var warnings = new List<string>();
        if (isProtective)
        {
            warnings.Add("a protective MBR announces a GPT, but both of its headers are damaged or missing");
            if (!record.Entries.Any(e => e.IsUsed && !e.IsProtective))
                return new("gpt", null, device.SectorSize, [], warnings);
        }
        int sectorSize = SectorSizeDetection.Of(window, record, Candidates(device.SectorSize));
        List<Partition> partitions = DosTable.Read(window, record, sectorSize, warnings);
        if (isDos && window.At(sectorSize, sectorSize).Has(0, "EFI PART"u8))
            warnings.Add("there is a GPT header too, but the MBR does not announce it: the MBR was read");
        PartitionChecks.Run(partitions, device.Length, warnings);
        return new("dos", record.Id == 0 ? null : $"0x{record.Id:x8}", sectorSize, partitions, warnings);
    }

    private static PartitionTable? ReadGpt(ProbeWindow window, int deviceSectorSize, MasterBootRecord? record, bool isProtective)
    {
        foreach (int sectorSize in Candidates(deviceSectorSize))
        {
            if (GptTable.TryRead(window, sectorSize, record) is not { } gpt)
                continue;
            var warnings = new List<string>(gpt.Warnings);
            if (!isProtective)
                warnings.Add("the protective MBR is missing or damaged");
            else if (record!.Entries.Any(e => e.IsUsed && !e.IsProtective))
                warnings.Add("a hybrid MBR: the GPT was read");
            PartitionChecks.Run(gpt.Partitions, window.Length, warnings);
            return new("gpt", gpt.Header.DiskGuid, sectorSize, gpt.Partitions, warnings);
        }
        return null;
    }

    private static int[] Candidates(int deviceSectorSize) => [deviceSectorSize, .. SectorSizes.Where(s => s != deviceSectorSize)];

    private static bool IsFileSystem(ReadOnlySpan<byte> sector) =>
        FatBootSector.Parse(sector) is not null || NtfsBootSector.Parse(sector) is not null
        || (sector.Length >= 512 && ExFat.IsBootSector(sector)) || sector.Has(3, "-FVE-FS-"u8);

    /// <summary>A table that leads nowhere is doubtful: no entries, none that lies within the device, or some that overlap.</summary>
    private static bool NeedsProof(BlockDevice device, PartitionTable table, out bool doubtful)
    {
        bool unannounced = table.Scheme == "gpt" && table.Warnings.Any(w => w.StartsWith("the protective MBR", StringComparison.Ordinal));
        doubtful = unannounced || !table.Partitions.Any(p => p.Offset + p.Length <= device.Length) || PartitionChecks.Overlaps(table.Partitions).Any();
        return doubtful || table.Scheme == "dos";
    }
}
