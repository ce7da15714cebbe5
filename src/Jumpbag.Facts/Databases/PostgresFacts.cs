using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Databases.Replication;
using Jumpbag.Databases.Servers;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;

namespace Jumpbag.Facts.Databases;

/// <summary>Replication, slots, archiving, connections and what holds up a PostgreSQL server.</summary>
internal sealed class PostgresFacts(ProbeContext context, PostgresConnection server, string name)
{
    private const int WrapAround = 2_000_000_000, NearWrapAround = 1_500_000_000;

    public void Report()
    {
        Dictionary<string, string?> state = One("""
            SELECT pg_is_in_recovery() AS standby, current_setting('server_version') AS version, current_setting('max_connections') AS most,
              extract(epoch FROM now() - pg_postmaster_start_time())::bigint AS up,
              (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
              (SELECT max(age(datfrozenxid)) FROM pg_database) AS age
            """);
        bool standby = state["standby"] == "t";
        context.Info("server", name, $"PostgreSQL {state["version"]}, {(standby ? "standby" : "primary")}, up {Since.Span(TimeSpan.FromSeconds(Answers.Number(state["up"]) ?? 0))}", $"{name}: pg_is_in_recovery()", moves: true);
        Connections(Answers.Number(state["used"]) ?? 0, Answers.Number(state["most"]) ?? 0);
        if (Answers.Number(state["age"]) is > NearWrapAround and var age)
            context.Critical("wraparound", name, $"the oldest transaction is {age:0} old; at {WrapAround} the server takes no more writes", $"{name}: pg_database.datfrozenxid", "what holds vacuum up: old transactions, slots, prepared transactions; then VACUUM FREEZE");
        if (standby)
            Standby();
        else
            Primary();
        Slots(standby);
        Sessions();
        Archiving();
    }

    private void Connections(double used, double most)
    {
        if (most <= 0)
            return;
        FactLevel level = used >= most * 0.97 ? FactLevel.Critical : used >= most * 0.85 ? FactLevel.Warning : FactLevel.Info;
        context.Add(level, "connections", name, $"{used:0} of {most:0} connections in use", $"{name}: pg_stat_activity", level == FactLevel.Info ? null : "SELECT state, count(*) FROM pg_stat_activity GROUP BY 1; idle ones of which application?", moves: level == FactLevel.Info);
    }

    private void Standby()
    {
        var state = StandbyState.Of(server);
        string source = $"{name}: pg_stat_wal_receiver, pg_last_xact_replay_timestamp()", from = FilesExtensions.Shown(state.Sender ?? "its primary");
        string behind = state.HasReplayedAll ? "all that came is replayed" : state.Lag is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s behind") : "how far behind is not known";
        if (state.IsPaused)
            context.Critical("replication", name, $"replay is paused, {behind}", source, "SELECT pg_wal_replay_resume(); who paused it, and why?");
        else if (!state.Receives)
            context.Critical("replication", name, $"standby that receives nothing ({state.Receiver ?? "no receiver"}), {behind}", source, "is the primary up, is its slot or WAL still there? the server's log says which");
        else
            context.Add(state.Lag > 300 ? FactLevel.Critical : state.Lag > 30 ? FactLevel.Warning : FactLevel.Info, "replication", name, $"standby of {from}, {behind}", source,
                state.Lag > 30 ? "what holds replay up: a long query here? the disk? pg_stat_activity" : null, moves: true);
    }

    private void Primary()
    {
        foreach (Dictionary<string, string?> row in server.Query("""
            SELECT coalesce(nullif(application_name, ''), client_addr::text, pid::text) AS who, state, sync_state,
              pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint AS bytes, extract(epoch FROM replay_lag)::bigint AS lag FROM pg_stat_replication
            """).Rows())
        {
            double bytes = Answers.Number(row["bytes"]) ?? 0, lag = Answers.Number(row["lag"]) ?? 0;
            FactLevel level = lag > 300 || bytes > 4L << 30 ? FactLevel.Critical : lag > 30 || bytes > 256 << 20 || row["state"] != "streaming" ? FactLevel.Warning : FactLevel.Info;
            context.Add(level, "standby", $"{name} {FilesExtensions.Shown(row["who"] ?? "?")}", string.Create(CultureInfo.InvariantCulture, $"{row["state"]}, {row["sync_state"]}, {ByteSize.Format((long)bytes)} and {lag:0} s behind"),
                $"{name}: pg_stat_replication", level == FactLevel.Info ? null : "network or disk of the standby? commits wait where it is synchronous", moves: level == FactLevel.Info);
        }
    }

    private void Slots(bool standby)
    {
        string position = standby ? "pg_last_wal_replay_lsn()" : "pg_current_wal_lsn()";
        foreach (Dictionary<string, string?> row in server.Query($"SELECT slot_name, active, pg_wal_lsn_diff({position}, restart_lsn)::bigint AS kept FROM pg_replication_slots").Rows())
        {
            double kept = Answers.Number(row["kept"]) ?? 0;
            bool active = row["active"] == "t";
            FactLevel level = kept > 10L << 30 ? FactLevel.Critical : !active && kept > 256 << 20 ? FactLevel.Warning : FactLevel.Info;
            context.Add(level, "slot", $"{name} {FilesExtensions.Shown(row["slot_name"] ?? "?")}", $"{(active ? "in use" : "nobody reads it")}, keeps {ByteSize.Format((long)kept)} of WAL", $"{name}: pg_replication_slots",
                level == FactLevel.Info ? null : "WAL grows until the disk is full: bring the reader back, or pg_drop_replication_slot", moves: level == FactLevel.Info);
        }
    }

    private void Sessions()
    {
        Dictionary<string, string?>[] idle = [.. server.Query("""
            SELECT pid, usename, extract(epoch FROM now() - xact_start)::bigint AS age, state, left(query, 120) AS query FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start < now() - interval '5 minutes' ORDER BY xact_start LIMIT 50
            """).Rows()];
        if (idle is [var oldest, ..])
            context.Warning("transaction", name, $"{idle.Length} transactions older than 5 min; the oldest {Since.Span(TimeSpan.FromSeconds(Answers.Number(oldest["age"]) ?? 0))}, {oldest["state"]}: {FilesExtensions.Shown(oldest["query"] ?? "?")}",
                $"{name}: pg_stat_activity", $"SELECT pg_terminate_backend({oldest["pid"]}) ends it, and rolls back");
        Dictionary<string, string?> blocked = One("""
            SELECT count(*) AS waiting, min(pid) AS pid, (SELECT array_to_string(pg_blocking_pids(min(pid)), ',')) AS by FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND state_change < now() - interval '10 seconds'
            """);
        if (Answers.Number(blocked["waiting"]) is > 0 and var waiting)
            context.Warning("locks", name, $"{waiting:0} sessions wait for a lock; session {blocked["pid"]} for {blocked["by"]}", $"{name}: pg_stat_activity, pg_blocking_pids()", $"SELECT * FROM pg_stat_activity WHERE pid IN ({blocked["by"]})");
    }

    private void Archiving()
    {
        Dictionary<string, string?> row = One("SELECT failed_count, last_failed_wal, last_failed_time > coalesce(last_archived_time, '-infinity') AS failing FROM pg_stat_archiver");
        if (row["failing"] == "t")
            context.Critical("archiving", name, $"archiving of WAL fails ({row["failed_count"]} times, last {row["last_failed_wal"]})", $"{name}: pg_stat_archiver", "the disk fills with WAL and backups have a gap: see archive_command and the server's log");
    }

    private Dictionary<string, string?> One(string sql) => server.Query(sql).Rows().FirstOrDefault() ?? throw new FailedException($"{name}: the server answers nothing");
}
