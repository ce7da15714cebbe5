namespace Jumpbag.Host;

/// <summary>
/// Standard output (1) or standard error (2), unbuffered. The framework's own streams set up the terminal, its signals and a
/// thread for them before the first byte, which costs as much as reading a small file out of an image.
/// </summary>
public sealed class StandardStream(int descriptor) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>All of the bytes, however few the other side takes at a time and even where it must be waited for.</summary>
    /// <exception cref="IOException">Its HResult is the <see cref="Errno"/>.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (DataStream.Write(descriptor, buffer, out _) is var error && error != Errno.None)
            throw new IOException(error.Describe(), (int)error);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
