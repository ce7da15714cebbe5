using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>What a worker does in one transaction: rows of one table, or the building of one index or constraint, or the check of a foreign key.</summary>
/// <param name="note">The statement that notes it in the ledger.</param>
internal sealed class PostgresJob(TableLoad table, PostgresSession session, IReadOnlyList<DumpStatement> statements, string note)
{
    public TableLoad Table => table;

    public PostgresSession Session => session;

    public IReadOnlyList<DumpStatement> Statements => statements;

    public string Note => Row?.Note ?? note;

    public bool IsBuild => statements[0].Kind is StatementKind.CreateIndex or StatementKind.AddForeignKey;

    /// <summary>Its row comes in parts, of which the statement is the first.</summary>
    public LongRow? Row { get; init; }

    /// <summary>The server would not do it, and it was passed over.</summary>
    public bool IsRefused { get; set; }

    /// <summary>ALTER TABLE keeps all others from the table, CREATE INDEX only those who write.</summary>
    public bool IsExclusive => IsBuild && System.Text.Ascii.EqualsIgnoreCase(statements[0].Text.Span[..5], "ALTER"u8);

    public long Bytes { get; } = statements.Sum(statement => statement.Length);

    public long Rows { get; } = statements.Sum(statement => statement.Rows);

    public string Shown => IsBuild ? $"{table.Shown}: {Part} {statements[0].Name?.Name}" : table.Shown;

    private string Part => statements[0].Kind == StatementKind.AddForeignKey ? "foreign key" : IsExclusive ? "constraint" : "index";

    public void Release()
    {
        foreach (DumpStatement statement in statements)
            statement.Release?.Invoke();
    }
}
