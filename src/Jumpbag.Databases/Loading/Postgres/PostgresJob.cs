using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>What a worker does in one transaction: rows of one table, or the building of one index or constraint.</summary>
/// <param name="note">The statement that notes it in the ledger.</param>
internal sealed class PostgresJob(TableLoad table, PostgresSession session, IReadOnlyList<DumpStatement> statements, string note)
{
    public TableLoad Table => table;

    public PostgresSession Session => session;

    public IReadOnlyList<DumpStatement> Statements => statements;

    public string Note => note;

    public bool IsBuild => statements[0].Kind == StatementKind.CreateIndex;

    /// <summary>ALTER TABLE keeps all others from the table, CREATE INDEX only those who write.</summary>
    public bool IsExclusive => IsBuild && System.Text.Ascii.EqualsIgnoreCase(statements[0].Text.Span[..5], "ALTER"u8);

    public long Bytes { get; } = statements.Sum(statement => statement.Length);

    public long Rows { get; } = statements.Sum(statement => statement.Rows);

    public string Shown => IsBuild ? $"{table.Shown}: {(IsExclusive ? "constraint" : "index")} {statements[0].Name?.Name}" : table.Shown;

    public void Release()
    {
        foreach (DumpStatement statement in statements)
            statement.Release?.Invoke();
    }
}
