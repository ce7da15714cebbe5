using System.Buffers.Binary;
using SharpCompress.Compressors;
using SharpCompress.Compressors.BZip2;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>
/// All streams of a bzip2 file. The decoder takes a few bytes of a further stream's header for the end; a complete file ends with the
/// mark of a stream's end (48 bits), the checksum (32 bits) and at most 7 bits to fill the byte, which is looked at here.
/// </summary>
internal sealed class Bzip2ToItsEnd(CountedStream input) : DecodingStream
{
    private const ulong EndOfStream = 0x1772_4538_5090;

    private readonly BZip2Stream decoder = BZip2Stream.Create(new BufferedStream(input, 1 << 16), CompressionMode.Decompress, decompressConcatenated: true, leaveOpen: true);

    public override int Read(Span<byte> buffer)
    {
        int read = decoder.Read(buffer);
        if (read == 0 && !buffer.IsEmpty && !EndsWithMark(input.Last))
            throw new EndOfStreamException();
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            input.Dispose();
        base.Dispose(disposing);
    }

    private static bool EndsWithMark(ReadOnlySpan<byte> last)
    {
        if (last.Length < 11)
            return last.Length == 10 && (BinaryPrimitives.ReadUInt64BigEndian(last) >> 16) == EndOfStream;
        UInt128 bits = BinaryPrimitives.ReadUInt128BigEndian(last.Length >= 16 ? last[^16..] : [.. new byte[16 - last.Length], .. last]);
        for (int fill = 0; fill < 8; fill++)
            if (((ulong)(bits >> (32 + fill)) & 0xFFFF_FFFF_FFFF) == EndOfStream)
                return true;
        return false;
    }
}
