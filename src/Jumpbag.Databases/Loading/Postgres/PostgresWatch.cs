using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>Asks a server, on a connection of its own that is made when it is first needed, how far the load's sessions are and what they wait for.</summary>
internal sealed class PostgresWatch : IDisposable
{
    private const string Builds = """
        SELECT pid, phase, 100.0 * CASE WHEN phase LIKE '%scanning%' THEN blocks_done ELSE tuples_done END
          / NULLIF(CASE WHEN phase LIKE '%scanning%' THEN blocks_total ELSE tuples_total END, 0)
        FROM pg_catalog.pg_stat_progress_create_index WHERE pid IN
        """;

    private const string Copies = """
        SELECT pid, 'COPY has taken ' || pg_catalog.pg_size_pretty(bytes_processed) || ', ' || tuples_processed || ' rows'
        FROM pg_catalog.pg_stat_progress_copy WHERE pid IN
        """;

    private const string Waits = """
        SELECT CASE WHEN a.wait_event_type = 'Lock' THEN 'waits for a lock that ' || coalesce((SELECT pg_catalog.string_agg('process ' || b.pid || coalesce(' (' || nullif(
            pg_catalog.concat_ws(', ', nullif(b.application_name, ''), b.usename, b.state), '') || ')', ''), ', ')
              FROM pg_catalog.pg_stat_activity b WHERE b.pid = ANY (pg_catalog.pg_blocking_pids(a.pid))) || ' holds', 'another holds')
          WHEN a.wait_event IS NULL THEN 'computes' ELSE a.wait_event_type || ' ' || a.wait_event END
        FROM pg_catalog.pg_stat_activity a WHERE a.state LIKE 'active%' AND a.pid IN
        """;

    private readonly Lock gate = new();
    private PostgresConnection? connection;

    /// <param name="sessions">The server's number of each session, with the load's own.</param>
    /// <returns>What they do in the server's words: "waits for a lock that process 4711 (psql, anna, idle in transaction) holds", "IO DataFileRead".</returns>
    public IReadOnlyList<string> Ask(ServerAddress address, IReadOnlyDictionary<long, int> sessions, LoadProgress progress)
    {
        lock (gate)
            return Look(address, sessions, progress);
    }

    public void Dispose()
    {
        lock (gate)
            Close();
    }

    private IReadOnlyList<string> Look(ServerAddress address, IReadOnlyDictionary<long, int> sessions, LoadProgress progress)
    {
        try
        {
            if (connection is null)
            {
                connection = PostgresConnection.Connect(address);
                // Whoever waits for the load to end waits for this look too.
                connection.ReadTimeout = TimeSpan.FromSeconds(3);
            }
            string processes = $" ({string.Join(',', sessions.Keys)})";
            int version = connection.Version.Number.Major;
            foreach (byte[]?[] row in version >= 12 ? connection.Query(Builds + processes).Rows : [])
                if (sessions.TryGetValue(long.Parse(Text(row[0]), CultureInfo.InvariantCulture), out int worker))
                    progress.Report(worker, row[2] is null ? null : double.Parse(Text(row[2]), CultureInfo.InvariantCulture), Text(row[1]));
            return [.. connection.Query(Waits + processes).Rows.Select(row => new ByteString(row[0]!).ToString()),
                .. version >= 14 ? connection.Query(Copies + processes).Rows.Select(row => Text(row[1])) : []];
        }
        catch (JumpbagException)
        {
            // Only a look: if the server is gone, the load itself says so.
            Close();
            return [];
        }
    }

    private void Close()
    {
        connection?.Dispose();
        connection = null;
    }

    private static string Text(byte[]? value) => Encoding.UTF8.GetString(value ?? []);
}
