using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>A load goes on only with the dump with which it began, wherever that lies now.</summary>
public sealed class MariaDbIdentityTests(LoadServer fixture) : IClassFixture<LoadServer>
{
    private readonly MariaDbServer server = fixture.Server;

    [Fact]
    public void a_dump_that_was_changed_is_not_gone_on_with_and_one_that_was_moved_is()
    {
        MariaDbServer.Require();
        server.Query("DROP DATABASE IF EXISTS same; CREATE DATABASE same");
        using var work = new TemporaryFolder();
        string url = $"mysql://root@localhost/same?socket={server.Socket}";
        // The second statement fails until the table is there that it names.
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), """
            CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB;
            INSERT INTO t VALUES (1),(2);
            INSERT INTO t SELECT id FROM missing;
            INSERT INTO t VALUES (7);
            -- Dump completed

            """);
        ShellResult result = JumpbagProgram.Bash(work.Path, $$"""
            url='{{url}}'
            jumpbag load -q dump.sql "$url" 2>/dev/null; echo first $?
            sed s/7/8/ dump.sql > changed.sql; touch -r dump.sql changed.sql
            mkdir old; mv dump.sql old/; mv changed.sql dump.sql
            jumpbag load -q --resume dump.sql "$url"; echo changed $?
            echo >> dump.sql; jumpbag load -q --resume dump.sql "$url"; echo longer $?
            jumpbag load -q --resume --tables t old/dump.sql "$url"; echo options $?
            mariadb {{string.Join(' ', server.ClientOptions)}} same -e 'CREATE TABLE missing SELECT 5 AS id'
            mv old/dump.sql old/renamed.sql; gzip -k old/renamed.sql
            jumpbag load -q --resume old/renamed.sql "$url"; echo moved $?
            jumpbag load -q --resume old/renamed.sql "$url"; echo again $?
            """);
        Assert.Equal("first 1\nchanged 4\nlonger 4\noptions 4\nmoved 0\nagain 1\n", result.Output);
        string[] said = result.Errors.Split('\n');
        Assert.Matches(@"^jumpbag: the load that is unfinished is of another dump, or this one was changed since: it was dump\.sql of 1\d\d bytes, and this is dump\.sql of 1\d\d bytes with other content$", said[0]);
        Assert.Matches("^hint: --resume .*--replace begins anew", said[1]);
        Assert.Matches(@"it was dump\.sql of 1\d\d bytes, and this is dump\.sql of 1\d\d bytes$", said[2]);
        Assert.Matches("^jumpbag: the load of dump.sql of .* that is unfinished had other options$", said[4]);
        Assert.Contains("there is no unfinished load", said[6], StringComparison.Ordinal);
        Assert.Equal("1\n2\n5\n7\n", server.Query("SELECT id FROM same.t"));
        Assert.Equal("missing\nt\n", server.Query("SHOW TABLES FROM same"));
    }

    [Fact]
    public void what_is_begun_anew_leaves_no_notes_of_the_dump_as_it_was()
    {
        MariaDbServer.Require();
        server.Query("DROP DATABASE IF EXISTS anew; CREATE DATABASE anew");
        using var work = new TemporaryFolder();
        string url = $"mysql://root@localhost/anew?socket={server.Socket}";
        ShellResult result = JumpbagProgram.Bash(work.Path, $$"""
            echo 'CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO t VALUES (1); INSERT INTO t SELECT 2 FROM missing;' > dump.sql
            jumpbag load -q dump.sql '{{url}}' 2>/dev/null; echo $?
            echo 'CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO t VALUES (3);' > dump.sql
            jumpbag load -q --replace dump.sql '{{url}}' 2>/dev/null; echo $?
            """);
        Assert.Equal("1\n0\n", result.Output);
        Assert.Equal("t\n3\n", server.Query("SHOW TABLES; SELECT * FROM t", "anew"));
    }
}
