using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Replication;

/// <summary>What a server says of itself as a replica.</summary>
/// <param name="From">Whom it follows; null where it follows nobody.</param>
/// <param name="Lag">Seconds behind; null where nobody knows.</param>
/// <param name="Problem">Why it does not follow; null where it does.</param>
public sealed record ReplicaState(string? From, double? Lag, string? Problem)
{
    private static readonly Version NewWords = new(8, 0, 22);

    /// <summary>Of several channels the worst one.</summary>
    public static ReplicaState Of(MySqlConnection server)
    {
        string statement = server.Version.IsMariaDb ? "SHOW ALL SLAVES STATUS" : server.Version.Number >= NewWords ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";
        ReplicaState? worst = null;
        foreach (Dictionary<string, string?> row in server.Query(statement).Rows())
        {
            string from = row.First("Source_Host", "Master_Host") ?? "?", io = row.First("Replica_IO_Running", "Slave_IO_Running") ?? "?";
            double? lag = Answers.Number(row.First("Seconds_Behind_Source", "Seconds_Behind_Master"));
            string? problem = row.First("Replica_SQL_Running", "Slave_SQL_Running") != "Yes" ? $"it applies nothing: {row.First("Last_SQL_Error") ?? "its SQL thread is stopped"}"
                : io != "Yes" ? $"it receives nothing ({io}): {row.First("Last_IO_Error") ?? "its IO thread is stopped"}"
                : null;
            if (worst is null || (worst.Problem is null && (problem is not null || lag is null || lag > worst.Lag)))
                worst = new(from, lag, problem);
        }
        return worst ?? new(null, null, "it is no replica: it follows nobody");
    }

    public static ReplicaState Of(PostgresConnection server)
    {
        Dictionary<string, string?> row = server.Query("""
            SELECT pg_is_in_recovery() AS standby, (SELECT status FROM pg_stat_wal_receiver LIMIT 1) AS receiver, (SELECT sender_host FROM pg_stat_wal_receiver LIMIT 1) AS sender,
              CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() END AS equal,
              CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp())::bigint END AS lag,
              CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS paused
            """).Rows().First();
        if (row["standby"] != "t")
            return new(null, null, "it is no standby: it takes writes itself");
        // Where all that came is replayed, the age of the last transaction says only how long nobody wrote.
        double? lag = row["equal"] == "t" ? 0 : Answers.Number(row["lag"]);
        string? problem = row["paused"] == "t" ? "its replay is paused" : row["receiver"] != "streaming" ? $"it receives nothing ({row["receiver"] ?? "no receiver"})" : null;
        return new(row["sender"] ?? "its primary", lag, problem);
    }
}
