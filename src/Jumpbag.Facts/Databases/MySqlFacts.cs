using System.Globalization;
using Jumpbag.Databases.Replication;
using Jumpbag.Databases.Servers;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;

namespace Jumpbag.Facts.Databases;

/// <summary>Replication, cluster, connections and long statements of a MariaDB or MySQL server.</summary>
internal sealed class MySqlFacts(ProbeContext context, MySqlConnection server, string name)
{
    public void Report()
    {
        Dictionary<string, string> status = server.Query("SHOW GLOBAL STATUS").Pairs(), settings = server.Query("SHOW GLOBAL VARIABLES").Pairs();
        string writes = settings.GetValueOrDefault("read_only") is "ON" or "1" ? "read-only" : "writable";
        context.Info("server", name, $"{(server.Version.IsMariaDb ? "MariaDB" : "MySQL")} {settings.GetValueOrDefault("version")}, {writes}, up {Since.Span(TimeSpan.FromSeconds(Answers.Number(status.GetValueOrDefault("Uptime")) ?? 0))}",
            $"{name}: SHOW GLOBAL STATUS", moves: true);
        Connections(status, settings);
        Galera(status);
        Replication();
        Statements();
        Locks(status);
    }

    private void Connections(Dictionary<string, string> status, Dictionary<string, string> settings)
    {
        double used = Answers.Number(status.GetValueOrDefault("Threads_connected")) ?? 0, most = Answers.Number(settings.GetValueOrDefault("max_connections")) ?? 0;
        if (most <= 0)
            return;
        FactLevel level = used >= most * 0.98 ? FactLevel.Critical : used >= most * 0.85 ? FactLevel.Warning : FactLevel.Info;
        context.Add(level, "connections", name, $"{used:0} of {most:0} connections in use, {status.GetValueOrDefault("Threads_running") ?? "?"} running", $"{name}: SHOW GLOBAL STATUS",
            level == FactLevel.Info ? null : "SHOW PROCESSLIST; who holds them? SET GLOBAL max_connections=… lets you in", moves: level == FactLevel.Info);
    }

    private void Galera(Dictionary<string, string> status)
    {
        if (status.GetValueOrDefault("wsrep_cluster_status") is not { Length: > 0 } cluster || cluster == "Disconnected" && status.GetValueOrDefault("wsrep_ready") == "OFF" && status.GetValueOrDefault("wsrep_cluster_size") is "0")
            return;
        string state = status.GetValueOrDefault("wsrep_local_state_comment") ?? "?", size = status.GetValueOrDefault("wsrep_cluster_size") ?? "?";
        string value = $"Galera: {FilesExtensions.Shown(cluster)}, {FilesExtensions.Shown(state)}, {FilesExtensions.Shown(size)} nodes";
        if (cluster != "Primary" || status.GetValueOrDefault("wsrep_ready") != "ON")
            context.Critical("cluster", name, value, $"{name}: SHOW STATUS LIKE 'wsrep%'", "this node takes no writes; which part has the majority? never bootstrap two");
        else
            context.Add(state == "Synced" ? FactLevel.Info : FactLevel.Warning, "cluster", name, value, $"{name}: SHOW STATUS LIKE 'wsrep%'", state == "Synced" ? null : "it catches up, or is desynchronised on purpose");
    }

    private void Replication()
    {
        string statement = ReplicaChannel.Statement(server);
        try
        {
            foreach (ReplicaChannel channel in ReplicaChannel.Of(server))
                Channel(channel, statement);
        }
        catch (ServerException e) when (e.IsAccessDenied || e.Code == 1227)
        {
            context.Denied($"{name}: {statement}: {e.Message}");
            return;
        }
        double replicas = server.Query("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'").Scalar is { } count ? Answers.Number(count) ?? 0 : 0;
        if (replicas > 0)
            context.Info("replicas", name, $"{replicas:0} replicas read its binary log", $"{name}: PROCESSLIST");
    }

    private void Channel(ReplicaChannel channel, string statement)
    {
        string subject = channel.Name is null ? name : $"{name} {FilesExtensions.Shown(channel.Name)}";
        string from = FilesExtensions.Shown(channel.From), source = $"{name}: {statement}";
        double? lag = channel.Lag;
        if (!channel.Applies)
            context.Critical("replication", subject, $"replica of {from} stands still: {(channel.SqlError is null ? "its SQL thread is stopped" : FilesExtensions.Shown(channel.SqlError))}", source,
                "don't skip before you know why: is the data different here? who wrote to the replica?");
        else if (!channel.Receives)
            context.Critical("replication", subject, $"replica of {from} gets nothing ({FilesExtensions.Shown(channel.Io)}): {(channel.IoError is null ? "its IO thread is stopped" : FilesExtensions.Shown(channel.IoError))}", source,
                "is the primary up and reachable, has it still the binary log?");
        else
            context.Add(lag is null or > 300 ? FactLevel.Critical : lag > 30 ? FactLevel.Warning : FactLevel.Info, "replication", subject,
                lag is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"replica of {from}, {seconds:0} s behind") : $"replica of {from}, how far behind is not known", source,
                lag > 30 ? "what does it apply? SHOW PROCESSLIST; no new primary from it until it has caught up" : null, moves: lag <= 30);
    }

    private void Statements()
    {
        const int Long = 300;
        Dictionary<string, string?>[] rows = [.. server.Query($"SELECT ID, USER, DB, TIME, STATE, LEFT(INFO, 120) AS INFO FROM information_schema.PROCESSLIST WHERE COMMAND NOT IN ('Sleep', 'Daemon', 'Binlog Dump', 'Binlog Dump GTID', 'Slave_IO', 'Slave_SQL', 'Slave_worker', 'Connect') AND TIME > {Long} ORDER BY TIME DESC LIMIT 20").Rows()];
        if (rows is [var oldest, ..])
            context.Warning("statement", name, $"{rows.Length} statements run for more than {Long / 60} min; the longest {Since.Span(TimeSpan.FromSeconds(Answers.Number(oldest["TIME"]) ?? 0))}: {FilesExtensions.Shown(oldest["INFO"] ?? "?")}",
                $"{name}: PROCESSLIST", $"KILL QUERY {oldest["ID"]} ends it, and rolls back");
        Dictionary<string, string?>[] waiting = [.. server.Query("SELECT ID, TIME, STATE FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for % lock' AND TIME > 10 ORDER BY TIME DESC LIMIT 100").Rows()];
        if (waiting.Length > 0)
            context.Warning("locks", name, $"{waiting.Length} sessions wait for a lock, the longest {Since.Span(TimeSpan.FromSeconds(Answers.Number(waiting[0]["TIME"]) ?? 0))} ({waiting[0]["STATE"]})", $"{name}: PROCESSLIST",
                "who holds it: SELECT * FROM information_schema.INNODB_TRX ORDER BY trx_started");
    }

    private void Locks(Dictionary<string, string> status)
    {
        if (Answers.Number(status.GetValueOrDefault("Innodb_row_lock_current_waits")) is > 10 and var waits)
            context.Warning("rowLocks", name, $"{waits:0} transactions wait for row locks", $"{name}: SHOW GLOBAL STATUS", "SELECT * FROM information_schema.INNODB_TRX ORDER BY trx_started");
    }
}
