using System.IO.Compression;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>
/// All members of a gzip file. The platform's decoder ends in silence where the file is cut, so a member of our own is put behind the
/// file's last byte: only where what it holds comes out as the last bytes, the file was complete.
/// </summary>
internal sealed class GzipToItsEnd : DecodingStream
{
    /// <summary>More than the decoder can make of what it takes in one go and of the member of ours.</summary>
    private const int MostAtEnd = 4 << 20;

    private static readonly byte[] Mark = "the dump's end: "u8.ToArray();

    private readonly WithEndMember input;
    private readonly GZipStream decoder;
    private byte[]? atEnd;
    private int taken;

    public GzipToItsEnd(CountedStream file) => decoder = new(input = new(file), CompressionMode.Decompress);

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        if (atEnd is null)
        {
            int read = decoder.Read(buffer);
            if (!input.IsMarkTaken)
                return read;
            // A decoder that is within a member takes our mark for more of it: what it makes of that must not come out.
            atEnd = ReadToItsEnd(buffer[..read]);
        }
        int count = Math.Min(buffer.Length, atEnd.Length - taken);
        atEnd.AsSpan(taken, count).CopyTo(buffer);
        taken += count;
        return count;
    }

    private byte[] ReadToItsEnd(ReadOnlySpan<byte> first)
    {
        using var held = new MemoryStream();
        held.Write(first);
        byte[] more = new byte[1 << 16];
        for (int read; (read = decoder.Read(more)) > 0 && held.Length < MostAtEnd;)
            held.Write(more, 0, read);
        ReadOnlySpan<byte> all = held.GetBuffer().AsSpan(0, (int)held.Length);
        return all.EndsWith(Mark) ? all[..^Mark.Length].ToArray() : throw new EndOfStreamException();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            decoder.Dispose();
        base.Dispose(disposing);
    }

    private sealed class WithEndMember(CountedStream input) : DecodingStream
    {
        private static readonly byte[] EndMember = Compress(Mark);
        private int sent;

        public bool IsMarkTaken => sent > 0;

        public override int Read(Span<byte> buffer)
        {
            int read = sent == 0 ? input.Read(buffer) : 0;
            if (read > 0)
                return read;
            int count = Math.Min(buffer.Length, EndMember.Length - sent);
            EndMember.AsSpan(sent, count).CopyTo(buffer);
            sent += count;
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                input.Dispose();
            base.Dispose(disposing);
        }

        private static byte[] Compress(byte[] data)
        {
            using var compressed = new MemoryStream();
            using (var gzip = new GZipStream(compressed, CompressionLevel.NoCompression, leaveOpen: true))
                gzip.Write(data);
            return compressed.ToArray();
        }
    }
}
