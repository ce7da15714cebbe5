using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading;

/// <summary>One table of the dump while it is loaded. Counted by the workers, decided by the main thread.</summary>
public sealed class TableLoad(ObjectName name)
{
    private long rows;
    private long bytes;
    private long busyTicks;
    private int indexesBuilt;

    /// <summary>As it is on the server, after renaming.</summary>
    public ObjectName Name => name;

    public string Shown => name.ToString();

    /// <summary>Whether its rows and their bookkeeping can be committed together.</summary>
    public bool IsTransactional { get; set; } = true;

    /// <summary>The definition without what is added later; null where the table was made whole.</summary>
    public TableDefinition? Deferred { get; set; }

    /// <summary>A worker was given its definition. Of the main thread.</summary>
    public bool IsBeingMade { get; set; }

    /// <summary>The session in which the table was defined: what is added later is read in the same character set.</summary>
    public SessionState? DefinedIn { get; set; }

    /// <summary>Batches handed out and not yet committed. Guarded by the pool's lock.</summary>
    public int Outstanding { get; set; }

    /// <summary>No more rows are expected. Guarded by the pool's lock.</summary>
    public bool IsClosed { get; set; }

    /// <summary>The indexes are built or being built. Guarded by the pool's lock.</summary>
    public bool IsIndexed { get; set; }

    /// <summary>ALTER TABLE statements that wait for its rows, in their order. Guarded by the pool's lock.</summary>
    public Queue<TableAlteration> Alterations { get; } = new();

    /// <summary>A connection builds its indexes or alters it. Guarded by the pool's lock.</summary>
    public bool IsInWork { get; set; }

    /// <summary>None of its alterations was run yet: after a crash the first may have been carried out without its note.</summary>
    public bool IsUnaltered { get; set; } = true;

    /// <summary>When their building began, of the load's time.</summary>
    public TimeSpan? BuildingSince { get; set; }

    /// <summary>They are built.</summary>
    public bool IsBuilt { get; set; }

    /// <summary>Of indexes that the dump makes by statements of their own: how many are built.</summary>
    public int IndexesBuilt => Volatile.Read(ref indexesBuilt);

    public void CountIndex() => CountIndexes(1);

    public void CountIndexes(int more) => Interlocked.Add(ref indexesBuilt, more);

    /// <summary>Committed by an earlier run.</summary>
    public long RowsBefore { get; set; }

    public long BytesBefore { get; set; }

    /// <summary>Acknowledged by the server.</summary>
    public long Rows => Interlocked.Read(ref rows);

    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Time that connections spent on its rows, added up.</summary>
    public TimeSpan Busy => TimeSpan.FromTicks(Interlocked.Read(ref busyTicks));

    public bool HasBegun => Rows > 0 || RowsBefore > 0;

    public void Count(long moreRows, long moreBytes, TimeSpan time = default)
    {
        Interlocked.Add(ref busyTicks, time.Ticks);
        Interlocked.Add(ref rows, moreRows);
        Interlocked.Add(ref bytes, moreBytes);
    }
}
