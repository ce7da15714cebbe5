using System.Globalization;

namespace Jumpbag.Storage.Signatures;

/// <summary>
/// The boot sector of an NTFS volume.
/// https://flatcap.github.io/linux-ntfs/ntfs/files/boot.html
/// </summary>
/// <remarks><code>
/// 0x0B bytes per sector      0x0D sectors per cluster   0x0E..0x14 zero          0x28 total sectors
/// 0x30 cluster of $MFT       0x38 cluster of $MFTMirr   0x40 clusters per MFT record, or minus its log2   0x48 serial
/// </code></remarks>
internal sealed class NtfsBootSector
{
    private NtfsBootSector(ReadOnlySpan<byte> b, int clusterLength, int recordLength)
    {
        SectorSize = b.Le16(0x0B);
        Sectors = b.Le64(0x28);
        MftOffset = Fields.Size(b.Le64(0x30), (ulong)clusterLength);
        MirrorOffset = Fields.Size(b.Le64(0x38), (ulong)clusterLength);
        RecordLength = recordLength;
        Serial = b.Le64(0x48).ToString("X16", CultureInfo.InvariantCulture);
    }

    public int SectorSize { get; }

    /// <summary>Without the last sector of the partition, which holds a copy of this one.</summary>
    public ulong Sectors { get; }

    public long? MftOffset { get; }

    public long? MirrorOffset { get; }

    public int RecordLength { get; }

    public string Serial { get; }

    public long? Size => Fields.Size(Sectors, (ulong)SectorSize);

    public static NtfsBootSector? Parse(ReadOnlySpan<byte> b)
    {
        if (!b.Has(3, "NTFS    "u8) || b.Length < 512)
            return null;
        int sectorSize = b.Le16(0x0B), perCluster = b[0x0D], record = (sbyte)b[0x40];
        // Above 0x80 the count of sectors a cluster is given as minus its log2: clusters larger than 64 KiB.
        int clusterLength = sectorSize * (perCluster > 0x80 ? 1 << Math.Min(256 - perCluster, 12) : perCluster);
        bool fits = sectorSize is 256 or 512 or 1024 or 2048 or 4096
            && perCluster != 0 && clusterLength <= 2 * 1024 * 1024 && (clusterLength & (clusterLength - 1)) == 0
            && b.Le16(0x0E) == 0 && b[0x10] == 0 && b.Le16(0x11) == 0 && b.Le16(0x13) == 0 && b.Le16(0x16) == 0 && b.Le32(0x20) == 0
            && record is >= -31 and <= -9 or 1 or 2 or 4 or 8 or 16 or 32 or 64;
        if (!fits)
            return null;
        long recordLength = record > 0 ? (long)record * clusterLength : 1L << -record;
        return recordLength > 64 * 1024 ? null : new(b, clusterLength, (int)recordLength);
    }
}

internal static class Ntfs
{
    private const int VolumeRecord = 3;

    public static Signature? Probe(ProbeWindow window)
    {
        if (NtfsBootSector.Parse(window.At(0, 512)) is not { } boot)
            return null;
        return Signature.FileSystem("ntfs", Label(window, boot), boot.Serial, boot.Size);
    }

    /// <summary>Whether the file table stands where this boot sector says, counted from <paramref name="start"/>.</summary>
    public static bool HasFileTable(ProbeWindow window, NtfsBootSector boot, long start) =>
        IsRecordAt(window, start, boot.MftOffset) || IsRecordAt(window, start, boot.MirrorOffset);

    private static bool IsRecordAt(ProbeWindow window, long start, long? offset) =>
        offset is { } at && at <= long.MaxValue - start && window.At(start + at, 4).Has(0, "FILE"u8);

    /// <summary>The $VOLUME_NAME attribute (0x60) of the fourth record.</summary>
    public static string? Label(ProbeWindow window, NtfsBootSector boot)
    {
        if (boot.MftOffset is not { } mft || mft > window.Length)
            return null;
        ReadOnlySpan<byte> record = window.At(mft + (long)VolumeRecord * boot.RecordLength, boot.RecordLength);
        if (!record.Has(0, "FILE"u8))
            return null;
        int at = record.Le16(0x14);
        while (at + 24 <= record.Length)
        {
            uint type = record.Le32(at), length = record.Le32(at + 4);
            if (type == uint.MaxValue || length < 16 || length > record.Length - at)
                return null;
            if (type == 0x60)
            {
                long start = at + record.Le16(at + 0x14), end = start + record.Le32(at + 0x10);
                return end <= record.Length ? Tags.Utf16Label(record[(int)start..(int)end]) : null;
            }
            at += (int)length;
        }
        return null;
    }
}
