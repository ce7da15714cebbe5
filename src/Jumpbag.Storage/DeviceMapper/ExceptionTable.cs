using Jumpbag.Core;

namespace Jumpbag.Storage.DeviceMapper;

/// <summary>
/// Looks chunks up in an exception store. The store's table is in the order in which chunks were copied, and can be larger than the
/// memory there is: it is counted once, and then sorted window by window of the origin, as they are asked for.
/// </summary>
internal sealed class ExceptionTable
{
    /// <summary>Of a window; real snapshots have one window.</summary>
    private const int MaxEntries = 1 << 20;

    /// <summary>How many chunks of the origin are counted together; no window can begin between them.</summary>
    private const int BucketShift = 19;

    private const int MaxBuckets = 1 << 20;

    /// <summary>Of the origin in one window, so that a chunk is 32 bits there.</summary>
    private const int MaxWindowBuckets = 1 << (31 - BucketShift);

    /// <summary>A terabyte of chunks of 4 KiB. Beyond that, reading the table alone would take hours.</summary>
    private const long MaxExceptions = 1 << 28;

    private readonly ExceptionStore store;

    /// <summary>The first chunk of each window, ascending; the first is 0.</summary>
    private readonly long[] windowStarts;

    private readonly int[] windowCounts;

    /// <summary>Behind the last chunk of the origin.</summary>
    private readonly long chunkCount;

    private ExceptionTable(ExceptionStore store, long chunkCount, (long[] Starts, int[] Counts) windows, long count, long chunksUsed, string? damage)
    {
        this.store = store;
        this.chunkCount = chunkCount;
        (windowStarts, windowCounts) = windows;
        Count = count;
        ChunksUsed = chunksUsed;
        Damage = damage;
    }

    public long Count { get; }

    /// <summary>Chunks of the store that are in use, its header and tables included.</summary>
    public long ChunksUsed { get; }

    /// <summary>Why the end of the table cannot be read, or null. Then a chunk that is not in it may have been copied all the same.</summary>
    public string? Damage { get; }

    /// <param name="store">A valid one.</param>
    /// <param name="chunkCount">How many chunks the origin has; the last may be a part of one.</param>
    /// <exception cref="CorruptException">The table cannot be one of this origin.</exception>
    /// <exception cref="UnsupportedException">It is larger than is ever read.</exception>
    public static ExceptionTable Read(ExceptionStore store, long chunkCount)
    {
        if (chunkCount >> BucketShift >= MaxBuckets)
            throw new UnsupportedException($"a snapshot of {chunkCount} chunks is larger than can be read");
        var buckets = new int[(chunkCount >> BucketShift) + 1];
        string? damage = null;
        long count = 0, highest = 0;
        foreach ((long old, long to) in store.Exceptions(reason => damage = reason))
        {
            // Which chunk is meant cannot be told, so none that has no exception can be trusted.
            if (old < 0 || old >= chunkCount)
                throw new CorruptException($"its exception {count} is for chunk {old}, and there are {chunkCount}");
            if (++buckets[old >> BucketShift] > 1 << BucketShift)
                throw new CorruptException($"its exceptions name the chunks around {old} more than once");
            if (++count > MaxExceptions)
                throw new UnsupportedException($"it has more than {MaxExceptions} exceptions");
            if (store.IsDataChunk(to))
                highest = Math.Max(highest, to);
        }
        return new(store, chunkCount, Windows(buckets), count, store.ChunksUsed(highest), damage);
    }

    /// <summary>
    /// Where the chunk was copied to, and how many that follow it are alike. <paramref name="newChunk"/> is
    /// <see cref="Window.NotCopied"/> for one that was not copied, and <see cref="Window.Contradiction"/> where the table cannot be trusted.
    /// </summary>
    public long Find(long chunk, out long newChunk)
    {
        int found = Array.BinarySearch(windowStarts, chunk);
        return WindowCache.Get(this, found >= 0 ? found : ~found - 1).Find(chunk, out newChunk);
    }

    private static (long[] Starts, int[] Counts) Windows(int[] buckets)
    {
        List<long> starts = [0];
        List<int> counts = [0];
        int first = 0;
        for (int i = 0; i < buckets.Length; i++)
        {
            if (counts[^1] + buckets[i] > MaxEntries || i - first == MaxWindowBuckets)
            {
                starts.Add((long)i << BucketShift);
                counts.Add(0);
                first = i;
            }
            counts[^1] += buckets[i];
        }
        return ([.. starts], [.. counts]);
    }

    private Window Load(int index)
    {
        long start = windowStarts[index], end = index + 1 < windowStarts.Length ? windowStarts[index + 1] : chunkCount;
        uint[] olds = new uint[windowCounts[index]], news = new uint[windowCounts[index]];
        int count = 0;
        foreach ((long old, long to) in store.Exceptions(_ => { }))
        {
            if (old < start || old >= end)
                continue;
            if (count == olds.Length)
                throw Changed();
            olds[count] = (uint)(old - start);
            // Chunks are taken from the store in order, so that as many exceptions as are read cannot lie further on.
            news[count++] = store.IsDataChunk(to) && to < Window.Contradicted ? (uint)to : Window.Contradicted;
        }
        return count == olds.Length ? new(start, end, olds, news) : throw Changed();

        static CorruptException Changed() => new("the snapshot's exceptions changed while they were read: the image is being written to");
    }

    /// <summary>The exceptions of a range of the origin, sorted.</summary>
    internal sealed class Window
    {
        public const long NotCopied = 0, Contradiction = -1;

        internal const uint Contradicted = uint.MaxValue;

        private readonly long start, end;
        private readonly uint[] olds, news;

        /// <param name="olds">Counted from <paramref name="start"/>.</param>
        public Window(long start, long end, uint[] olds, uint[] news)
        {
            this.start = start;
            this.end = end;
            this.olds = olds;
            this.news = news;
            Array.Sort(olds, news);
            for (int i = 1; i < olds.Length; i++)
                if (olds[i] == olds[i - 1])
                    news[i] = news[i - 1] = Contradicted;
        }

        /// <summary>Room it takes, in entries; no window is free.</summary>
        public int Cost => Math.Max(olds.Length, 4096);

        public long Find(long chunk, out long newChunk)
        {
            uint within = (uint)(chunk - start);
            int at = Array.BinarySearch(olds, within);
            if (at < 0)
            {
                newChunk = NotCopied;
                return (~at < olds.Length ? start + olds[~at] : end) - chunk;
            }
            newChunk = news[at] == Contradicted ? Contradiction : news[at];
            int next = at + 1;
            while (next < olds.Length && newChunk != Contradiction && olds[next] == within + (next - at) && news[next] == newChunk + (next - at))
                next++;
            return next - at;
        }
    }

    /// <summary>The windows in memory: few, of all snapshots together, so that memory stays bounded however many there are.</summary>
    private static class WindowCache
    {
        /// <summary>64 MiB: of 32 GiB in chunks of 4 KiB.</summary>
        private const long MostEntries = 8L * MaxEntries;

        private static readonly Lock Gate = new();

        /// <summary>The one that was used last stands last.</summary>
        private static readonly List<Held> Loaded = [];

        /// <summary>Mostly the one that is asked for again, which takes no lock.</summary>
        private static Held? last;

        private sealed record Held(ExceptionTable Table, int Index, Window Window)
        {
            public bool Is(ExceptionTable table, int index) => ReferenceEquals(Table, table) && Index == index;
        }

        public static Window Get(ExceptionTable table, int index)
        {
            if (Volatile.Read(ref last) is { } recent && recent.Is(table, index))
                return recent.Window;
            lock (Gate)
            {
                int at = Loaded.FindLastIndex(held => held.Is(table, index));
                Held found = at >= 0 ? Loaded[at] : new(table, index, table.Load(index));
                if (at >= 0)
                    Loaded.RemoveAt(at);
                while (Loaded.Count > 0 && Loaded.Sum(held => (long)held.Window.Cost) + found.Window.Cost > MostEntries)
                    Loaded.RemoveAt(0);
                Loaded.Add(found);
                Volatile.Write(ref last, found);
                return found.Window;
            }
        }
    }
}
