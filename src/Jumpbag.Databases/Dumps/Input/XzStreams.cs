using System.Buffers.Binary;
using Jumpbag.Core;
using SharpCompress.Compressors.LZMA;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>
/// All streams of an xz file (https://tukaani.org/xz/xz-file-format.txt): stream header · blocks · index · stream footer, then zeros or
/// the next stream. The container is read here, since the library's reader stops behind the first stream and leaves the blocks'
/// checksums alone; the LZMA2 data in the blocks is the library's. Checksums of the kind SHA-256 are not looked at.
/// </summary>
internal sealed class XzStreams(CountedStream input) : DecodingStream
{
    /// <summary>xz -9 takes 64 MiB.</summary>
    private const uint LargestDictionary = 256 << 20;

    private readonly BufferedStream source = new(input, 1 << 16);
    private LzmaStream? block;
    private BlockSource? blockSource;
    private byte check;
    private uint crc32;
    private ulong crc64;
    private bool isInStream, sawStream, ended;

    public override int Read(byte[] buffer, int offset, int count)
    {
        while (!ended && count > 0)
        {
            if (block is null)
            {
                NextBlock();
                continue;
            }
            int read = block.Read(buffer, offset, count);
            if (read > 0)
            {
                Sum(buffer.AsSpan(offset, read));
                return read;
            }
            EndBlock();
        }
        return 0;
    }

    public override int Read(Span<byte> buffer)
    {
        byte[] copy = new byte[buffer.Length];
        int read = Read(copy, 0, copy.Length);
        copy.AsSpan(0, read).CopyTo(buffer);
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            block?.Dispose();
            source.Dispose();
        }
        base.Dispose(disposing);
    }

    private void NextBlock()
    {
        if (!isInStream)
        {
            BeginStream();
            return;
        }
        int size = OneByte();
        if (size == 0)
        {
            EndStream();
            return;
        }
        Span<byte> header = stackalloc byte[(size + 1) * 4];
        header[0] = (byte)size;
        source.ReadExactly(header[1..]);
        CheckCrc(header[..^4], header[^4..], "block header");
        byte flags = header[1];
        int at = 2;
        if ((flags & 0x40) != 0)
            Number(header, ref at);
        if ((flags & 0x80) != 0)
            Number(header, ref at);
        // Filters before LZMA2 are for programs, not for text.
        if ((flags & 3) != 0 || (flags & 0x3C) != 0 || Number(header, ref at) != 0x21 || Number(header, ref at) != 1)
            throw new UnsupportedException("the xz data was made with other filters than LZMA2", "xz -dc FILE | jumpbag load -");
        byte dictionary = header[at];
        if (dictionary > 40 || (dictionary == 40 ? uint.MaxValue : (2 | (dictionary & 1u)) << (dictionary / 2 + 11)) > LargestDictionary)
            throw new UnsupportedException("the xz data needs a dictionary of more than 256 MiB", "xz -dc FILE | jumpbag load -");
        (crc32, crc64) = (~0u, ~0ul);
        blockSource = new(source);
        block = LzmaStream.Create([dictionary], blockSource, -1, -1, null!, true, true);
    }

    private void BeginStream()
    {
        Span<byte> header = stackalloc byte[12];
        // Zeros between streams come in fours.
        do
        {
            int read = source.ReadAtLeast(header[..4], 4, throwOnEndOfStream: false);
            if (read == 0 && sawStream)
            {
                ended = true;
                return;
            }
            if (read < 4)
                throw new EndOfStreamException();
        }
        while (sawStream && header[..4].IndexOfAnyExcept((byte)0) < 0);
        source.ReadExactly(header[4..]);
        if (!header[..6].SequenceEqual((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]))
            throw new InvalidDataException("what follows a stream is no other stream");
        CheckCrc(header[6..8], header[8..], "stream header");
        check = header[7];
        isInStream = sawStream = true;
    }

    /// <summary>Behind the block's data: zeros up to four bytes, and the checksum of what it holds.</summary>
    private void EndBlock()
    {
        block!.Dispose();
        block = null;
        for (long padding = blockSource!.Count; padding % 4 != 0; padding++)
            if (OneByte() != 0)
                throw new InvalidDataException("the padding of a block isn't zero");
        Span<byte> sum = stackalloc byte[64];
        int length = check switch { 0 => 0, < 4 => 4, < 7 => 8, < 10 => 16, < 13 => 32, _ => 64 };
        source.ReadExactly(sum[..length]);
        if ((check == 1 && BinaryPrimitives.ReadUInt32LittleEndian(sum) != ~crc32) || (check == 4 && BinaryPrimitives.ReadUInt64LittleEndian(sum) != ~crc64))
            throw new InvalidDataException("the checksum of a block differs");
    }

    private void EndStream()
    {
        var index = new List<byte> { 0 };
        long records = (long)IndexNumber(index);
        for (long i = 0; i < records * 2; i++)
        {
            IndexNumber(index);
            if (index.Count > 1 << 24)
                throw new InvalidDataException("the index is too long");
        }
        while (index.Count % 4 != 0)
            index.Add(OneByte());
        Span<byte> rest = stackalloc byte[16];
        source.ReadExactly(rest);
        CheckCrc(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(index), rest[..4], "index");
        CheckCrc(rest[8..14], rest[4..8], "stream footer");
        if (rest[14] != (byte)'Y' || rest[15] != (byte)'Z')
            throw new InvalidDataException("the stream footer has no magic");
        isInStream = false;
    }

    private ulong IndexNumber(List<byte> index)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = OneByte();
            index.Add(b);
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
            if (shift > 56)
                throw new InvalidDataException("a number in the index is too long");
        }
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift <= 56 && at < bytes.Length; shift += 7)
        {
            byte b = bytes[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }
        throw new InvalidDataException("a number in a block header is too long");
    }

    private byte OneByte() => source.ReadByte() is >= 0 and var b ? (byte)b : throw new EndOfStreamException();

    private static void CheckCrc(ReadOnlySpan<byte> data, ReadOnlySpan<byte> sum, string what)
    {
        if (~Checksums.Crc32(~0u, data) != BinaryPrimitives.ReadUInt32LittleEndian(sum))
            throw new InvalidDataException($"the checksum of the {what} differs");
    }

    private void Sum(ReadOnlySpan<byte> data)
    {
        if (check == 1)
            crc32 = Checksums.Crc32(crc32, data);
        else if (check == 4)
            crc64 = Crc64.Update(crc64, data);
    }

    /// <summary>Counts what a block takes of the source.</summary>
    private sealed class BlockSource(Stream source) : DecodingStream
    {
        public long Count { get; private set; }

        public override int ReadByte()
        {
            int b = source.ReadByte();
            Count += b < 0 ? 0 : 1;
            return b;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = source.Read(buffer);
            Count += read;
            return read;
        }
    }
}
