using System.Buffers.Binary;

namespace Jumpbag.Storage.Signatures;

/// <summary>Reads the fields of on-disk structures at the offsets that their specifications give.</summary>
internal static class Fields
{
    public static ushort Le16(this ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    public static uint Le32(this ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    public static ulong Le64(this ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);

    public static ushort Be16(this ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16BigEndian(bytes[offset..]);

    public static uint Be32(this ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32BigEndian(bytes[offset..]);

    public static ulong Be64(this ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64BigEndian(bytes[offset..]);

    /// <summary>Whether the bytes at <paramref name="offset"/> are exactly these; false where there are not as many.</summary>
    public static bool Has(this ReadOnlySpan<byte> bytes, int offset, ReadOnlySpan<byte> expected) =>
        offset <= bytes.Length && bytes[offset..].StartsWith(expected);

    /// <summary>count × unit as a size in bytes, or null where a hostile structure claims more than a device can hold.</summary>
    public static long? Size(ulong count, ulong unit) =>
        (UInt128)count * unit is var product && product <= long.MaxValue ? (long)product : null;
}
