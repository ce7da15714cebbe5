using System.Globalization;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>Rows and statements of hundreds of megabytes: within the bounds of memory, and as resumable as others. The oracle is the client.</summary>
public sealed class MariaDbHugeTests
{
    private const string Make = """
        mb() { head -c "$1"M /dev/zero | tr '\0' "$2"; }
        { echo 'CREATE TABLE `h` (`id` int NOT NULL, `a` longblob, PRIMARY KEY (`id`)) ENGINE=InnoDB;'
          printf "INSERT INTO h VALUES (1,'small'),(2,'"; mb 200 x; printf '%s' "\\\\''"; mb 200 y; printf "'),(3,'after'),(4,'more');\n"
          printf "UPDATE h SET a='"; mb 40 z; printf "' WHERE id=1;\n"
          printf "INSERT INTO h VALUES (5,'"; mb 40 q; printf "') ON DUPLICATE KEY UPDATE a=1;\nINSERT INTO h VALUES (6,'last');\n-- Dump completed\n"; } > dump.sql
        """;

    [Fact]
    public void a_row_of_400_megabytes_is_loaded_in_bounded_memory_and_after_a_kill()
    {
        MariaDbServer.Require();
        Require.Tool("time");
        using var server = new MariaDbServer(false, "--max-allowed-packet=1G", "--innodb-log-file-size=1G", "--innodb-buffer-pool-size=256M");
        using var work = new TemporaryFolder();
        server.Query("CREATE DATABASE client; CREATE DATABASE whole; CREATE DATABASE killed");
        ShellResult client = JumpbagProgram.Bash(work.Path, $$"""
            {{Make}}
            mariadb {{string.Join(' ', server.ClientOptions)}} --max-allowed-packet=1G client < dump.sql 2>&1 | cut -c1-300
            """);
        Assert.Equal((0, ""), (client.Status, client.Output));
        ShellResult whole = JumpbagProgram.Bash(work.Path, $$"""
            env time -o memory -f %M "$BIN" load -q dump.sql 'mysql://root@localhost/whole?socket={{server.Socket}}'; echo $?
            cat memory
            """);
        ShellResult killed = JumpbagProgram.Bash(work.Path, $$"""
            q() { mariadb {{string.Join(' ', server.ClientOptions)}} -BNe "$1" killed; }
            "$BIN" load -q dump.sql 'mysql://root@localhost/killed?socket={{server.Socket}}' & load=$!
            while kill -0 $load && [ "$(q 'SELECT COUNT(*) FROM h' 2>/dev/null)" != 4 ]; do :; done; kill -9 $load
            mkdir elsewhere; mv dump.sql elsewhere/renamed.sql
            "$BIN" load -q --resume elsewhere/renamed.sql 'mysql://root@localhost/killed?socket={{server.Socket}}'; echo $?
            """);
        string[] lines = whole.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length == 2 && lines[0] == "0", whole.Output + whole.Errors);
        Assert.True(killed.Output == "0\n", killed.Output + killed.Errors);
        Assert.InRange(int.Parse(lines[1], CultureInfo.InvariantCulture), 20_000, 256 << 10);
        string[] sums = [.. server.Query("CHECKSUM TABLE client.h, whole.h, killed.h").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[1])];
        Assert.Equal(sums[0], sums[1]);
        Assert.Equal(sums[0], sums[2]);
        Assert.Equal("", server.Query("SHOW TABLES LIKE 'jumpbag%'", "killed"));
    }

    [Fact]
    public void a_row_that_the_server_does_not_take_is_named_and_can_be_passed_over()
    {
        MariaDbServer.Require();
        using var server = new MariaDbServer(false, "--max-allowed-packet=32M");
        using var work = new TemporaryFolder();
        server.Query("CREATE DATABASE it");
        ShellResult result = JumpbagProgram.Bash(work.Path, $$"""
            {{Make}}
            "$BIN" load -q dump.sql 'mysql://root@localhost/it?socket={{server.Socket}}'; echo $?
            "$BIN" load -q --resume --on-error skip dump.sql 'mysql://root@localhost/it?socket={{server.Socket}}' 2>skipped; echo $?
            cut -c1-60 skipped
            """);
        Assert.StartsWith("1\n3\n", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"^jumpbag: (it\.)?h, line 2, byte \d+: INSERT INTO h VALUES .*: error 1153 .* the server takes fewer than 33554432\nhint: .*max_allowed_packet", result.Errors);
        Assert.Equal(3, result.Output.Split("skipped: ").Length - 1);
        Assert.Equal("1\tsmall\n3\tafter\n4\tmore\n6\tlast\n", server.Query("SELECT id, a FROM it.h"));
    }
}
