using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>
/// Foreign keys. Each as the dump has it would keep all others from both of its tables while it looks at their rows. So all are added
/// first, in order and without a look at the rows, and then checked over several connections, which keeps nobody from the tables that
/// they refer to. In between the ledger has them as announced.
/// </summary>
public sealed partial class PostgresLoad
{
    private readonly List<PostgresJob> checks = [];

    private void AddForeignKey(DumpStatement statement)
    {
        if (statement is not { Table: { } table, Name: { } name } || main.Ledger.IsDone(statement))
        {
            Follow(statement);
            return;
        }
        if (!main.Ledger.IsAnnounced(statement))
        {
            if (BuiltPart.IsLeftUnchecked(statement) || PostgresCatalog.IsPartitioned(main.Connection, table))
            {
                if (main.Run(statement))
                    Follow(statement);
                Table(table).CountIndex();
                return;
            }
            if (!main.Announce(statement, PostgresSql.Join(statement.Text, "\nNOT VALID")))
                return;
        }
        Follow(statement);
        DumpStatement check = statement.With(name, table, PostgresSql.Join("ALTER TABLE ", table, " VALIDATE CONSTRAINT ", name.Name));
        checks.Add(new(Table(table), main.Session, [check], main.Ledger.Confirm(statement)));
    }

    private void CheckForeignKeys()
    {
        if (checks.Count == 0)
            return;
        checks.ForEach(pool.Send);
        pool.Drain();
        // The client would have been refused it.
        foreach (PostgresJob job in checks.Where(job => job.IsRefused))
            main.Connection.Query(PostgresSql.Join("ALTER TABLE ", job.Table.Name, " DROP CONSTRAINT ", job.Statements[0].Name!.Value.Name, "; ", job.Note));
        checks.Clear();
    }
}
