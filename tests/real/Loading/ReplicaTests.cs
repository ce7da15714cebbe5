using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>A load into a server with a binary log and a real replica.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public void rows_are_held_back_while_a_replica_does_not_follow_and_the_binary_logs_place_is_told()
    {
        MariaDbServer.Require();
        using var primary = new MariaDbServer(true, "--log-bin=bin", "--server-id=1");
        using var replica = new MariaDbServer(true, "--server-id=2", "--report-host=127.0.0.1");
        using var work = new TemporaryFolder();
        foreach (MariaDbServer server in new[] { primary, replica })
            server.Query("SET sql_log_bin=0; CREATE USER IF NOT EXISTS root@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION");
        replica.Query($"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.Port}, MASTER_USER='root', MASTER_USE_GTID=slave_pos; START SLAVE");
        primary.Query("CREATE DATABASE src; USE src; CREATE TABLE src.t (id INT PRIMARY KEY, a VARCHAR(100), KEY by_a (a)) ENGINE=InnoDB; INSERT INTO src.t SELECT seq, REPEAT(MD5(seq), 3) FROM seq_1_to_30000; CREATE DATABASE copy");
        primary.Dump(Path.Combine(work.Path, "dump.sql"), "--master-data=2", "src");
        string url = $"mysql://root@localhost/copy?socket={primary.Socket}";
        ShellResult result = JumpbagProgram.Bash(work.Path, $$"""
            replica() { mariadb {{string.Join(' ', replica.ClientOptions)}} -BNe "$1"; }
            for _ in $(seq 100); do [ "$(replica 'SELECT COUNT(*) FROM src.t' 2>/dev/null)" = 30000 ] && break; sleep 0.1; done
            replica 'STOP SLAVE SQL_THREAD'
            "$BIN" load --progress json --max-replica-lag 1 dump.sql '{{url}}' 2>said & load=$!
            sleep 4; kill -0 $load && echo waits
            mariadb {{string.Join(' ', primary.ClientOptions)}} -BNe 'SELECT COUNT(*) FROM copy.t' 2>/dev/null
            replica 'START SLAVE SQL_THREAD'
            wait $load; echo status $?
            mariadb {{string.Join(' ', primary.ClientOptions)}} -BNe 'SELECT COUNT(*) FROM copy.t'
            grep -o 'replica [^"]* does not replicate' said | head -n 1
            grep -o 'mariadb-binlog --start-position=[0-9]* bin\.[0-9]*' said | tr -d 0-9
            """);
        Assert.Equal($"waits\n0\nstatus 0\n30000\nreplica 127.0.0.1:{replica.Port} does not replicate\nmariadb-binlog --start-position= bin.\n", result.Output);
        for (int i = 0; i < 100 && replica.Query("SELECT COUNT(*) FROM copy.t") != "30000\n"; i++)
            Thread.Sleep(100);
        Assert.Equal("30000\n", replica.Query("SELECT COUNT(*) FROM copy.t"));
        Assert.Equal("", primary.Query("SHOW TABLES FROM copy LIKE 'jumpbag%'"));
    }

    [Fact]
    public void a_replica_that_does_not_register_its_address_is_found_where_it_reads_the_binary_log()
    {
        MariaDbServer.Require();
        using var primary = new MariaDbServer(true, "--log-bin=bin", "--server-id=1");
        using var replica = new MariaDbServer(true, "--server-id=2");
        using var work = new TemporaryFolder();
        primary.Query("CREATE DATABASE copy");
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), "CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB;\nINSERT INTO t VALUES (1),(2);\n");
        string load = $"\"$BIN\" load --progress json --max-replica-lag 1 dump.sql 'mysql://root@localhost/copy?socket={primary.Socket}'";
        ShellResult none = JumpbagProgram.Bash(work.Path, load);
        Assert.Equal(1, none.Status);
        Assert.Contains("jumpbag: this server has no replica\nhint: ", none.Errors, StringComparison.Ordinal);
        primary.Query("SET sql_log_bin=0; CREATE USER IF NOT EXISTS root@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION");
        replica.Query($"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.Port}, MASTER_USER='root', MASTER_USE_GTID=slave_pos; START SLAVE");
        string reads = $"for _ in $(seq 100); do mariadb {string.Join(' ', primary.ClientOptions)} -BNe 'SHOW PROCESSLIST' | grep -q 'Binlog Dump' && break; sleep 0.1; done; ";
        replica.Query("SET sql_log_bin=0; DROP USER IF EXISTS root@'127.0.0.1'");
        ShellResult closed = JumpbagProgram.Bash(work.Path, reads + load);
        Assert.Equal(1, closed.Status);
        // Some versions register the address from which they came, others none.
        Assert.True(Regex.IsMatch(closed.Errors, @"jumpbag: (replica 127\.0\.0\.1:\d+|a replica at 127\.0\.0\.1 reads the binary log, and cannot be asked): .*\nhint: .*report_host"), closed.Errors);
        replica.Query("SET sql_log_bin=0; CREATE USER IF NOT EXISTS root@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION; STOP SLAVE SQL_THREAD");
        ShellResult result = JumpbagProgram.Bash(work.Path, $$"""
            {{load.Replace("load --progress", "load --replace --progress", StringComparison.Ordinal)}} 2>said & load=$!
            sleep 3; kill -0 $load && echo waits
            mariadb {{string.Join(' ', replica.ClientOptions)}} -e 'START SLAVE SQL_THREAD'
            wait $load; echo status $?
            grep -o 'replica [^"]* does not replicate' said | head -n 1
            """);
        Assert.Equal($"waits\nstatus 0\nreplica 127.0.0.1:{replica.Port} does not replicate\n", result.Output);
    }

    [Fact]
    public void a_load_that_is_kept_out_of_the_binary_log_does_not_reach_it()
    {
        MariaDbServer.Require();
        using var server = new MariaDbServer(false, "--log-bin=bin", "--server-id=1");
        using var work = new TemporaryFolder();
        server.Query("CREATE DATABASE copy");
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), "CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB;\nINSERT INTO t VALUES (1),(2);\n");
        string before = server.Query("SHOW MASTER STATUS");
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --no-binlog dump.sql 'mysql://root@localhost/copy?socket={server.Socket}'");
        Assert.True(result.Status == 0, result.Errors);
        Assert.Equal(before, server.Query("SHOW MASTER STATUS"));
        Assert.Equal("2\n", server.Query("SELECT COUNT(*) FROM copy.t"));
    }

    [Fact]
    public void the_files_of_mydumper_are_loaded_in_the_order_in_which_they_are_named()
    {
        MariaDbServer.Require();
        Require.Tool("mydumper");
        using var server = new MariaDbServer();
        using var work = new TemporaryFolder();
        server.Query("CREATE DATABASE src; USE src; CREATE TABLE src.t (id INT PRIMARY KEY, a VARBINARY(100), KEY by_a (a)) ENGINE=InnoDB; INSERT INTO src.t SELECT seq, UNHEX(MD5(seq)) FROM seq_1_to_60000; "
            + "CREATE TABLE src.u (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO src.u VALUES (7); CREATE DATABASE copy");
        ShellResult result = JumpbagProgram.Bash(work.Path, $"mydumper -u root -S {server.Socket} -B src -o d -t 2 >log 2>&1 || cat log; cd d; jumpbag load -q *-schema.sql* $(ls *.sql* | grep -v -e -schema) 'mysql://root@localhost/copy?socket={server.Socket}'; echo $?");
        Assert.Equal("0\n", result.Output);
        string[] sums = [.. server.Query("CHECKSUM TABLE src.t, copy.t, src.u, copy.u").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[1])];
        Assert.Equal(sums[0], sums[1]);
        Assert.Equal(sums[2], sums[3]);
    }
}
