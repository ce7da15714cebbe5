using System.Buffers;

namespace Jumpbag.Backup.Repository;

/// <summary>
/// The content of a blob, which several may be reading at once. Its buffer is used for another blob as soon as the last of them has let go: new
/// memory for each cost a restore a tenth of its time, and as much memory again until it was collected.
/// </summary>
internal sealed class BlobContent(int length) : IDisposable
{
    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
    private int users = 1;

    public int Length => length;

    public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, length);

    public ReadOnlySpan<byte> Span => buffer.AsSpan(0, length);

    /// <summary>For who makes it.</summary>
    public Span<byte> Room => buffer.AsSpan(0, length);

    /// <summary>For one more, who lets go too. Only for somebody who has not let go yet.</summary>
    public BlobContent Share()
    {
        Interlocked.Increment(ref users);
        return this;
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref users) == 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
