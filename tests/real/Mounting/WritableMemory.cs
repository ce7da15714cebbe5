using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Mounting;

/// <summary>A device in memory that can be written to.</summary>
internal sealed class WritableMemory(byte[] bytes) : WritableDevice
{
    private readonly MemoryDevice read = new(bytes);

    public int Flushes;
    public long ZeroedBytes;

    public override long Length => bytes.Length;

    public override void Read(long offset, Span<byte> destination) => read.Read(offset, destination);

    public override IEnumerable<Extent> Extents(long offset, long length) => read.Extents(offset, length);

    public override void Write(long offset, ReadOnlySpan<byte> data) => data.CopyTo(bytes.AsSpan((int)offset));

    public override void Zero(long offset, long length)
    {
        Interlocked.Add(ref ZeroedBytes, length);
        bytes.AsSpan((int)offset, (int)length).Clear();
    }

    public override void Flush() => Interlocked.Increment(ref Flushes);
}
