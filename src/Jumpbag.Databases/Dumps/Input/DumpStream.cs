using System.Collections.Concurrent;
using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>
/// The decompressed bytes of one input. What is compressed is decoded by a thread of its own, a few blocks ahead, so that decoding and
/// scanning take a core each.
/// </summary>
public sealed class DumpStream : IDisposable
{
    private const int BlockSize = 256 << 10, BlocksAhead = 8;

    private readonly DumpFile file;
    private readonly CountedStream counted;
    private readonly BlockingCollection<Block>? decoded;
    private readonly ConcurrentBag<byte[]> spare = [];
    private readonly CancellationTokenSource stopped = new();
    private readonly Thread? decoder;
    private Block current;
    private int taken;
    private Exception? failure;
    private ReadOnlyMemory<byte> peeked;

    internal DumpStream(DumpFile file, CountedStream counted)
    {
        (this.file, this.counted) = (file, counted);
        if (file.Compression == Compression.None)
            return;
        decoded = new(BlocksAhead);
        decoder = new Thread(Decode) { IsBackground = true, Name = $"decoding {file.Name}" };
        decoder.Start();
    }

    private readonly record struct Block(byte[]? Bytes, int Count);

    public long CompressedPosition => counted.Count;

    /// <summary>0 at the end.</summary>
    /// <exception cref="CorruptException">The compressed data is damaged or cut.</exception>
    public int Read(Span<byte> buffer)
    {
        if (!peeked.IsEmpty)
        {
            int given = Math.Min(buffer.Length, peeked.Length);
            peeked.Span[..given].CopyTo(buffer);
            peeked = peeked[given..];
            return given;
        }
        if (decoded is null)
            return Plain(buffer);
        while (taken == current.Count)
        {
            if (current.Bytes is { } done)
                spare.Add(done);
            taken = 0;
            if (!decoded.TryTake(out current, Timeout.Infinite))
                return failure is null ? 0 : throw failure;
        }
        int count = Math.Min(buffer.Length, current.Count - taken);
        current.Bytes.AsSpan(taken, count).CopyTo(buffer);
        taken += count;
        return count;
    }

    /// <summary>The first bytes, which are read again afterwards; fewer where the input is damaged, which reading on tells.</summary>
    internal ReadOnlyMemory<byte> Peek(int most)
    {
        byte[] head = new byte[most];
        int count = 0;
        try
        {
            for (int read; count < most && (read = Read(head.AsSpan(count))) > 0;)
                count += read;
        }
        catch (JumpbagException) when (decoded is not null)
        {
            // The decoder keeps its failure, and the next read throws it again.
        }
        return peeked = head.AsMemory(0, count);
    }

    public void Dispose()
    {
        stopped.Cancel();
        if (decoder is null)
            counted.Dispose();
    }

    private int Plain(Span<byte> buffer)
    {
        try
        {
            return counted.Read(buffer);
        }
        catch (IOException e)
        {
            throw Compressions.Failure(e, file.Name, Compression.None, counted)!;
        }
    }

    private void Decode()
    {
        try
        {
            using Stream stream = Compressions.Decode(file.Compression, counted);
            while (!stopped.IsCancellationRequested)
            {
                byte[] bytes = spare.TryTake(out byte[]? used) ? used : new byte[BlockSize];
                int count = 0;
                try
                {
                    for (int read; count < bytes.Length && (read = stream.Read(bytes, count, bytes.Length - count)) > 0;)
                        count += read;
                }
                finally
                {
                    // What was decoded before the damage is handed on; the failure follows it.
                    if (count > 0)
                        decoded!.Add(new(bytes, count), stopped.Token);
                }
                if (count < bytes.Length)
                    break;
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody reads any further.
        }
        catch (Exception e)
        {
            failure = Compressions.Failure(e, file.Name, file.Compression, counted) ?? e;
        }
        finally
        {
            decoded!.CompleteAdding();
        }
    }
}
