using System.Globalization;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>The live tier, asked of real servers: two that replicate, one that lags, one whose primary is gone, one that follows nobody.</summary>
public sealed class LiveProbeTests : IDisposable
{
    private const string Script = """
        export JUMPBAG_STATE="$PWD/state" JUMPBAG_CONFIG="$PWD/jumpbag.toml" LC_ALL=C.UTF-8
        printf '[sources.etc]\npath = ["/etc/hostname"]\n' >jumpbag.toml
        probe() { printf '[copies.%s]\ntier = "live"\nprobe = "%s"\n' "$1" "$2" >>jumpbag.toml; }
        live() { jumpbag backup status --json | python3 -c 'import json,sys; [print(l["copy"], l["healthy"], l.get("lag", "-"), l["message"]) for l in json.load(sys.stdin)["live"]]'; }
        # Until a line is said, at most half a minute.
        until_said() { for _ in $(seq 60); do live >said; grep -q "$1" said && break; sleep 0.5; done; cat said; }
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void a_mariadb_replica_says_whom_it_follows_and_how_far_behind_it_is()
    {
        MariaDbServer.Require();
        using var primary = new MariaDbServer(true, "--log-bin=bin", "--server-id=1");
        using var replica = new MariaDbServer(true, "--server-id=2");
        foreach (MariaDbServer server in new[] { primary, replica })
            server.Query("SET sql_log_bin=0; CREATE USER IF NOT EXISTS root@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION");
        // One that may see the state and no data.
        replica.Query("SET sql_log_bin=0; CREATE USER watch@'127.0.0.1' IDENTIFIED BY 'Geheim'; GRANT REPLICA MONITOR ON *.* TO watch@'127.0.0.1'");
        replica.Query($"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.Port}, MASTER_USER='root', MASTER_USE_GTID=slave_pos; START SLAVE");
        ShellResult result = Run($$"""
            replica() { mariadb {{string.Join(' ', replica.ClientOptions)}} -BNe "$1"; }
            primary() { mariadb {{string.Join(' ', primary.ClientOptions)}} -BNe "$1"; }
            probe standby 'mysql://watch@127.0.0.1:{{replica.Port}}/?max-lag=2s'; echo 'password-command = "echo Geheim"' >>jumpbag.toml
            probe alone 'mariadb://root@127.0.0.1:{{primary.Port}}/'
            probe open 'tcp://127.0.0.1:{{primary.Port}}'
            primary 'CREATE DATABASE d; CREATE TABLE d.t (id INT)'
            until_said 'standby True 0'
            jumpbag backup status | grep '(live)'
            jumpbag backup status --prometheus | grep 'live' | grep -v '^#'
            replica "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=1000; START SLAVE"; primary 'INSERT INTO d.t VALUES (1)'
            until_said '[3-9] s behind; ' | grep -o 'behind; .*'
            replica 'STOP SLAVE SQL_THREAD'; live | head -n 1
            replica 'STOP SLAVE'; live | head -n 1
            jumpbag backup policy --json >policy; echo $?; grep -c 'live' policy
            """);
        string[] lines = (result.Output + result.Errors).Split('\n');
        Assert.Equal(["standby True 0 follows 127.0.0.1, 0 s behind", "alone False - it is no replica: it follows nobody", $"open True - port {primary.Port.ToString(CultureInfo.InvariantCulture)} is open"], lines[..3]);
        Assert.Equal(["standby (live): follows 127.0.0.1, 0 s behind", "alone (live): NOT WELL: it is no replica: it follows nobody", $"open (live): port {primary.Port.ToString(CultureInfo.InvariantCulture)} is open"], lines[3..6]);
        Assert.Equal(["jumpbag_backup_live_healthy{copy=\"standby\"} 1", "jumpbag_backup_live_healthy{copy=\"alone\"} 0", "jumpbag_backup_live_healthy{copy=\"open\"} 1", "jumpbag_backup_live_lag_seconds{copy=\"standby\"} 0"], lines[6..10]);
        Assert.Equal("behind; 2.0 s are allowed", lines[10]);
        Assert.StartsWith("standby False - it applies nothing: ", lines[11], StringComparison.Ordinal);
        Assert.StartsWith("standby False - it applies nothing: ", lines[12], StringComparison.Ordinal);
        Assert.Equal(["1", "1"], lines[13..15]);
        Assert.DoesNotContain("Geheim", result.Output + result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void a_postgresql_standby_does_too_and_one_whose_primary_is_gone_is_not_well()
    {
        PostgresServer.Require();
        Require.Root();
        using var primary = new PostgresServer(false, "wal_level=replica", "max_wal_senders=4");
        string data = Path.Combine(primary.Folder, "standby"), socket = Path.Combine(primary.Folder, "standby-socket");
        string binaries = Path.GetDirectoryName(Shell.Run("bash", "-c", "ls -d /usr/lib/postgresql/*/bin/pg_basebackup | sort -V | tail -1").Trim())!;
        ShellResult result = Run($"""
            as() {"{"} (cd /; setpriv --reuid=postgres --regid=postgres --clear-groups "$@") {"}"}
            as mkdir {socket}
            as {binaries}/pg_basebackup -h {primary.Folder} -p {primary.Port} -U postgres -D {data} -R >/dev/null || exit 9
            as {binaries}/postgres -D {data} -c port={primary.Port} -c unix_socket_directories={socket} -c listen_addresses= -c fsync=off >/dev/null 2>&1 &
            probe standby 'postgres://postgres@localhost:{primary.Port}/postgres?socket={socket}&max-lag=60s'
            probe alone 'postgres://postgres@localhost:{primary.Port}/postgres?socket={primary.Folder}'
            until_said 'standby True'
            as {binaries}/pg_ctl -D {Path.Combine(primary.Folder, "data")} -m immediate stop >/dev/null
            until_said 'standby False'
            as {binaries}/pg_ctl -D {data} -m immediate stop >/dev/null
            """);
        Assert.Matches("""
            ^standby True 0 follows .*, 0 s behind
            alone False - it is no standby: it takes writes itself
            standby False .*it receives nothing \(no receiver\)
            alone False - .*
            $
            """.ReplaceLineEndings("\n"), result.Output + result.Errors + "\n");
    }

    private ShellResult Run(string body) => JumpbagProgram.Bash(folder.Path, Script + "\n" + body);
}
