using Jumpbag.Core;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Partitions;

/// <summary>
/// A GUID partition table: the primary one where both its checksums are right, otherwise the backup, which stands in the
/// device's last sector, or where the primary header or the protective entry says that the last sector was before the
/// image was cut or grew.
/// </summary>
internal sealed class GptTable
{
    private GptTable(GptHeader header, List<Partition> partitions, List<string> warnings)
    {
        Header = header;
        Partitions = partitions;
        Warnings = warnings;
    }

    public GptHeader Header { get; }

    public List<Partition> Partitions { get; }

    public List<string> Warnings { get; }

    /// <summary>Null where neither header can be used at this sector size.</summary>
    public static GptTable? TryRead(ProbeWindow window, int sectorSize, MasterBootRecord? protective)
    {
        GptHeader? primary = HeaderAt(window, 1, sectorSize);
        if (primary is not null && ReadArray(window, primary) is { } array)
            return Make(primary, array, CheckBackup(window, primary));

        var places = new List<long> { window.Length / sectorSize - 1 };
        if (primary is not null)
            places.Add(primary.AlternateSector);
        foreach (MasterBootRecord.Entry entry in protective?.Entries ?? [])
            if (entry.IsProtective && entry.Count != uint.MaxValue)
                places.Add(entry.End - 1);
        string damage = primary is null ? "the primary GPT header is damaged" : "the primary GPT's entries do not match their checksum";
        foreach (long place in places.Distinct())
            if (place > 1 && HeaderAt(window, place, sectorSize) is { } backup && ReadArray(window, backup) is { } backupArray)
                return Make(backup, backupArray, [$"{damage}: its backup at sector {place} was used"]);

        // Entries that fail their checksum are shown, and it is said; the person can compare them with what is found there.
        if (primary is not null && window.At(primary.ArrayOffset, primary.ArrayLength) is { IsEmpty: false } doubtful)
            return Make(primary, doubtful, [$"{damage}, and there is no usable backup: the partitions may be wrong"]);
        return null;
    }

    private static GptHeader? HeaderAt(ProbeWindow window, long sector, int sectorSize) =>
        sector <= 0 || sector > window.Length / sectorSize ? null
            : GptHeader.Parse(window.At(sector * sectorSize, sectorSize), sector, sectorSize);

    private static byte[]? ReadArray(ProbeWindow window, GptHeader header)
    {
        ReadOnlySpan<byte> array = window.At(header.ArrayOffset, header.ArrayLength);
        return !array.IsEmpty && ~Checksums.Crc32(uint.MaxValue, array) == header.ArrayChecksum ? array.ToArray() : null;
    }

    private static List<string> CheckBackup(ProbeWindow window, GptHeader primary)
    {
        long end = window.Length / primary.SectorSize;
        if (primary.AlternateSector >= end)
            return [$"the device ends at sector {end}, but the table was made for {primary.AlternateSector + 1} sectors: the image was cut short"];
        if (HeaderAt(window, primary.AlternateSector, primary.SectorSize) is not { } backup || ReadArray(window, backup) is null)
            return ["the backup GPT is damaged; the primary one was used"];
        if (primary.AlternateSector < end - 1)
            return [$"the table covers {primary.AlternateSector + 1} of the device's {end} sectors: the device has grown"];
        return [];
    }

    private static GptTable Make(GptHeader header, ReadOnlySpan<byte> array, List<string> warnings)
    {
        var partitions = new List<Partition>();
        int dropped = 0;
        for (int i = 0; i < header.EntryCount; i++)
        {
            ReadOnlySpan<byte> e = array.Slice(i * header.EntryLength, header.EntryLength);
            if (!e[..16].ContainsAnyExcept((byte)0))
                continue;
            ulong first = e.Le64(32), last = e.Le64(40);
            if (last < first || last >= (ulong)(long.MaxValue / header.SectorSize))
            {
                dropped++;
                continue;
            }
            long start = (long)first, count = (long)(last - first) + 1;
            if (start < header.FirstUsable || start + count - 1 > header.LastUsable)
                warnings.Add($"partition {i + 1} lies outside of the sectors that the table may use");
            string type = Tags.Guid(e);
            partitions.Add(new(i + 1, start, count, start * header.SectorSize, count * header.SectorSize, type, PartitionTypes.Name(type),
                Tags.Utf16Label(e.Slice(56, 72)), Tags.Guid(e.Slice(16, 16)), (e.Le64(48) & 4) != 0, false));
        }
        if (dropped > 0)
            warnings.Add($"{dropped} partition {(dropped == 1 ? "entry" : "entries")} with an impossible end left out");
        return new(header, partitions, warnings);
    }
}
