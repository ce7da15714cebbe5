namespace Jumpbag.Databases.Dumps.Input;

/// <summary>The bytes of an input as they lie on disk or come through a pipe, counted; with what was read ahead to tell its kind.</summary>
internal sealed class CountedStream(Stream inner, ReadOnlyMemory<byte> ahead, Fingerprint? print = null) : Stream
{
    private readonly byte[] last = new byte[LastBytes];
    private ReadOnlyMemory<byte> ahead = ahead;
    private long count;

    public const int LastBytes = 16;

    /// <summary>Bytes handed out so far; readable by any thread.</summary>
    public long Count => Interlocked.Read(ref count);

    public bool IsAtEnd { get; private set; }

    /// <summary>The bytes handed out last, at most 16.</summary>
    public ReadOnlySpan<byte> Last => last.AsSpan(LastBytes - (int)Math.Min(LastBytes, count));

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => Count;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int read;
        if (!ahead.IsEmpty)
        {
            read = Math.Min(buffer.Length, ahead.Length);
            ahead.Span[..read].CopyTo(buffer);
            ahead = ahead[read..];
        }
        else
        {
            read = inner.Read(buffer);
            IsAtEnd |= read == 0 && !buffer.IsEmpty;
        }
        Interlocked.Add(ref count, read);
        Remember(buffer[..read]);
        print?.Add(buffer[..read]);
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= LastBytes)
        {
            bytes[^LastBytes..].CopyTo(last);
            return;
        }
        last.AsSpan(bytes.Length).CopyTo(last);
        bytes.CopyTo(last.AsSpan(LastBytes - bytes.Length));
    }
}
