using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>What is done to a table when its rows are in: indexes that were put off, and ALTER TABLE statements that stand behind.</summary>
public sealed partial class WorkerPool
{
    private void Build(MySqlConnection connection, int number, TableLoad table, ref SessionState state)
    {
        TableAlteration? alteration = workers.Look(() =>
        {
            if (!HasKeysToBuild(table))
                return table.Alterations.Dequeue();
            table.IsIndexed = true;
            return null;
        });
        table.BuildingSince = progress.Elapsed;
        try
        {
            if (alteration is null)
                BuildKeys(connection, number, table, ref state);
            else
                Alter(connection, number, table, alteration, ref state);
        }
        finally
        {
            progress.End(number);
            table.BuildingSince = null;
            alteration?.Statement.Release?.Invoke();
        }
        workers.Change(() =>
        {
            buildsRunning--;
            table.IsInWork = false;
            if (alteration is not null)
            {
                alterations--;
                waiting -= alteration.Statement.Length;
            }
            QueueBuild(table);
        });
    }

    private void BuildKeys(MySqlConnection connection, int number, TableLoad table, ref SessionState state)
    {
        TableDefinition definition = table.Deferred!;
        progress.Begin(number, $"{table.Shown} ({Indexes(definition.Keys.Count)})");
        long started = Stopwatch.GetTimestamp();
        try
        {
            SessionFollower.Apply(connection, state, table.DefinedIn!);
            state = table.DefinedIn!;
            Alter(connection, table, definition.Keys);
            table.IsBuilt = true;
            progress.Built(table.Rows + table.RowsBefore, definition.Keys.Count, Stopwatch.GetElapsedTime(started));
        }
        catch (ServerException e)
        {
            string what = $"{table.Shown}: its indexes cannot be built: {e.Message}";
            if (options.OnError == OnError.Stop)
                throw new FailedException(what, "its rows are loaded; correct the cause and go on with --resume, or add --on-error skip", e);
            report.Skip(what);
        }
    }

    private void Alter(MySqlConnection connection, int number, TableLoad table, TableAlteration alteration, ref SessionState state)
    {
        ReadOnlySpan<byte> sql = alteration.Statement.Text.Span;
        int keys = TableAlteration.KeysAdded(sql, alteration.State.Lexer());
        progress.Begin(number, $"{table.Shown} (ALTER TABLE)");
        long started = Stopwatch.GetTimestamp();
        SessionFollower.Apply(connection, state, alteration.State);
        state = alteration.State;
        try
        {
            connection.Query(sql);
        }
        catch (ServerException e) when (options.Resume && table.IsUnaltered && MainConnection.MeansDone(e))
        {
            // The broken run has carried it out, and was broken off before its note.
        }
        catch (ServerException e)
        {
            if (options.OnError == OnError.Stop)
                throw LoadFailure.Of(alteration.Statement, e);
            report.Skip(LoadReport.Describe(alteration.Statement, e.Message));
        }
        table.IsUnaltered = false;
        connection.Query(ledger.NoteStatement(alteration.Statement, table));
        connection.Query("COMMIT");
        table.CountIndexes(keys);
        if (keys > 0)
            progress.Built(table.Rows + table.RowsBefore, keys, Stopwatch.GetElapsedTime(started));
    }

    private static string Indexes(int count) => $"{count} {(count == 1 ? "index" : "indexes")}";

    internal static void Alter(MySqlConnection connection, TableLoad table, IReadOnlyList<TableDefinition.Part> parts)
    {
        var sql = new List<object> { "ALTER TABLE ", table.Name };
        for (int i = 0; i < parts.Count; i++)
        {
            sql.Add(i == 0 ? " ADD " : ", ADD ");
            sql.Add(parts[i].Text);
        }
        connection.Query(Sql.Join([.. sql]));
    }
}
