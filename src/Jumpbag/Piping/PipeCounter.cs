using System.Diagnostics;

namespace Jumpbag.Piping;

/// <summary>What has been moved. The copy adds to it, the display looks at it from its own thread; neither waits for the other.</summary>
public sealed class PipeCounter
{
    private long done;
    private long first;

    /// <summary>Bytes or lines.</summary>
    public long Done => Volatile.Read(ref done);

    /// <summary>The timestamp of the first byte; null before it.</summary>
    public long? FirstByte => Volatile.Read(ref first) is not 0 and var time ? time : null;

    public void Add(long amount)
    {
        if (first == 0)
            Volatile.Write(ref first, Stopwatch.GetTimestamp());
        Volatile.Write(ref done, done + amount);
    }
}
