using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Storage.Overlays.Format;

public enum OverlayEntryKind
{
    /// <summary>The slot's data are the new contents of one block.</summary>
    Data = 1,

    /// <summary>A run of blocks becomes zeros; the slot's data are the checksums of what stood there, 4 bytes a block.</summary>
    Zeros = 2,

    /// <summary>All slots before this one had reached the disk when this one was written.</summary>
    Mark = 3,

    /// <summary>A check ended; <see cref="OverlayEntry.Count"/> is an <see cref="OverlayVerdict"/>, the data say of what program.</summary>
    Verdict = 4,
}

/// <summary>What the check that an overlay was made for came to.</summary>
public enum OverlayVerdict
{
    /// <summary>None is recorded: the check was cut short, or goes on.</summary>
    Unfinished = 0,
    Clean = 1,
    Repaired = 2,
    ErrorsRemain = 3,
}

/// <summary>
/// One entry of an overlay file's log, 32 bytes, little-endian: 0x00 u32 checksum of the rest, seeded with the file's identity
/// and the slot's number · 0x04 u8 kind · 0x05 u8 which of the block's eight sectors are given · 0x06 u16 1 where what it
/// replaces could not be read · 0x08 u64 first block · 0x10 u32 count · 0x14 u32 checksum of the slot's data · 0x18 u32
/// checksum of the block as the image has it · 0x1C u32 0.
/// </summary>
public readonly record struct OverlayEntry(
    OverlayEntryKind Kind, long Block, int Count, uint DataChecksum, uint BaseChecksum = 0, byte Sectors = OverlayEntry.AllSectors, bool BaseIsUnreadable = false)
{
    public const int Size = 32;

    public const byte AllSectors = 0xFF;

    public void Write(Span<byte> bytes, Guid file, long slot)
    {
        bytes[..Size].Clear();
        bytes[4] = (byte)Kind;
        bytes[5] = Sectors;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], BaseIsUnreadable ? (ushort)1 : (ushort)0);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], Block);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[0x10..], Count);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[0x14..], DataChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[0x18..], BaseChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Checksums.Crc32C(Seed(file, slot), bytes[4..Size]));
    }

    /// <summary>Null where no whole entry of this file stands.</summary>
    public static OverlayEntry? Parse(ReadOnlySpan<byte> bytes, Guid file, long slot)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Checksums.Crc32C(Seed(file, slot), bytes[4..Size]) || bytes[4] is < 1 or > 4)
            return null;
        return new((OverlayEntryKind)bytes[4], BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[0x10..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[0x14..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[0x18..]), bytes[5],
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]) == 1);
    }

    /// <summary>So that neither another overlay's entry nor one of another place passes for this one.</summary>
    private static uint Seed(Guid file, long slot)
    {
        Span<byte> seed = stackalloc byte[24];
        file.TryWriteBytes(seed);
        BinaryPrimitives.WriteInt64LittleEndian(seed[16..], slot);
        return Checksums.Crc32C(~0u, seed);
    }
}
