using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Servers;
using Jumpbag.Incident.Journal;

namespace Jumpbag.IncidentStore;

/// <summary>One short session: a transaction that reads, or one that locks a journal, reads it, and adds to it.</summary>
internal sealed class PostgresStoreSession(PostgresConnection connection, StoreDeadline deadline) : IStoreSession
{
    private bool isBegun;

    public IReadOnlyList<StoredJournal> Journals() => deadline.Guard(() =>
        Ask(Begin("READ ONLY"), "SELECT '', format::text, 0 FROM jumpbag.store UNION ALL SELECT journal, line, (SELECT max(number) FROM jumpbag.event AS all_of WHERE all_of.journal = event.journal) "
            + "FROM jumpbag.event WHERE number = 1 ORDER BY 1; COMMIT", 1)
        .Select(row => new StoredJournal(Encoding.UTF8.GetString(row[0]!), EntryLine.Parse(row[1]), Number(row[2]!))).ToArray());

    public IReadOnlyList<StoredLine> Read(string journal, long from) => deadline.Guard(() => Lines(Begin("READ ONLY"), journal, from, "; COMMIT"));

    public IReadOnlyList<StoredLine> Lock(string journal, long from) => deadline.Guard(() =>
    {
        // Held to the end of the transaction, so the order of the numbers is that in which they can be seen. Each statement behind it sees
        // what was there when it began: with the lock.
        StoredLine[] lines = Lines(Begin("READ WRITE") + $"SELECT pg_advisory_xact_lock({LockOf(journal)}); ", journal, from, "");
        isBegun = true;
        return lines;
    });

    public void Commit(string journal, long number, IReadOnlyList<Entry> entries) => deadline.Guard(() =>
    {
        if (!isBegun)
            Ask(Begin("READ WRITE"), "SELECT '', format::text FROM jumpbag.store", 1);
        var sql = new StringBuilder("INSERT INTO jumpbag.event (journal, number, hash, line) VALUES ");
        for (int i = 0; i < entries.Count; i++)
            sql.Append(CultureInfo.InvariantCulture, $"{(i > 0 ? ", " : "")}('{Hash(journal)}', {number + i}, '{Hash(entries[i].Hash)}', {Literal(Encoding.UTF8.GetString(entries[i].Line.Span))})");
        sql.Append(CultureInfo.InvariantCulture, $"; SELECT pg_notify('{StoreSchema.Channel}', '{Hash(journal)}'); COMMIT");
        // A transaction that failed is rolled back by COMMIT without an error; the server skips it here after the first error.
        return connection.Query(sql.ToString());
    });

    public void Dispose()
    {
        deadline.Dispose();
        connection.Dispose();
    }

    /// <summary>
    /// What people have set for the role or database must neither slow this down nor alter what is stored. Whoever is stopped while he holds the lock
    /// loses it. What is acknowledged is on the server's disk; replicas are not waited for unless they are by default.
    /// </summary>
    private string Begin(string mode) => string.Create(CultureInfo.InvariantCulture, $"""
        BEGIN ISOLATION LEVEL READ COMMITTED {mode}; SET LOCAL client_encoding = 'UTF8'; SET LOCAL search_path = pg_catalog; SET LOCAL statement_timeout = {deadline.Left}; SET LOCAL lock_timeout = {deadline.Left};
        SET LOCAL idle_in_transaction_session_timeout = 5000; SELECT set_config('synchronous_commit', 'local', true) WHERE current_setting('synchronous_commit') = 'off'; 
        """);

    private StoredLine[] Lines(string begin, string journal, long from, string end) =>
        [.. Ask(begin, string.Create(CultureInfo.InvariantCulture, $"SELECT 0, format::text FROM jumpbag.store UNION ALL SELECT number, line FROM jumpbag.event WHERE journal = '{Hash(journal)}' AND number >= {from} ORDER BY 1{end}"), 1)
            .Select(row => new StoredLine(Number(row[0]!), row[1]))];

    /// <summary>The rows behind the first, which tells the format.</summary>
    /// <param name="column">In which that stands.</param>
    private IEnumerable<byte[]?[]> Ask(string begin, string query, int column)
    {
        QueryResult result;
        try
        {
            result = connection.Query(begin + query);
        }
        catch (ServerException e) when (StoreSchema.IsMissing(e))
        {
            connection.Query("ROLLBACK");
            StoreSchema.Make(connection);
            result = connection.Query(begin + query);
        }
        string format = result.Rows.Count > 0 && result.Rows[0][column] is { } text ? Encoding.UTF8.GetString(text) : "unknown";
        return format == StoreSchema.Format ? result.Rows.Skip(1)
            : throw new UnsupportedException($"the store's format is {format}, and this version knows {StoreSchema.Format}", "use the version that made it, or a newer one");
    }

    private static long Number(byte[] text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : throw new FailedException("the server's answer is no number");

    /// <summary>From the hash, so that two journals hardly ever wait for each other.</summary>
    private static long LockOf(string journal) => long.Parse(Hash(journal).AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static string Hash(string text) => text.Length == EntryLine.Genesis.Length && text.All(char.IsAsciiHexDigitLower) ? text : throw new FailedException("no hash of a journal");

    /// <summary>In a form that means the same whatever standard_conforming_strings is.</summary>
    private static string Literal(string text) => $"E'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
}
