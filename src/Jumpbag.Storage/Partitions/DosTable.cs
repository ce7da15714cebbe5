using System.Globalization;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Partitions;

/// <summary>
/// The partitions of a master boot record. An extended partition begins a chain of extended boot records: each describes
/// one logical partition, whose start counts from that record, and the next record, whose place counts from the start of
/// the whole extended partition. The rules for odd records are those of the kernel's block/partitions/msdos.c.
/// </summary>
internal static class DosTable
{
    /// <summary>Linux has no more device numbers than this for a disk; a longer chain is not honest.</summary>
    private const int MaximumPartitions = 256;

    /// <summary>Records in a row without a partition of their own after which a chain is given up, as the kernel does.</summary>
    private const int MaximumEmptyRecords = 100;

    public static List<Partition> Read(ProbeWindow window, MasterBootRecord record, int sectorSize, List<string> warnings)
    {
        var partitions = new List<Partition>();
        for (int i = 0; i < 4; i++)
            if (record.Entries[i] is { IsUsed: true, IsProtective: false } entry)
                partitions.Add(Make(record.Id, i + 1, entry, entry.Start, sectorSize));
        foreach (MasterBootRecord.Entry entry in record.Entries)
            if (entry.IsContainer)
                ReadChain(window, record.Id, entry, sectorSize, partitions, warnings);
        return partitions;
    }

    private static void ReadChain(
        ProbeWindow window, uint id, MasterBootRecord.Entry container, int sectorSize, List<Partition> partitions, List<string> warnings)
    {
        int number = Math.Max(5, partitions.Max(p => p.Number) + 1);
        long at = container.Start, size = container.Count;
        var seen = new HashSet<long>();
        for (int empty = 0; empty < MaximumEmptyRecords; empty++)
        {
            if (!seen.Add(at))
            {
                warnings.Add($"the chain of logical partitions leads back to sector {at}; what follows is lost");
                return;
            }
            if (MasterBootRecord.Parse(window.At(at * sectorSize, MasterBootRecord.Length)) is not { } record)
            {
                warnings.Add(at * sectorSize >= window.Length
                    ? $"the extended boot record at sector {at} lies beyond the end of the device; logical partitions are missing"
                    : $"there is no extended boot record at sector {at}; the logical partitions from there on are missing");
                return;
            }
            for (int i = 0; i < 4; i++)
            {
                MasterBootRecord.Entry entry = record.Entries[i];
                long start = at + entry.Start;
                if (!entry.IsUsed || entry.IsContainer || (i >= 2 && !IsInside(entry, start, size, container)))
                    continue;
                if (partitions.Count >= MaximumPartitions)
                {
                    warnings.Add($"more than {MaximumPartitions} partitions; the others are left out");
                    return;
                }
                partitions.Add(Make(id, number++, entry, start, sectorSize));
                empty = -1;
            }
            MasterBootRecord.Entry next = record.Entries.FirstOrDefault(e => e.IsContainer);
            if (!next.IsUsed)
                return;
            at = (long)container.Start + next.Start;
            size = next.Count;
        }
        warnings.Add("the chain of logical partitions has too many empty records; what follows is lost");
    }

    /// <summary>The third and fourth entry are junk in most tables.</summary>
    private static bool IsInside(MasterBootRecord.Entry entry, long start, long size, MasterBootRecord.Entry container) =>
        entry.End <= size && start >= container.Start && start + entry.Count <= container.End;

    private static Partition Make(uint id, int number, MasterBootRecord.Entry entry, long start, int sectorSize) =>
        new(number, start, entry.Count, start * sectorSize, (long)entry.Count * sectorSize,
            $"0x{entry.Type.ToString(entry.Type < 16 ? "x" : "x2", CultureInfo.InvariantCulture)}", PartitionTypes.Name(entry.Type), null,
            id == 0 ? null : $"{id:x8}-{number:x2}", entry.Bootable, entry.IsContainer);
}
