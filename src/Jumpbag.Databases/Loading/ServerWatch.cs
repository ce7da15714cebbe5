using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>Asks a server, on a connection of its own that is made when it is first needed, what other connections wait for, and for whom.</summary>
internal sealed class ServerWatch(ServerAddress address) : IDisposable
{
    private const string OfRowsMariaDb = """
        SELECT DISTINCT b.trx_mysql_thread_id, p.USER, p.COMMAND, p.TIME FROM information_schema.INNODB_LOCK_WAITS w
        JOIN information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id
        LEFT JOIN information_schema.PROCESSLIST p ON p.ID = b.trx_mysql_thread_id WHERE r.trx_mysql_thread_id IN
        """;

    private const string OfRowsMySql = """
        SELECT DISTINCT w.blocking_pid, p.USER, p.COMMAND, p.TIME FROM sys.innodb_lock_waits w
        LEFT JOIN information_schema.PROCESSLIST p ON p.ID = w.blocking_pid WHERE w.waiting_pid IN
        """;

    /// <summary>Gives rows only where performance_schema is on (of MariaDB it seldom is).</summary>
    private const string OfTables = """
        SELECT DISTINCT h.PROCESSLIST_ID, h.PROCESSLIST_USER, h.PROCESSLIST_COMMAND, h.PROCESSLIST_TIME FROM performance_schema.metadata_locks w
        JOIN performance_schema.threads wt ON wt.THREAD_ID = w.OWNER_THREAD_ID
        JOIN performance_schema.metadata_locks g ON g.OBJECT_TYPE = w.OBJECT_TYPE AND g.OBJECT_SCHEMA <=> w.OBJECT_SCHEMA AND g.OBJECT_NAME <=> w.OBJECT_NAME
          AND g.LOCK_STATUS = 'GRANTED' AND g.OWNER_THREAD_ID <> w.OWNER_THREAD_ID
        JOIN performance_schema.threads h ON h.THREAD_ID = g.OWNER_THREAD_ID WHERE w.LOCK_STATUS = 'PENDING' AND wt.PROCESSLIST_ID IN
        """;

    private MySqlConnection? connection;

    /// <summary>In the server's words, "Waiting for table metadata lock"; and who holds what they wait for: "waits for a lock that process 42 (anna, Sleep, 12 s) holds". Empty where it does not say.</summary>
    public IReadOnlyList<string> Ask(IEnumerable<long> connections)
    {
        try
        {
            connection ??= MySqlConnection.Connect(address);
            string among = $" ({string.Join(',', connections)})";
            string[] states = [.. connection.Query($"SELECT STATE FROM information_schema.PROCESSLIST WHERE ID IN{among} AND COMMAND <> 'Sleep' AND STATE <> ''")
                .Rows.Select(row => new ByteString(row[0] ?? []).ToString()).Where(state => state.Length > 0)];
            return states.Length == 0 ? states : [.. states, .. Holders(connection, connection.Version.IsMariaDb ? OfRowsMariaDb : OfRowsMySql, among), .. Holders(connection, OfTables, among)];
        }
        catch (JumpbagException)
        {
            // Only a look: if the server is gone, the load itself says so.
            Dispose();
            return [];
        }
    }

    public void Dispose()
    {
        connection?.Dispose();
        connection = null;
    }

    private static IEnumerable<string> Holders(MySqlConnection connection, string query, string among)
    {
        try
        {
            return [.. connection.Query(query + among).Rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"waits for a lock that process {Text(row[0])} ({Text(row[1])}, {Text(row[2])}, {Text(row[3])} s) holds"))];
        }
        catch (ServerException)
        {
            // Not every version has these tables, nor every account the right to look.
            return [];
        }
    }

    private static string Text(byte[]? value) => value is null ? "?" : new ByteString(value).ToString();
}
