using System.Diagnostics;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>Does one job in one transaction of one connection: with its line in the ledger, or not at all.</summary>
internal sealed class PostgresWork(LoadOptions options, LoadProgress progress, LoadReport report)
{
    private const int MostRetries = 10;

    public void Do(PostgresConnection connection, PostgresJob job)
    {
        long started = Stopwatch.GetTimestamp();
        if (job.Row is { } row)
        {
            InParts(connection, job, row, started);
            return;
        }
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                AtOnce(connection, job);
                Count(job, job.Rows, job.Bytes, started);
                return;
            }
            catch (ServerException e) when ((e.IsDeadlock || e.IsLockTimeout) && attempt < MostRetries)
            {
                Thread.Sleep(20 * attempt);
            }
            catch (ServerException e) when (options.OnError == OnError.Stop && job.Statements.Count == 1)
            {
                throw PostgresFailure.Of(job.Statements[0], e);
            }
            catch (ServerException e) when (job.IsBuild)
            {
                report.Skip(PostgresFailure.Describe(job.Statements[0], e));
                job.IsRefused = true;
                return;
            }
            catch (ServerException)
            {
                OneByOne(connection, job, started);
                return;
            }
        }
    }

    /// <summary>Several statements in one query are one transaction.</summary>
    private static void AtOnce(PostgresConnection connection, PostgresJob job)
    {
        DumpStatement first = job.Statements[0];
        // On a line of its own: a comment may stand behind the statement.
        byte[] note = System.Text.Encoding.ASCII.GetBytes("\n;" + job.Note);
        if (first.Kind == StatementKind.Copy)
            connection.Copy(PostgresSql.Join(first.Text, note), first.CopyLines);
        else if (job.Statements.Count == 1)
            connection.Query(first.Text.Span, note);
        else
            connection.Query(PostgresSql.Join([.. job.Statements.SelectMany(statement => new object[] { statement.Text, "\n;" }), job.Note]));
    }

    /// <summary>What it is must be known before it can be noted, so here the transaction is several queries.</summary>
    private void InParts(PostgresConnection connection, PostgresJob job, LongRow row, long started)
    {
        DumpStatement first = job.Statements[0];
        try
        {
            connection.Query("BEGIN");
            if (first.Kind == StatementKind.Copy)
                connection.Copy(first.Text.Span, row.Parts());
            else
                InsertLong(connection, row);
            if (row.IsWhole)
            {
                connection.Query(row.Note + "; COMMIT");
                Count(job, 1, row.Bytes, started);
                return;
            }
            connection.Query("ROLLBACK");
        }
        catch (ServerException e)
        {
            connection.Query("ROLLBACK");
            row.Discard();
            // Of a row that the dump has only the beginning of, nothing more need be said.
            if (!row.IsWhole)
                return;
            if (options.OnError == OnError.Stop)
                throw PostgresFailure.Of(first, e);
            report.Skip(PostgresFailure.Describe(first, e));
            connection.Query(row.Note);
        }
    }

    /// <summary>The server wants to know a statement's length before its first byte: it is kept in a file meanwhile.</summary>
    private static void InsertLong(PostgresConnection connection, LongRow row)
    {
        using var kept = new KeptStatement();
        foreach (ReadOnlyMemory<byte> part in row.Parts())
            kept.Add(part.Span);
        if (row.IsWhole)
            connection.Query(kept.Length, kept.Parts());
    }

    /// <summary>Finds the statement or line that the server refuses; with --on-error skip all others are committed.</summary>
    private void OneByOne(PostgresConnection connection, PostgresJob job, long started)
    {
        long rows = 0, bytes = 0;
        connection.Query("BEGIN");
        foreach (DumpStatement statement in job.Statements)
        {
            if (statement.Kind == StatementKind.Copy)
            {
                long copied = CopyAllBut(connection, statement);
                rows += copied;
                bytes += statement.Length * copied / Math.Max(1, statement.Rows);
                continue;
            }
            connection.Query("SAVEPOINT jumpbag");
            try
            {
                connection.Query(statement.Text.Span);
                rows += statement.Rows;
                bytes += statement.Length;
            }
            catch (ServerException e) when (options.OnError == OnError.Skip)
            {
                connection.Query("ROLLBACK TO SAVEPOINT jumpbag");
                report.Skip(PostgresFailure.Describe(statement, e));
            }
            catch (ServerException e)
            {
                throw PostgresFailure.Of(statement, e);
            }
            connection.Query("RELEASE SAVEPOINT jumpbag");
        }
        connection.Query(job.Note);
        connection.Query("COMMIT");
        Count(job, rows, bytes, started);
    }

    /// <summary>The lines of a piece without those that the server refuses; how many went in.</summary>
    private long CopyAllBut(PostgresConnection connection, DumpStatement statement)
    {
        long copied = 0;
        int line = 1, at = 0;
        ReadOnlyMemory<byte> lines = statement.CopyLines;
        while (at < lines.Length)
        {
            if (Try(lines[at..]) is not { } refused)
                return copied + lines.Span[at..].Count((byte)'\n');
            // Its number counts from the first line that was sent; without a number it is about all of them.
            int bad = PostgresFailure.Line(statement, refused);
            if (bad == 0 || !refused.SqlState.StartsWith("22", StringComparison.Ordinal) && !refused.SqlState.StartsWith("23", StringComparison.Ordinal))
            {
                report.Skip(PostgresFailure.Describe(statement, refused));
                return copied;
            }
            int start = at + PostgresFailure.Start(lines.Span[at..], bad), end = at + PostgresFailure.Start(lines.Span[at..], bad + 1);
            if (start > at && Try(lines[at..start]) is { } other)
            {
                report.Skip(PostgresFailure.Describe(statement, other));
                return copied;
            }
            copied += bad - 1;
            report.Skip(PostgresFailure.DescribeLine(statement, line + bad - 1, refused));
            line += bad;
            at = end;
        }
        return copied;

        ServerException? Try(ReadOnlyMemory<byte> some)
        {
            connection.Query("SAVEPOINT jumpbag");
            try
            {
                connection.Copy(statement.Text.Span, some);
                connection.Query("RELEASE SAVEPOINT jumpbag");
                return null;
            }
            catch (ServerException e)
            {
                connection.Query("ROLLBACK TO SAVEPOINT jumpbag; RELEASE SAVEPOINT jumpbag");
                return e;
            }
        }
    }

    private void Count(PostgresJob job, long rows, long bytes, long started)
    {
        if (job.IsBuild)
        {
            job.Table.CountIndex();
            progress.Built(job.Table.Rows + job.Table.RowsBefore, 1, Stopwatch.GetElapsedTime(started));
            return;
        }
        job.Table.Count(rows, bytes);
        progress.Acknowledge(rows, bytes, Stopwatch.GetElapsedTime(started));
    }
}
