using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Jumpbag.FileSystems.Tar;

/// <summary>
/// The archive on its way out: whoever reads the disk fills buffers, and a thread of its own writes them, so that reading
/// and writing overlap. The buffers are few, so that a slow reader of the archive holds up the reading of the disk.
/// </summary>
internal sealed class TarOutput : IDisposable
{
    /// <summary>Archives are padded to whole records of twenty blocks.</summary>
    private const int RecordSize = 20 * UstarHeader.Size;

    /// <summary>The most that is passed on at once; what is not used of it takes no memory.</summary>
    private const int BufferSize = 100 * RecordSize;

    private const int Buffers = 16;

    private readonly ContentSink sink;
    // The one used last comes first: it is in the processor's cache.
    private readonly BlockingCollection<byte[]> free = new(new ConcurrentStack<byte[]>());
    private readonly BlockingCollection<(byte[] Bytes, int Length)> full = [];
    private readonly Thread writer;
    private byte[] current;
    private int used, limit = BufferSize, nextLimit = BufferSize;
    private volatile ExceptionDispatchInfo? failure;
    private volatile bool abandoned;

    public TarOutput(ContentSink sink)
    {
        this.sink = sink;
        for (int i = 1; i < Buffers; i++)
            free.Add(GC.AllocateUninitializedArray<byte>(BufferSize));
        current = GC.AllocateUninitializedArray<byte>(BufferSize);
        writer = new Thread(WriteOut) { IsBackground = true, Name = "tar output" };
        writer.Start();
    }

    /// <summary>Room for what comes next, at least a byte; whoever fills it says how much by <see cref="Advance"/>.</summary>
    public Span<byte> Room => current.AsSpan(used, limit - used);

    /// <summary>About how much is passed on at once from now on, in bytes: whole records, never none.</summary>
    public void PassOnEach(int size)
    {
        nextLimit = Math.Clamp(size / RecordSize * RecordSize, RecordSize, BufferSize);
        limit = Math.Max(nextLimit, ((used / RecordSize) + 1) * RecordSize);
    }

    /// <summary>Counts bytes of <see cref="Room"/> as written.</summary>
    /// <exception cref="Exception">The one that ended the writing thread.</exception>
    public void Advance(int count)
    {
        used += count;
        if (used == limit)
            PassOn();
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, Room.Length);
            bytes[..count].CopyTo(Room);
            Advance(count);
            bytes = bytes[count..];
        }
    }

    public void WriteZeros(long count)
    {
        while (count > 0)
        {
            int piece = (int)Math.Min(count, Room.Length);
            Room[..piece].Clear();
            Advance(piece);
            count -= piece;
        }
    }

    /// <summary>Zeros up to a whole block.</summary>
    public void Pad() => WriteZeros(-used & (UstarHeader.Size - 1));

    /// <summary>The end of the archive: two blocks of zeros, and more up to a whole record. Returns when all is written.</summary>
    public void Finish()
    {
        Pad();
        WriteZeros(2 * UstarHeader.Size);
        WriteZeros((RecordSize - used % RecordSize) % RecordSize);
        if (used > 0)
            PassOn();
        full.CompleteAdding();
        writer.Join();
        failure?.Throw();
    }

    public void Dispose()
    {
        abandoned = true;
        full.CompleteAdding();
        writer.Join();
        free.Dispose();
        full.Dispose();
    }

    private void PassOn()
    {
        full.Add((current, used));
        current = free.Take();
        used = 0;
        limit = nextLimit;
        failure?.Throw();
    }

    /// <summary>After a failure buffers still go round, so that the other side comes to see it.</summary>
    private void WriteOut()
    {
        foreach ((byte[] bytes, int length) in full.GetConsumingEnumerable())
        {
            try
            {
                if (!abandoned && failure is null)
                    sink(bytes.AsSpan(0, length));
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            free.Add(bytes);
        }
    }
}
