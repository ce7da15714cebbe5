using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>Tables: when they are made, filled and altered.</summary>
public sealed partial class MySqlLoad
{
    private TableLoad Table(ObjectName name, bool isNew)
    {
        name = Full(name);
        if (tables.TryGetValue(name, out TableLoad? table))
            return table;
        tables[name] = table = new TableLoad(name);
        if (isNew)
            return table;
        table.IsTransactional = TableEngine.IsTransactional(main, name);
        // What an earlier run put in without a transaction cannot be told from what it did not.
        if (options.Resume && !table.IsTransactional && !Ledger.IsComplete(name))
            Empty(name);
        return table;
    }

    private void Empty(ObjectName table)
    {
        const int NoSuchTable = 1146;
        try
        {
            main.Query(Sql.Join("TRUNCATE TABLE ", table));
        }
        catch (ServerException e) when (e.Code == NoSuchTable)
        {
            // The server refuses its rows, and that is told with their place in the dump.
        }
    }

    private void TakeRows(DumpStatement statement)
    {
        TableLoad table = Table(statement.Name!.Value, isNew: false);
        if (!ReferenceEquals(table, current))
            Switch(table);
        if (Pool.IsAltering(table))
            Pool.Drain(table);
        if (!table.IsTransactional && Ledger.IsComplete(table.Name))
        {
            huge.PassOver(statement);
            return;
        }
        if (statement.HasRest || statement.Length > MostQueued)
        {
            SendBatch(isLast: false);
            Pool.Drain(table);
            huge.Begin(statement, table, table.IsTransactional ? Ledger : null, follower.State());
            return;
        }
        SessionState state = follower.State();
        if (!batcher.Takes(state))
            SendBatch(isLast: false);
        batcher.Add(table, state, statement);
        if (batcher.IsFull)
            SendBatch(isLast: false);
    }

    /// <summary>Rows of another table begin.</summary>
    private void Switch(TableLoad table)
    {
        if (pending is { Table: var awaited } && ReferenceEquals(awaited, table))
        {
            current = table;
            return;
        }
        EndTable();
        current = table;
        // Its definition stands further up and was given to a worker; others must not overtake it.
        if (table.IsBeingMade)
            Pool.Drain(table);
        table.IsBeingMade = false;
    }

    /// <summary>No more rows are expected for the table at hand.</summary>
    private void EndTable()
    {
        SendBatch(isLast: true);
        if (current is { } done)
        {
            Pool.Close(done);
            if (!done.IsTransactional && !Ledger.IsComplete(done.Name))
            {
                Pool.Drain(done);
                main.Query(Ledger.NoteComplete(done));
            }
        }
        current = null;
    }

    private void SendBatch(bool isLast)
    {
        if (pending is { } awaited)
        {
            pending = null;
            Make(awaited.Statement, awaited.Table, isLast);
            return;
        }
        if (!batcher.IsEmpty)
            Send(batcher.Take());
    }

    private void Send(RowBatch batch)
    {
        if (batch.Statements.Count > 0 && (batch.Table.IsTransactional ? Ledger.IsCommitted(batch.File, batch.Offset, batch.Bytes) : Ledger.IsComplete(batch.Table.Name)))
        {
            batch.Table.RowsBefore += batch.Rows;
            batch.Table.BytesBefore += batch.Bytes;
            batch.Release();
            return;
        }
        replicas?.Wait(reason => Progress.WaitsFor = reason, cancellation);
        Pool.Send(batch);
    }

    private void Make(DumpStatement create, TableLoad table, bool isLast)
    {
        runner.CheckNotThere(create, follower.Database);
        SessionState state = table.DefinedIn!;
        ReadOnlySpan<byte> sql = create.Text.Span;
        table.IsTransactional = TableEngine.IsTransactional(main, sql, state);
        bool begun = options.Resume && (table.IsTransactional ? Ledger.IsBegun(table.Name) : Ledger.IsComplete(table.Name));
        bool isBig = batcher.Bytes >= SmallTable && !batcher.NeedsKeys;
        TableDefinition? definition = options.DeferIndexes && (isBig || begun) ? TableDefinition.Split(sql, state.Lexer()) : null;
        bool dropFirst = options.Replace || options.Resume;
        if (begun)
        {
            if (definition is not null)
                keys.Defer(table, keys.Missing(table, definition));
        }
        else if (definition is null && !follower.ChecksForeignKeys && (isLast || batcher.IsEmpty))
        {
            // Small: whoever sends the rows makes the table too, so that many small tables are made in parallel.
            table.IsBeingMade = true;
            Send(batcher.IsEmpty ? new RowBatch(table, state, [], create) { DropFirst = dropFirst } : batcher.Take(create, dropFirst));
            return;
        }
        else
        {
            if (dropFirst)
                main.Query(Sql.Join("DROP TABLE IF EXISTS ", table.Name));
            SessionFollower.Apply(main, follower.State(), state);
            runner.Run(create, definition?.Reduced ?? sql);
            SessionFollower.Apply(main, state, follower.State());
            if (definition is not null)
                keys.Defer(table, definition);
        }
        create.Release?.Invoke();
        if (!batcher.IsEmpty)
            Send(batcher.Take());
    }

    /// <summary>DISABLE KEYS means something to engines without transactions only; there it is as the client would do it.</summary>
    private void Keys(DumpStatement statement)
    {
        if (statement.Kind == StatementKind.DisableKeys && pending is { } awaited)
        {
            if (TableEngine.IsTransactional(main, awaited.Statement.Text.Span, awaited.Table.DefinedIn!))
                return;
            pending = null;
            Make(awaited.Statement, awaited.Table, isLast: false);
        }
        TableLoad table = Table(statement.Name!.Value, isNew: false);
        if (table.IsTransactional || Ledger.IsComplete(table.Name))
            return;
        SendBatch(isLast: true);
        Pool.Drain(table);
        runner.Run(statement);
    }

    /// <summary>
    /// Dumps drop each table before they make it. Here that is done, if allowed, when the table is made; a table that this load has made
    /// already is a stand-in for a view, which comes at the end.
    /// </summary>
    private void Drop(DumpStatement statement)
    {
        if (statement.Name is { } name && tables.ContainsKey(Full(name)))
            last.Keep(statement, follower.State());
        else
            statement.Release?.Invoke();
    }

    /// <summary>The table of a statement, where this load makes or fills it.</summary>
    private TableLoad? MadeHere(DumpStatement statement) =>
        statement.Kind == StatementKind.AlterTable && statement.Name is { } name ? tables.GetValueOrDefault(Full(name)) : null;

    /// <summary>
    /// phpMyAdmin adds keys and counters behind the rows of all tables. Each table waits for its own rows only, and others are altered at
    /// the same time.
    /// </summary>
    private void Alter(TableLoad table, DumpStatement statement)
    {
        if (Ledger.IsCommitted(statement.File, statement.Offset, statement.Length))
        {
            table.CountIndexes(TableAlteration.KeysAdded(statement.Text.Span, follower.State().Lexer()));
            statement.Release?.Invoke();
            return;
        }
        Pool.Alter(table, new(statement, follower.State()));
    }
}
