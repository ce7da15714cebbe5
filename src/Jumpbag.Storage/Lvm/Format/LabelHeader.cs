using System.Buffers.Binary;

namespace Jumpbag.Storage.Lvm.Format;

/// <summary>
/// The label that marks a physical volume, at the start of one of its first four 512-byte sectors (mostly the second).
/// Specification: LVM2's lib/label/label.h, <c>struct label_header</c>.
/// </summary>
/// <remarks><code>
/// offset size
///      0    8  id         "LABELONE"
///      8    8  sector_xl  the number of this sector
///     16    4  crc_xl     of the sector from offset_xl's place (20) to its end
///     20    4  offset_xl  where the pv_header begins, in bytes from the start of the label
///     24    8  type       "LVM2 001"
/// </code></remarks>
public readonly record struct LabelHeader(ulong Sector, int HeaderOffset, bool ChecksumIsGood)
{
    public const int SectorSize = 512;

    /// <summary>How many sectors may hold the label.</summary>
    public const int Sectors = 4;

    private const int Size = 32;

    /// <summary>Null where this sector holds no label of LVM2.</summary>
    public static LabelHeader? Parse(ReadOnlySpan<byte> sector)
    {
        if (sector.Length != SectorSize || !sector.StartsWith("LABELONE"u8) || !sector[24..].StartsWith("LVM2 001"u8))
            return null;
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(sector[8..]);
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(sector[16..]);
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(sector[20..]);
        return offset is < Size or > SectorSize ? null : new(number, (int)offset, crc == LvmChecksum.Of(sector[20..]));
    }
}
