using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// Gathers the rows of one table into batches of about a megabyte, so that dumps with a statement for each row are committed as
/// seldom as those with long ones.
/// </summary>
internal sealed class Batcher(int batchSize)
{
    private readonly List<DumpStatement> gathered = [];
    private long bytes;

    public TableLoad? Table { get; private set; }

    public SessionState State { get; private set; } = SessionState.Empty;

    public bool IsEmpty => gathered.Count == 0;

    /// <summary>Whether a row would be passed over rather than refused for a key that it repeats: then the keys must be there.</summary>
    public bool NeedsKeys => gathered.Any(statement => statement.InsertVerb is not (null or "INSERT"));

    public bool IsFull => bytes >= batchSize * 3L / 4;

    public long Bytes => bytes;

    /// <summary>Whether rows that stand in this session can go with those gathered: another character set, mode or time zone makes other rows of them.</summary>
    public bool Takes(SessionState state) =>
        IsEmpty || ReferenceEquals(state, State) || (state.Database == State.Database && state.Variables.SequenceEqual(State.Variables));

    public void Add(TableLoad table, SessionState state, DumpStatement statement)
    {
        Table = table;
        State = state;
        gathered.Add(statement);
        bytes += statement.Length;
    }

    public RowBatch Take(DumpStatement? create = null, bool dropFirst = false)
    {
        var batch = new RowBatch(Table!, State, [.. gathered], create) { DropFirst = dropFirst };
        gathered.Clear();
        bytes = 0;
        return batch;
    }
}
