using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>The connection on which definitions run in the order of the dump, each committed with its line in the ledger.</summary>
internal sealed class PostgresMain(PostgresConnection connection, PostgresLedger ledger, LoadOptions options, LoadReport report) : IDisposable
{
    private const string RolesThere = "CREATE ROLE and ALTER ROLE of roles that the server has";

    /// <summary>BEGIN of the dump's own transaction: large objects come in such.</summary>
    private DumpStatement? transaction;

    private readonly HashSet<ByteString> rolesThere = [];

    /// <summary>That transaction was committed by an earlier run.</summary>
    private bool isSkipping;

    public PostgresConnection Connection => connection;

    public PostgresLedger Ledger => ledger;

    public PostgresSession Session { get; private set; } = PostgresSession.Empty;

    public bool IsInTransaction => transaction is not null;

    public void Dispose() => connection.Dispose();

    public void Set(DumpStatement statement)
    {
        ReadOnlySpan<byte> sql = statement.Text.Span;
        try
        {
            Guarded(sql);
            if (!PostgresSession.IsLocal(sql))
                Session = Session.With(sql);
        }
        catch (ServerException e) when (e.SqlState == "42704" && !IsInTransaction && PostgresSession.Variable(sql) is not ("session authorization" or "role"))
        {
            report.LeaveOut($"SET {PostgresSession.Variable(sql)}: this server doesn't know it");
        }
        catch (ServerException e)
        {
            Refuse(statement, e);
        }
    }

    public void Begin(DumpStatement statement)
    {
        transaction = statement;
        isSkipping = ledger.IsDone(statement);
        if (!isSkipping)
            connection.Query(statement.Text.Span);
    }

    public void Commit(DumpStatement statement)
    {
        if (transaction is { } begun && !isSkipping)
        {
            try
            {
                connection.Query(ledger.Note(begun));
                connection.Query(statement.Text.Span);
            }
            catch (ServerException e)
            {
                throw PostgresFailure.Of(statement, e);
            }
        }
        transaction?.Release?.Invoke();
        transaction = null;
        isSkipping = false;
    }

    /// <summary>As <see cref="Run"/>, also where an earlier run has done it: a crash of the server may have undone it.</summary>
    public void RunAgain(DumpStatement statement)
    {
        try
        {
            connection.Query(statement.Text.Span);
        }
        catch (ServerException e)
        {
            Refuse(statement, e);
        }
    }

    /// <summary>Runs what is only a part of a statement, which <see cref="PostgresLedger.Confirm"/> is to end; false where it was refused and the load goes on.</summary>
    public bool Announce(DumpStatement statement, ReadOnlySpan<byte> sql)
    {
        try
        {
            connection.Query(sql, Encoding.ASCII.GetBytes("\n;" + ledger.Announce(statement)));
            return true;
        }
        catch (ServerException e)
        {
            Refuse(statement, e);
            return false;
        }
    }

    /// <param name="before">What is to be done first, in the same transaction; or null.</param>
    /// <returns>Whether it is done; false where the server refused it and the load does without.</returns>
    public bool Run(DumpStatement statement, byte[]? before = null)
    {
        if (IsInTransaction)
            return RunWithin(statement, before);
        if (ledger.IsDone(statement))
            return true;
        if (statement.Kind == StatementKind.Account && rolesThere.Count > 0 && Subject.Of(statement.Text.Span) is { Verb: "ALTER", Type: "ROLE", Name: { } role } && rolesThere.Contains(role.Name))
        {
            report.LeaveOut(RolesThere);
            return false;
        }
        try
        {
            if (ledger.IsAnnounced(statement))
                return RunAlone(statement);
            byte[] note = Encoding.ASCII.GetBytes("\n;" + ledger.Note(statement));
            if (before is not null)
                connection.Query(PostgresSql.Join(before, ";\n", statement.Text, note));
            else
                connection.Query(statement.Text.Span, note);
            return true;
        }
        catch (ServerException e) when (e.SqlState == "25001")
        {
            // It cannot run in a transaction; nothing of it was done.
            connection.Query(ledger.Announce(statement));
            return RunAlone(statement);
        }
        catch (ServerException e)
        {
            Refuse(statement, e);
            return false;
        }
    }

    private bool RunWithin(DumpStatement statement, byte[]? before)
    {
        if (isSkipping)
            return true;
        bool done = true;
        try
        {
            if (before is not null)
                connection.Query(before);
            if (statement.Kind == StatementKind.Copy)
                connection.Copy(statement.Text.Span, statement.CopyLines);
            else
                Guarded(statement.Text.Span);
        }
        catch (ServerException e)
        {
            Refuse(statement, e);
            done = false;
        }
        if (connection.TransactionStatus == 'I')
            transaction = null;
        return done;
    }

    /// <summary>In the dump's own transaction, a refused statement that is passed over must not end all of it.</summary>
    private void Guarded(ReadOnlySpan<byte> sql)
    {
        if (!IsInTransaction || options.OnError == OnError.Stop || isSkipping)
        {
            connection.Query(sql);
            return;
        }
        connection.Query("SAVEPOINT jumpbag");
        try
        {
            connection.Query(sql);
            if (connection.TransactionStatus == 'T')
                connection.Query("RELEASE SAVEPOINT jumpbag");
        }
        catch (ServerException)
        {
            connection.Query("ROLLBACK TO SAVEPOINT jumpbag");
            throw;
        }
    }

    private bool RunAlone(DumpStatement statement)
    {
        try
        {
            connection.Query(statement.Text.Span);
        }
        catch (ServerException e) when (ledger.IsAnnounced(statement) && e.SqlState is "42P04" or "42710" or "3D000" or "42704")
        {
            // The run that announced it had done it when it was broken off.
        }
        catch (ServerException e)
        {
            Refuse(statement, e);
            return false;
        }
        connection.Query(ledger.Confirm(statement));
        return true;
    }

    /// <summary>The rules for what the server refuses and a load can do without; else it ends, or is passed over.</summary>
    private void Refuse(DumpStatement statement, ServerException e)
    {
        Subject subject = Subject.Of(statement.Text.Span);
        if (subject is { Verb: "CREATE", Type: "ROLE" } && e.SqlState == "42710")
        {
            rolesThere.Add(subject.Name?.Name ?? default);
            report.LeaveOut(RolesThere);
        }
        else if (subject is { Verb: "CREATE", Type: "DATABASE" } && e.SqlState == "42P04" && options.Replace)
            report.LeaveOut("CREATE DATABASE of databases that are there: what the dump has in them is replaced");
        else if (subject is { Verb: "CREATE", Type: "DATABASE" } && e.SqlState == "42P04" && options.Tables.Count > 0)
            report.LeaveOut("CREATE DATABASE of databases that are there");
        else if (subject is { Verb: "CREATE", Type: "TABLESPACE" } && e.SqlState == "42710")
            report.LeaveOut("CREATE TABLESPACE of tablespaces that the server has");
        else if (statement.Kind == StatementKind.Account && e.SqlState == "42704")
            report.LeaveOut($"owners and privileges: {e.Message[(e.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..]}");
        else if (subject is { Verb: "COMMENT", Type: "EXTENSION" } && e.SqlState == "42501")
            report.LeaveOut("COMMENT ON EXTENSION of extensions that belong to another account");
        else if (statement.Kind == StatementKind.AddForeignKey && e.SqlState == "42P01" && options.Tables.Count + options.Exclude.Count + options.Databases.Count > 0)
            report.LeaveOut("foreign keys to tables that are not loaded");
        else if (options.OnError == OnError.Stop)
            throw PostgresFailure.Of(statement, e);
        else
            report.Skip(PostgresFailure.Describe(statement, e));
    }
}
