using Jumpbag.Core;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Partitions;

/// <summary>
/// The header of a GUID partition table, primary or backup.
/// https://uefi.org/specs/UEFI/2.10/05_GUID_Partition_Table_Format.html
/// </summary>
/// <remarks><code>
/// 0 Signature "EFI PART"   8 Revision         12 HeaderSize    16 HeaderCRC32   24 MyLBA   32 AlternateLBA
/// 40 FirstUsableLBA        48 LastUsableLBA   56 DiskGUID      72 PartitionEntryLBA
/// 80 NumberOfPartitionEntries   84 SizeOfPartitionEntry   88 PartitionEntryArrayCRC32
/// </code></remarks>
internal sealed class GptHeader
{
    private const int MinimumLength = 92, MinimumEntryLength = 128;

    /// <summary>Sixty-four times what everybody uses; a header that claims more is not believed.</summary>
    private const int MaximumArrayLength = 1024 * 1024;

    private GptHeader(ReadOnlySpan<byte> b, int sectorSize)
    {
        SectorSize = sectorSize;
        Sector = (long)b.Le64(24);
        AlternateSector = (long)b.Le64(32);
        FirstUsable = (long)b.Le64(40);
        LastUsable = (long)b.Le64(48);
        DiskGuid = Tags.Guid(b.Slice(56, 16));
        ArrayOffset = (long)b.Le64(72) * sectorSize;
        EntryCount = (int)b.Le32(80);
        EntryLength = (int)b.Le32(84);
        ArrayChecksum = b.Le32(88);
    }

    public int SectorSize { get; }

    public long Sector { get; }

    public long AlternateSector { get; }

    public long FirstUsable { get; }

    public long LastUsable { get; }

    public string DiskGuid { get; }

    /// <summary>In bytes of the device.</summary>
    public long ArrayOffset { get; }

    public int EntryCount { get; }

    public int EntryLength { get; }

    public uint ArrayChecksum { get; }

    public int ArrayLength => EntryCount * EntryLength;

    /// <summary>From a whole sector. Null unless its checksum is right, it stands where it says, and its numbers can be used.</summary>
    public static GptHeader? Parse(ReadOnlySpan<byte> b, long sector, int sectorSize)
    {
        if (b.Length < MinimumLength || !b.Has(0, "EFI PART"u8) || b.Le64(24) != (ulong)sector || !HasChecksum(b))
            return null;
        ulong limit = (ulong)(long.MaxValue / sectorSize);
        uint count = b.Le32(80), length = b.Le32(84);
        bool usable = b.Le64(32) < limit && b.Le64(40) < limit && b.Le64(48) < limit && b.Le64(72) < limit
            && length >= MinimumEntryLength && length % 8 == 0 && count > 0 && (ulong)count * length <= MaximumArrayLength;
        return usable ? new(b, sectorSize) : null;
    }

    /// <summary>Whether the header's own checksum, made with its field zero, is right.</summary>
    public static bool HasChecksum(ReadOnlySpan<byte> b)
    {
        uint length = b.Le32(12);
        if (length < MinimumLength || length > b.Length)
            return false;
        uint sum = Checksums.Crc32(uint.MaxValue, b[..16]);
        sum = Checksums.Crc32(sum, (ReadOnlySpan<byte>)[0, 0, 0, 0]);
        return ~Checksums.Crc32(sum, b[20..(int)length]) == b.Le32(16);
    }
}
