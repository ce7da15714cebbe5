using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>A load that waits says for what and for whom.</summary>
public sealed class MariaDbStallTests(LoadServer fixture) : IClassFixture<LoadServer>
{
    [Theory]
    [InlineData("SET autocommit=0; INSERT INTO stalled.t VALUES (2)", @"""note"":""server: [^""]*waits for a lock that process \d+ \(root, \w+, \d+ s\) holds", "--data-only")]
    [InlineData("LOCK TABLES stalled.t WRITE", @"""note"":""server: Waiting for table metadata lock", "--data-only")]
    [InlineData("FLUSH TABLES WITH READ LOCK", @"""note"":""server: Waiting for (global read lock|backup lock)", "")]
    public void a_lock_of_another_session_is_named(string held, string said, string options)
    {
        MariaDbServer.Require();
        MariaDbServer server = fixture.Server;
        using var work = new TemporaryFolder();
        server.Query("DROP DATABASE IF EXISTS stalled; CREATE DATABASE stalled" + (options.Length > 0 ? "; CREATE TABLE stalled.t (id INT PRIMARY KEY) ENGINE=InnoDB" : ""));
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), "CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB;\nINSERT INTO t VALUES (1),(2),(3);\n");
        ShellResult result = JumpbagProgram.Bash(work.Path, $$"""
            { echo "{{held}}; SELECT 'held'; SELECT SLEEP(9); ROLLBACK"; } | mariadb --no-defaults -uroot -S '{{server.Socket}}' -n > held & other=$!
            until grep -q held held; do sleep 0.05; done
            jumpbag load --progress json {{options}} dump.sql 'mysql://root@localhost/stalled?socket={{server.Socket}}'; status=$?
            wait $other; exit $status
            """);
        Assert.True(result.Status == 0, result.Errors);
        Assert.Matches(said, result.Errors);
        // How long a lock is held nobody knows.
        Assert.DoesNotMatch(@"""remainingSeconds"":[^\n]*(Waiting for|waits for a lock)", result.Errors);
        Assert.Equal("1\n2\n3\n", server.Query("SELECT * FROM stalled.t ORDER BY id"));
    }
}
