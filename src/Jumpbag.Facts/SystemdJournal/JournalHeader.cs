using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Facts.SystemdJournal;

/// <summary>The beginning of a file of systemd's journal, little-endian (https://systemd.io/JOURNAL_FILE_FORMAT).</summary>
/// <remarks>
/// <code>
///   0  8  signature                "LPKSHHRH"
///   8  4  compatible_flags
///  12  4  incompatible_flags       1 xz, 2 lz4, 4 keyed hash, 8 zstd, 16 compact
///  88  8  header_size              208 in the oldest, 272 today
/// 120  8  field_hash_table_offset  of its items, behind the object's header
/// 128  8  field_hash_table_size    bytes
/// </code>
/// </remarks>
/// <param name="IsCompact">Offsets within entries and arrays are of 4 bytes.</param>
internal sealed record JournalHeader(long Size, bool IsCompact, long FieldTable, long FieldBuckets)
{
    /// <summary>Bytes that are looked at.</summary>
    public const int Length = 208;

    private const uint Compact = 16, Known = 31;
    private const int BucketSize = 16, MostBuckets = 1 << 20;

    /// <param name="fileSize">In bytes.</param>
    public static JournalHeader Parse(ReadOnlySpan<byte> bytes, long fileSize)
    {
        if (!bytes.StartsWith("LPKSHHRH"u8))
            throw new CorruptException("it does not begin as a journal does");
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        if ((flags & ~Known) != 0)
            throw new UnsupportedException($"it has features of a newer systemd (0x{flags & ~Known:x})");
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(bytes[88..]);
        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(bytes[120..]), tableSize = BinaryPrimitives.ReadUInt64LittleEndian(bytes[128..]);
        if (size < Length || size > (ulong)fileSize)
            throw new CorruptException($"its header says that it is {size} bytes long itself");
        if (table < size || table > (ulong)fileSize || tableSize > (ulong)fileSize - table || tableSize / BucketSize > MostBuckets)
            throw new CorruptException($"its table of fields ({tableSize} bytes at {table}) is not in the file");
        return new((long)size, (flags & Compact) != 0, (long)table, (long)tableSize / BucketSize);
    }
}
