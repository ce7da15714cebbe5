using System.IO.Compression;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>
/// All members of a gzip file. The platform's decoder ends in silence where the file is cut, so a member of our own is put behind the
/// file's last byte: only where what it holds comes out as the last bytes, the file was complete.
/// </summary>
internal sealed class GzipToItsEnd(CountedStream input) : DecodingStream
{
    private static readonly byte[] Mark = "the dump's end: "u8.ToArray();

    private readonly GZipStream decoder = new(new WithEndMember(input), CompressionMode.Decompress);
    private readonly byte[] work = new byte[(1 << 16) + Mark.Length];
    private int held;
    private bool ended;

    public override int Read(Span<byte> buffer)
    {
        if (ended || buffer.IsEmpty)
            return 0;
        int most = Math.Min(work.Length, buffer.Length + Mark.Length);
        while (held <= Mark.Length)
        {
            int read = decoder.Read(work.AsSpan(held, Math.Max(most, held + 1) - held));
            if (read == 0)
            {
                ended = true;
                return work.AsSpan(0, held).SequenceEqual(Mark) ? 0
                    : throw new EndOfStreamException();
            }
            held += read;
        }
        int ready = held - Mark.Length;
        work.AsSpan(0, ready).CopyTo(buffer);
        work.AsSpan(ready, Mark.Length).CopyTo(work);
        held = Mark.Length;
        return ready;
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
