using System.Buffers;
using System.Collections.Concurrent;
using Jumpbag.Backup.Chunking;

namespace Jumpbag.Backup.Archiving;

/// <summary>
/// What files are read into. Those that hold any chunk are all of one size, and there are no more than were in use at once; as memory a buffer takes only
/// what was ever filled of it. A shared pool, which keeps some of each size, took three times as much.
/// </summary>
internal sealed class ReadBuffers
{
    /// <summary>From here on a file gets a buffer that holds any chunk.</summary>
    private const int Small = 1 << 20;

    private readonly ConcurrentBag<byte[]> large = [];

    /// <param name="size">Of the file, as far as it is known.</param>
    public byte[] Rent(long size) => size <= Small ? ArrayPool<byte>.Shared.Rent((int)size) : Large();

    public byte[] Large() => large.TryTake(out byte[]? used) ? used : GC.AllocateUninitializedArray<byte>(Chunker.Most);

    public void Return(byte[] buffer)
    {
        if (buffer.Length == Chunker.Most)
            large.Add(buffer);
        else
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
