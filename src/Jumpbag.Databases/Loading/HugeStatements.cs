using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// A row, or another statement, that is too long to be held: it goes to the server as it is read, in parts, alone and on a connection
/// of its own, and is committed together with its note like any other.
/// </summary>
internal sealed class HugeStatements(Func<MySqlConnection> connect, LoadOptions options, LoadProgress progress, LoadReport report) : IDisposable
{
    private readonly Lock gate = new();
    private MySqlConnection? connection;
    private SessionState state = SessionState.Empty;
    private DumpStatement? first;
    private TableLoad? table;
    private LoadLedger? ledger;
    private Mode mode;
    private long rows, bytes, started;
    private bool isAborted;

    private enum Mode
    {
        PassOver,
        Send,

        /// <summary>An earlier run has committed it.</summary>
        IsThere,
    }

    /// <summary>What is not wanted is passed over to its end.</summary>
    public void PassOver(DumpStatement statement)
    {
        mode = Mode.PassOver;
        Part(statement);
    }

    /// <param name="of">Null where it is no row of a table.</param>
    /// <param name="to">Where it is noted; null of a table whose engine has no transactions.</param>
    public void Begin(DumpStatement statement, TableLoad? of, LoadLedger? to, SessionState now)
    {
        (first, table, ledger, rows, bytes, started) = (statement, of, to, 0, 0, Stopwatch.GetTimestamp());
        mode = ledger?.BytesCommitted(statement.File, statement.Offset) is null ? Mode.Send : Mode.IsThere;
        if (mode == Mode.Send)
        {
            MySqlConnection ready = Ready(now);
            progress.Begin(options.Jobs, (table?.Shown ?? "a statement") + $" (a long {(table is null ? "one" : "row")})");
            ready.BeginQuery();
        }
        Part(statement);
    }

    /// <summary>The next part; the last one has no rest.</summary>
    public void Part(DumpStatement part)
    {
        bytes += part.Length;
        rows += part.Rows;
        if (mode == Mode.Send)
            Send(part);
        // Errors name the first part's place and text.
        if (!ReferenceEquals(part, first))
            part.Release?.Invoke();
        if (part.HasRest)
            return;
        if (mode == Mode.IsThere)
        {
            ledger!.CheckSame(first!.File, first.Offset, bytes);
            if (table is not null)
            {
                table.RowsBefore += rows;
                table.BytesBefore += bytes;
            }
        }
        first?.Release?.Invoke();
        first = null;
    }

    /// <summary>Ends whatever is being sent; from any thread.</summary>
    public void Abort()
    {
        lock (gate)
        {
            isAborted = true;
            connection?.Abort("interrupted");
        }
    }

    public void Dispose() => connection?.Dispose();

    private MySqlConnection Ready(SessionState now)
    {
        if (connection is null)
        {
            MySqlConnection made = connect();
            lock (gate)
            {
                connection = made;
                if (isAborted)
                    made.Abort("interrupted");
            }
            ledger?.Claims.Claim(made, options.Jobs + 1);
            made.Query("SET autocommit=0, foreign_key_checks=0");
            state = SessionState.Empty;
        }
        SessionFollower.Apply(connection, state, now);
        state = now;
        return connection;
    }

    private void Send(DumpStatement part)
    {
        try
        {
            connection!.ContinueQuery(part.Text.Span);
            if (part.HasRest)
                return;
            connection.EndQuery();
            if (ledger is not null)
                connection.Query(ledger.Note(first!, table, rows, bytes));
            connection.Query("COMMIT");
            TimeSpan time = Stopwatch.GetElapsedTime(started);
            table?.Count(rows, bytes, time);
            progress.Acknowledge(rows, bytes, time);
        }
        catch (ServerException e)
        {
            if (options.OnError == OnError.Stop)
                throw LoadFailure.Of(first!, e);
            report.Skip(LoadReport.Describe(first!, e.Message));
            mode = Mode.PassOver;
            // What it has of the statement is given up with the connection.
            connection!.Dispose();
            connection = null;
        }
        finally
        {
            if (!part.HasRest || mode == Mode.PassOver)
                progress.End(options.Jobs);
        }
    }
}
