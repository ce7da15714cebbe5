using System.Text.Json;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Facts;

/// <summary>State of real servers: replication that stands still, slots that nobody reads, transactions that hold things up.</summary>
public sealed class ServerFactsTests
{
    [Fact]
    public void a_replica_that_stands_still_is_critical_and_its_server_is_found_by_itself()
    {
        MariaDbServer.Require();
        using var server = new MariaDbServer(false, "--log-bin", "--server-id=2");
        using var folder = new TemporaryFolder();
        server.Query("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='repl', MASTER_PASSWORD='hunter2'");
        (ShellResult result, JsonElement[] lines) = FactsProgram.Run(folder.Path, "--only databases");
        Assert.True(result.Status == 0, result.Errors);
        JsonElement[] facts = [.. lines.Where(line => line.Text("subject").StartsWith(server.Socket, StringComparison.Ordinal))];
        JsonElement replication = Assert.Single(facts, fact => fact.Text("name") == "replication");
        Assert.Equal(("critical", "replica of 127.0.0.1 stands still: its SQL thread is stopped"), (replication.Text("level"), replication.Text("value")));
        Assert.StartsWith($"MariaDB {server.Query("SELECT @@version").Trim()}, writable", Assert.Single(facts, fact => fact.Text("name") == "server").Text("value"), StringComparison.Ordinal);
        Assert.Equal("info", Assert.Single(facts, fact => fact.Text("name") == "connections").Text("level"));

        server.Query("START SLAVE SQL_THREAD");
        (_, lines) = FactsProgram.Run(folder.Path, "--only databases");
        Assert.StartsWith("replica of 127.0.0.1 gets nothing (No)", lines.Facts("databases", "replication").Single(fact => fact.Text("subject") == server.Socket).Text("value"), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void a_server_without_free_connections_is_critical()
    {
        MariaDbServer.Require();
        using var server = new MariaDbServer(false, "--max-connections=10", "--extra-max-connections=1");
        using var folder = new TemporaryFolder();
        ShellResult result = JumpbagProgram.Bash(folder.Path, $"for i in $(seq 12); do mariadb {string.Join(' ', server.ClientOptions)} -e 'DO SLEEP(20)' >/dev/null 2>&1 & done; sleep 1; JUMPBAG_STATE=$PWD/state jumpbag facts --json --only databases; kill $(jobs -p)");
        JsonElement fact = result.Output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement).Single(line => line.Text("name") == "connections" && line.Text("subject") == server.Socket);
        Assert.Equal("critical", fact.Text("level"));
    }

    [Fact]
    public void an_old_transaction_a_lock_and_failing_archiving_are_told()
    {
        PostgresServer.Require();
        using var server = new PostgresServer(false, "archive_mode=on", "archive_command=false", "wal_level=replica");
        using var folder = new TemporaryFolder();
        server.Query("CREATE TABLE t(a int); SELECT pg_create_physical_replication_slot('nobody', true); INSERT INTO t SELECT generate_series(1, 1000); SELECT pg_switch_wal();");
        string options = string.Join(' ', server.ClientOptions);
        ShellResult result = JumpbagProgram.Bash(folder.Path, $"""
            (echo 'BEGIN; LOCK TABLE t;'; sleep 30) | psql {options} -Xq postgres >/dev/null 2>&1 &
            sleep 1; psql {options} -Xqc 'SELECT * FROM t' postgres >/dev/null 2>&1 &
            for i in $(seq 100); do [ "$(psql {options} -XAtc 'SELECT failed_count > 0 FROM pg_stat_archiver' postgres)" = t ] && break; sleep 0.2; done
            sleep 10; JUMPBAG_STATE=$PWD/state jumpbag facts --json --only databases; kill $(jobs -p)
            """);
        JsonElement[] facts = [.. result.Output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.Text("subject").Contains(server.Folder, StringComparison.Ordinal))];
        Assert.Contains(", primary, up ", Assert.Single(facts, fact => fact.Text("name") == "server").Text("value"), StringComparison.Ordinal);
        Assert.Equal("critical", Assert.Single(facts, fact => fact.Text("name") == "archiving").Text("level"));
        Assert.StartsWith("1 sessions wait for a lock; session ", Assert.Single(facts, fact => fact.Text("name") == "locks").Text("value"), StringComparison.Ordinal);
        Assert.StartsWith("nobody reads it, keeps ", Assert.Single(facts, fact => fact.Text("name") == "slot").Text("value"), StringComparison.Ordinal);
    }

    [Fact]
    public void a_standby_says_whom_it_follows_and_one_whose_primary_is_gone_is_critical()
    {
        PostgresServer.Require();
        Require.Root();
        using var folder = new TemporaryFolder();
        using var primary = new PostgresServer(false, "wal_level=replica", "max_wal_senders=4");
        string data = Path.Combine(primary.Folder, "standby"), socket = Path.Combine(primary.Folder, "standby-socket");
        string binaries = Path.GetDirectoryName(Shell.Run("bash", "-c", "ls -d /usr/lib/postgresql/*/bin/pg_basebackup | sort -V | tail -1").Trim())!;
        ShellResult result = JumpbagProgram.Bash(folder.Path, $"""
            as() {"{"} setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; {"}"}
            as mkdir {socket}; cd /
            as {binaries}/pg_basebackup -h {primary.Folder} -p {primary.Port} -U postgres -D {data} -R >/dev/null || exit 9
            as {binaries}/postgres -D {data} -c port={primary.Port} -c unix_socket_directories={socket} -c listen_addresses= -c fsync=off >/dev/null 2>&1 &
            for i in $(seq 100); do [ "$(psql -h {socket} -p {primary.Port} -U postgres -XAtc "SELECT status FROM pg_stat_wal_receiver" postgres 2>/dev/null)" = streaming ] && break; sleep 0.2; done
            export JUMPBAG_STATE={folder.Path}/state
            jumpbag facts --json --only databases
            as {binaries}/pg_ctl -D {Path.Combine(primary.Folder, "data")} -m immediate stop >/dev/null
            for i in $(seq 50); do [ -z "$(psql -h {socket} -p {primary.Port} -U postgres -XAtc "SELECT status FROM pg_stat_wal_receiver" postgres)" ] && break; sleep 0.2; done
            echo --; jumpbag facts --json --only databases
            as {binaries}/pg_ctl -D {data} -m immediate stop >/dev/null
            """);
        Assert.NotEqual(9, result.Status);
        string[] runs = result.Output.Split("--\n");
        Assert.True(runs.Length == 2, result.Output + result.Errors);
        JsonElement replication = Find(runs[0], "replication", socket);
        Assert.Contains("standby of ", replication.Text("value"), StringComparison.Ordinal);
        Assert.Equal("info", replication.Text("level"));
        Assert.StartsWith("streaming, async, ", Find(runs[0], "standby", primary.Folder).Text("value"), StringComparison.Ordinal);
        JsonElement alone = Find(runs[1], "replication", socket);
        Assert.Equal("critical", alone.Text("level"));
        Assert.StartsWith("standby that receives nothing", alone.Text("value"), StringComparison.Ordinal);

        static JsonElement Find(string output, string name, string where) =>
            output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement).Single(line => line.Text("name") == name && line.Text("subject").StartsWith(where + "/", StringComparison.Ordinal));
    }
}
