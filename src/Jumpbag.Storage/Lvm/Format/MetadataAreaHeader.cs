using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm.Format;

/// <summary>
/// The first sector of a metadata area. Behind it lies a ring buffer of metadata texts; the header points to the current one.
/// Specification: LVM2's lib/format_text/layout.h, <c>struct mda_header</c> and <c>struct raw_locn</c>.
/// </summary>
/// <remarks><code>
/// offset size
///      0    4  checksum_xl  of the rest of the sector
///      4   16  magic        " LVM2 x[5A%r0N*>"
///     20    4  version      1
///     24    8  start        of the area, in bytes of the device
///     32    8  size         of the area with this header, in bytes
///     40       raw_locns    the committed text, then one that is about to be committed; ended by zeros:
///      0    8    offset     in bytes from the start of the area; 0: there is none
///      8    8    size       in bytes; a text that reaches past the area's end goes on behind the header
///     16    4    checksum   of the text
///     20    4    flags      bit 0: the area is ignored, and not kept up to date
/// </code></remarks>
public readonly record struct MetadataAreaHeader(long Size, long TextOffset, long TextSize, uint TextChecksum, bool IsIgnored)
{
    public const int Length = 512;

    /// <param name="sector">The area's first 512 bytes.</param>
    /// <param name="start">Where the area begins, in bytes of the device.</param>
    /// <exception cref="CorruptException">Magic, checksum, place or the text's place is wrong.</exception>
    /// <exception cref="UnsupportedException">It is of another version.</exception>
    public static MetadataAreaHeader Parse(ReadOnlySpan<byte> sector, long start)
    {
        if (!sector[4..].StartsWith(" LVM2 x[5A%r0N*>"u8))
            throw new CorruptException("its header has another signature");
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(sector), computed = LvmChecksum.Of(sector[4..Length]);
        if (checksum != computed)
            throw new CorruptException($"its header's checksum is 0x{checksum:x8} and should be 0x{computed:x8}");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(sector[20..]);
        if (version != 1)
            throw new UnsupportedException($"its header is of version {version}; version 1 is supported");
        long claimedStart = BinaryPrimitives.ReadInt64LittleEndian(sector[24..]);
        if (claimedStart != start)
            throw new CorruptException($"its header says that it begins at byte {claimedStart}, but it stands at byte {start}");
        long size = BinaryPrimitives.ReadInt64LittleEndian(sector[32..]);
        long textOffset = BinaryPrimitives.ReadInt64LittleEndian(sector[40..]);
        long textSize = BinaryPrimitives.ReadInt64LittleEndian(sector[48..]);
        bool hasText = textOffset != 0;
        if (size < Length || size > long.MaxValue - start
            || (hasText && (textOffset < Length || textOffset >= size || textSize <= 0 || textSize > size - Length)))
            throw new CorruptException($"a text of {textSize} bytes at {textOffset} cannot be in an area of {size} bytes");
        bool isIgnored = (sector[60] & 1) != 0;
        return new(size, textOffset, hasText ? textSize : 0, BinaryPrimitives.ReadUInt32LittleEndian(sector[56..]), isIgnored);
    }
}
