using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Replication;

/// <summary>What a PostgreSQL server says of itself as a standby.</summary>
/// <param name="IsStandby">Whether it is one; else the rest says nothing.</param>
/// <param name="Receiver">"streaming" where it receives; null where nothing tries to.</param>
/// <param name="Sender">The host that it receives from, where that is told.</param>
/// <param name="HasReplayedAll">Whether all that came is replayed.</param>
/// <param name="Age">Seconds since the last transaction that was replayed: where all is, it says only how long nobody wrote.</param>
public sealed record StandbyState(bool IsStandby, string? Receiver, string? Sender, bool HasReplayedAll, double? Age, bool IsPaused)
{
    /// <summary>Seconds behind; null where nobody knows.</summary>
    public double? Lag => HasReplayedAll ? 0 : Age;

    public bool Receives => Receiver == "streaming";

    public static StandbyState Of(PostgresConnection server)
    {
        Dictionary<string, string?> row = server.Query("""
            SELECT pg_is_in_recovery() AS standby, (SELECT status FROM pg_stat_wal_receiver LIMIT 1) AS receiver, (SELECT sender_host FROM pg_stat_wal_receiver LIMIT 1) AS sender,
              CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() END AS equal,
              CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp())::bigint END AS age,
              CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS paused
            """).Rows().First();
        return new(row["standby"] == "t", row["receiver"], row["sender"], row["equal"] == "t", Answers.Number(row["age"]), row["paused"] == "t");
    }
}
