using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// The connections that send rows and build indexes, one thread each. Batches are taken in the order of the dump; indexes go first,
/// so that one table's are built while another's rows arrive.
/// </summary>
public sealed partial class WorkerPool : IDisposable
{
    private const int MostRetries = 10;

    /// <summary>Bytes of ALTER TABLE statements that are kept.</summary>
    private const int MostWaiting = 16 << 20;

    private readonly Workers workers;
    private readonly Queue<RowBatch> batches = new();
    private readonly Queue<TableLoad> builds = new();
    private readonly Func<MySqlConnection> connect;
    private readonly LoadLedger ledger;
    private readonly LoadOptions options;
    private readonly LoadProgress progress;
    private readonly LoadReport report;
    private readonly long mostQueued;
    private long queued;
    private int buildsRunning, alterations;
    private long waiting;
    private int outstanding;

    public WorkerPool(Func<MySqlConnection> connect, LoadLedger ledger, LoadOptions options, LoadProgress progress, LoadReport report, CancellationToken cancellation)
    {
        this.connect = connect;
        this.ledger = ledger;
        this.options = options;
        this.progress = progress;
        this.report = report;
        progress.Connections = options.Jobs;
        mostQueued = options.Jobs * 2L * options.BatchSize;
        workers = new(cancellation);
        workers.Start(options.Jobs, Work);
    }

    /// <summary>The connections' numbers on the server, to ask it what they do.</summary>
    public IEnumerable<long> ConnectionIds => workers.Sessions.Keys;

    /// <summary>Hands a batch out; waits while enough is queued. The pool releases it.</summary>
    public void Send(RowBatch batch)
    {
        workers.WaitUntil(() => queued < mostQueued);
        workers.Change(() =>
        {
            batch.Table.Outstanding++;
            outstanding++;
            queued += batch.Bytes;
            batches.Enqueue(batch);
        });
    }

    /// <summary>No more rows of this table are expected: its indexes can be built as soon as those handed out are in.</summary>
    public void Close(TableLoad table) => workers.Change(() =>
    {
        table.IsClosed = true;
        QueueBuild(table);
    });

    /// <summary>Alters a table when its rows, its indexes and what was to be altered before are in.</summary>
    public void Alter(TableLoad table, TableAlteration alteration)
    {
        workers.WaitUntil(() => waiting < MostWaiting);
        workers.Change(() =>
        {
            table.IsClosed = true;
            table.Alterations.Enqueue(alteration);
            waiting += alteration.Statement.Length;
            alterations++;
            QueueBuild(table);
        });
    }

    public bool IsAltering(TableLoad table) => workers.Look(() => table.Alterations.Count > 0 || table.IsInWork);

    /// <summary>Waits until all rows of a table, or of all tables, and the indexes queued so far are in.</summary>
    public void Drain(TableLoad? table = null) =>
        workers.WaitUntil(() => table is null ? outstanding == 0 && builds.Count == 0 && buildsRunning == 0 && alterations == 0
            : table.Outstanding == 0 && table.Alterations.Count == 0 && !table.IsInWork);

    public void Dispose()
    {
        workers.Dispose();
        foreach (RowBatch batch in batches)
            batch.Release();
    }

    private void QueueBuild(TableLoad table)
    {
        if (!table.IsClosed || table.Outstanding > 0 || table.IsInWork)
            return;
        if (HasKeysToBuild(table) || table.Alterations.Count > 0)
        {
            table.IsInWork = true;
            builds.Enqueue(table);
        }
    }

    private static bool HasKeysToBuild(TableLoad table) => !table.IsIndexed && table.Deferred is { Keys.Count: > 0 };

    private void Work(int number)
    {
        MySqlConnection? connection = null;
        try
        {
            connection = connect();
            ledger.Claims.Claim(connection, number + 1);
            connection.Progress = update => progress.Report(number, (100.0 * (update.Number - 1) + update.Percent) / Math.Max(1, update.Stages));
            workers.Enter(number, connection.ThreadId, connection.Abort);
            // Rows are in the order of the dump and were consistent there: their keys are checked once they are all in. A single
            // transaction with unique_checks=0 on an empty table would switch InnoDB to a mode that locks the whole table.
            connection.Query("SET autocommit=0, unique_checks=1, foreign_key_checks=0");
            var state = SessionState.Empty;
            while (workers.Take(Next) is { } next)
            {
                if (next is RowBatch batch)
                    Send(connection, number, batch, ref state);
                else
                    Build(connection, number, (TableLoad)next, ref state);
            }
        }
        catch (Exception e)
        {
            workers.Fail(e);
        }
        finally
        {
            workers.Leave(number);
            connection?.Dispose();
        }
    }

    /// <summary>A table whose indexes are to be built, or a batch of rows.</summary>
    private object? Next()
    {
        if (builds.TryDequeue(out TableLoad? build))
        {
            buildsRunning++;
            return build;
        }
        if (!batches.TryDequeue(out RowBatch? batch))
            return null;
        queued -= batch.Bytes;
        return batch;
    }

    private void Send(MySqlConnection connection, int number, RowBatch batch, ref SessionState state)
    {
        progress.Begin(number, batch.Table.Shown);
        long started = Stopwatch.GetTimestamp();
        try
        {
            if (batch.Create is { } create)
            {
                SessionFollower.Apply(connection, state, batch.Table.DefinedIn!);
                state = batch.Table.DefinedIn!;
                Create(connection, batch.Table, create, batch.DropFirst);
            }
            if (batch.Statements.Count > 0)
            {
                SessionFollower.Apply(connection, state, batch.State);
                state = batch.State;
                Commit(connection, batch, started);
            }
        }
        finally
        {
            progress.End(number);
            batch.Release();
        }
        // Not where it failed: whoever waits must then learn of the failure.
        workers.Change(() =>
        {
            batch.Table.Outstanding--;
            outstanding--;
            QueueBuild(batch.Table);
        });
    }

    private void Create(MySqlConnection connection, TableLoad table, DumpStatement create, bool dropFirst)
    {
        try
        {
            if (dropFirst)
                connection.Query(Sql.Join("DROP TABLE IF EXISTS ", table.Name));
            connection.Query(create.Text.Span);
        }
        catch (ServerException e)
        {
            if (options.OnError == OnError.Stop)
                throw LoadFailure.Of(create, e);
            report.Skip(LoadReport.Describe(create, e.Message));
        }
    }

    private void Commit(MySqlConnection connection, RowBatch batch, long started)
    {
        for (int attempt = 1; ; attempt++)
        {
            DumpStatement? running = null;
            try
            {
                foreach (DumpStatement statement in batch.Statements)
                {
                    running = statement;
                    connection.Query(statement.Text.Span);
                }
                running = null;
                if (batch.Table.IsTransactional)
                    connection.Query(ledger.Note(batch));
                connection.Query("COMMIT");
                TimeSpan time = Stopwatch.GetElapsedTime(started);
                batch.Table.Count(batch.Rows, batch.Bytes, time);
                progress.Acknowledge(batch.Rows, batch.Bytes, time);
                return;
            }
            catch (ServerException e) when ((e.IsDeadlock || e.IsLockTimeout) && attempt < MostRetries && batch.Table.IsTransactional)
            {
                connection.Query("ROLLBACK");
                Thread.Sleep(20 * attempt);
            }
            catch (ServerException e) when (running is not null)
            {
                if (options.OnError == OnError.Stop)
                    throw LoadFailure.Of(running, e);
                if (batch.Table.IsTransactional)
                {
                    connection.Query("ROLLBACK");
                    CommitOneByOne(connection, batch);
                }
                else
                {
                    report.Skip(LoadReport.Describe(running, e.Message));
                }
                return;
            }
        }
    }

    /// <summary>--on-error skip: each statement by itself, so that only those that the server refuses are passed over.</summary>
    private void CommitOneByOne(MySqlConnection connection, RowBatch batch)
    {
        long rows = 0, bytes = 0;
        foreach (DumpStatement statement in batch.Statements)
        {
            try
            {
                connection.Query("SAVEPOINT jumpbag");
                connection.Query(statement.Text.Span);
                rows += statement.Rows;
                bytes += statement.Length;
            }
            catch (ServerException e)
            {
                connection.Query("ROLLBACK TO SAVEPOINT jumpbag");
                report.Skip(LoadReport.Describe(statement, e.Message));
            }
        }
        connection.Query(ledger.Note(batch));
        connection.Query("COMMIT");
        batch.Table.Count(rows, bytes, TimeSpan.Zero);
        progress.Acknowledge(rows, bytes, TimeSpan.Zero);
    }
}
