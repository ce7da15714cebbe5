using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// Rows of one table that are committed at once: pieces of long statements, or several short statements. Its place in the dump
/// names it, so that a resumed load knows whether it was committed.
/// </summary>
/// <param name="create">The table's definition, when whoever sends the rows is to make the table first; there may then be no rows.</param>
public sealed class RowBatch(TableLoad table, SessionState state, IReadOnlyList<DumpStatement> statements, DumpStatement? create)
{
    public TableLoad Table => table;

    public SessionState State => state;

    public IReadOnlyList<DumpStatement> Statements => statements;

    public int File => statements[0].File;

    /// <summary>Of its first row in that input.</summary>
    public long Offset => statements[0].Offset;

    public long Bytes { get; } = statements.Sum(statement => statement.Length);

    public long Rows { get; } = statements.Sum(statement => statement.Rows);

    public DumpStatement? Create => create;

    /// <summary>A table of that name, of an earlier run or to be replaced, is dropped before.</summary>
    public bool DropFirst { get; init; }

    public void Release()
    {
        create?.Release?.Invoke();
        foreach (DumpStatement statement in statements)
            statement.Release?.Invoke();
    }
}
