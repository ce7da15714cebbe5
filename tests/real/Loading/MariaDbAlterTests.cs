using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>Dumps as phpMyAdmin writes them: keys, counters and foreign keys are added behind the rows of all tables.</summary>
public sealed class MariaDbAlterTests(LoadServer fixture) : IClassFixture<LoadServer>
{
    private readonly MariaDbServer server = fixture.Server;

    private string Url(string database) => $"mysql://root@localhost/{database}?socket={server.Socket}";

    [Fact]
    public void keys_that_are_added_behind_the_rows_are_added_to_several_tables_at_a_time()
    {
        MariaDbServer.Require();
        using var work = new TemporaryFolder();
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), Dump(40_000));
        string[] names = [Fresh("altered_by_client"), Fresh("altered_by_jumpbag")];
        Assert.Equal(0, server.Feed(Path.Combine(work.Path, "dump.sql"), names[0]).Status);
        server.Query("TRUNCATE mysql.general_log; SET GLOBAL log_output='TABLE', general_log=1");
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --jobs 3 dump.sql '{Url(names[1])}'");
        server.Query("SET GLOBAL general_log=0");
        Assert.Equal((0, "", ""), (result.Status, result.Output, result.Errors));
        Assert.Equal(State(names[0]), State(names[1]));
        Assert.NotEqual("1", server.Query("SELECT COUNT(DISTINCT thread_id) FROM mysql.general_log WHERE argument LIKE 'ALTER TABLE%ADD PRIMARY KEY%'").Trim());
        // Foreign keys wait for the keys of both tables.
        Assert.Equal("1\n", server.Query("SELECT MAX(IF(argument LIKE '%FOREIGN KEY%', NULL, event_time)) <= MIN(IF(argument LIKE '%FOREIGN KEY%', event_time, NULL)) FROM mysql.general_log WHERE argument LIKE 'ALTER TABLE%'"));
        Assert.Equal("", server.Query("SHOW TABLES LIKE 'jumpbag%'", names[1]));
    }

    [Fact]
    public void a_foreign_key_that_was_added_before_the_crash_is_not_an_error_but_one_of_another_tables_name_is()
    {
        MariaDbServer.Require();
        using var work = new TemporaryFolder();
        string database = Fresh("added_once");
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), """
            CREATE TABLE `a` (`id` int PRIMARY KEY) ENGINE=InnoDB;
            CREATE TABLE `b` (`a` int, KEY (`a`)) ENGINE=InnoDB;
            INSERT INTO `a` VALUES (1);
            ALTER TABLE `b` ADD CONSTRAINT `b_a` FOREIGN KEY (`a`) REFERENCES `a` (`id`);
            -- Dump completed

            """);
        server.Query("CREATE TABLE other (id INT PRIMARY KEY, x INT, CONSTRAINT b_a FOREIGN KEY (x) REFERENCES other (id)) ENGINE=InnoDB", database);
        string load = $"jumpbag load -q --resume dump.sql '{Url(database)}'";
        foreach (string run in (string[])[load.Replace(" --resume", "", StringComparison.Ordinal), load])
        {
            ShellResult clash = JumpbagProgram.Bash(work.Path, run);
            Assert.Equal(1, clash.Status);
            Assert.Contains("b, line 4, byte ", clash.Errors, StringComparison.Ordinal);
        }
        server.Query("DROP TABLE other; ALTER TABLE b ADD CONSTRAINT b_a FOREIGN KEY (a) REFERENCES a (id)", database);
        ShellResult resumed = JumpbagProgram.Bash(work.Path, load);
        Assert.Equal((0, "", ""), (resumed.Status, resumed.Output, resumed.Errors));
        Assert.Contains("CONSTRAINT `b_a` FOREIGN KEY", server.Query("SHOW CREATE TABLE b", database), StringComparison.Ordinal);
    }

    [Fact]
    public void a_load_that_is_killed_while_it_alters_tables_goes_on_and_ends_with_all_keys_and_rows()
    {
        MariaDbServer.Require();
        using var work = new TemporaryFolder();
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), Dump(6_000));
        string reference = Fresh("altered_by_client"), database = Fresh("altered_killed");
        Assert.Equal(0, server.Feed(Path.Combine(work.Path, "dump.sql"), reference).Status);
        // Killed each time as soon as another statement is noted or a table altered.
        ShellResult result = JumpbagProgram.Bash(work.Path, $$"""
            q() { mariadb {{string.Join(' ', server.ClientOptions)}} -BNe "$1" {{database}}; }
            done=0 flag= stop=1
            while :; do
              "$BIN" load -q $flag --jobs 2 dump.sql '{{Url(database)}}' 2>said & load=$!
              while kill -0 $load 2>/dev/null; do
                altered=$(q "SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA='{{database}}' AND TABLE_NAME NOT LIKE 'jumpbag%'" 2>/dev/null)
                [ "${altered:-0}" -ge $stop ] && { kill -9 $load 2>/dev/null; break; }
              done
              wait $load 2>/dev/null; status=$?
              [ $status = 0 ] && break
              [ $status = 137 ] || { cat said; exit 1; }
              done=$((done + 1)) stop=$((altered + 1))
              flag=; q "SHOW TABLES LIKE 'jumpbag%'" | grep -q jumpbag && flag=--resume
            done
            echo $((done > 0))
            """);
        Assert.True(result is { Status: 0, Output: "1\n" }, result.Output + result.Errors);
        Assert.Equal(State(reference), State(database));
    }

    private static string Dump(int rows)
    {
        string Rows(string table, int count) => string.Concat(Enumerable.Range(0, count).Chunk(2000).Select(chunk =>
            $"INSERT INTO `{table}` (`id`, `other`, `note`) VALUES\n{string.Join(",\n", chunk.Select(i => $"({i + 1}, {i * 7919 % count + 1}, 'it\\'s row {i * 31 % count}')"))};\n"));
        return $"""
            -- phpMyAdmin SQL Dump
            -- version 5.2.1deb1
            -- https://www.phpmyadmin.net/
            SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";
            START TRANSACTION;
            SET time_zone = "+00:00";
            /*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
            /*!40101 SET NAMES utf8mb4 */;
            CREATE TABLE `a` (`id` int(11) NOT NULL, `other` int(11) NOT NULL, `note` varchar(60) NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
            {Rows("a", rows)}
            CREATE TABLE `b` (`id` int(11) NOT NULL, `other` int(11) NOT NULL, `note` varchar(60) NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
            {Rows("b", rows)}
            CREATE TABLE `empty` (`id` int(11) NOT NULL, `other` int(11) NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
            CREATE TABLE `mine` (`id` int(11) NOT NULL, `other` int(11) NOT NULL, `note` varchar(60) NOT NULL) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4;
            {Rows("mine", rows / 10)}
            --
            -- Indexes for dumped tables
            --
            ALTER TABLE `a`
              ADD PRIMARY KEY (`id`),
              ADD KEY `by_note` (`note`),
              ADD KEY `by_other` (`other`);
            ALTER TABLE `b`
              ADD PRIMARY KEY (`id`),
              ADD UNIQUE KEY `by_both` (`note`,`id`),
              ADD KEY `by_other` (`other`);
            ALTER TABLE `empty`
              ADD PRIMARY KEY (`id`),
              ADD KEY `by_other` (`other`);
            ALTER TABLE `mine`
              ADD PRIMARY KEY (`id`);
            ALTER TABLE `a`
              MODIFY `id` int(11) NOT NULL AUTO_INCREMENT, AUTO_INCREMENT={rows + 1};
            ALTER TABLE `empty`
              MODIFY `id` int(11) NOT NULL AUTO_INCREMENT;
            ALTER TABLE `b`
              ADD CONSTRAINT `b_other` FOREIGN KEY (`other`) REFERENCES `a` (`id`) ON DELETE CASCADE;
            COMMIT;
            /*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;

            """;
    }

    private string Fresh(string database)
    {
        server.Query($"SET foreign_key_checks=0; DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database} CHARACTER SET utf8mb4");
        return database;
    }

    private string State(string database) =>
        string.Concat(((string[])["a", "b", "empty", "mine"]).Select(table => server.Query($"SHOW CREATE TABLE {table}; CHECKSUM TABLE {table}", database))).Replace(database, "it", StringComparison.Ordinal);
}
