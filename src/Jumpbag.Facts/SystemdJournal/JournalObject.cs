using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Facts.SystemdJournal;

internal enum JournalObjectType : byte
{
    Data = 1,
    Field = 2,
    Entry = 3,
    EntryArray = 6,
}

/// <summary>What every object in a journal begins with.</summary>
/// <remarks>
/// <code>
///   0  1  type
///   1  1  flags      of data: 1 xz, 2 lz4, 4 zstd
///   2  6  reserved
///   8  8  size       with this header
/// </code>
/// </remarks>
/// <param name="Offset">In the file.</param>
/// <param name="Size">In bytes.</param>
internal readonly record struct JournalObject(long Offset, byte Flags, long Size)
{
    public const int HeaderLength = 16;

    /// <param name="length">Of the file, in bytes.</param>
    /// <param name="least">Bytes that an object of this type has at least.</param>
    public static JournalObject Parse(ReadOnlySpan<byte> bytes, long offset, long length, JournalObjectType type, int least)
    {
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        if (bytes[0] != (byte)type || size < (ulong)least || size > (ulong)(length - offset))
            throw new CorruptException($"at byte {offset} there should be an object of type {(byte)type}; there is one of type {bytes[0]} with {size} bytes");
        return new(offset, bytes[1], (long)size);
    }
}
