using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>A server with the database "everything".</summary>
public sealed class LoadServer : IDisposable
{
    private bool made;

    public MariaDbServer Server { get; } = new();

    public void MakeEverything()
    {
        if (made)
            return;
        ShellResult result = Server.Feed(Path.Combine(VirtualMachine.Repository, "tests", "real", "Loading", "everything.sql"));
        Assert.True(result.Status == 0, result.Errors);
        made = true;
    }

    public void Dispose() => Server.Dispose();
}

/// <summary>jumpbag load against a real server; the oracle is what the mariadb client loads from the same dump, as mariadb-dump shows it.</summary>
public sealed class MariaDbLoadTests(LoadServer fixture) : IClassFixture<LoadServer>
{
    private readonly MariaDbServer server = fixture.Server;

    private string Url(string database) => $"mysql://root@localhost/{database}?socket={server.Socket}";

    [Theory]
    [InlineData("", "")]
    [InlineData("--hex-blob --complete-insert", "--jobs 4")]
    [InlineData("--skip-extended-insert --skip-opt --create-options --quick --default-character-set=utf8mb4", "--jobs 1")]
    [InlineData("--no-autocommit --single-transaction", "--no-defer-indexes")]
    [InlineData("--skip-comments --skip-add-drop-table", "--jobs 3")]
    public void a_dump_of_everything_becomes_what_the_client_makes_of_it(string dumpOptions, string loadOptions)
    {
        using var work = new TemporaryFolder();
        Everything(work, dumpOptions);
        string[] names = [Fresh("by_client"), Fresh("by_jumpbag")];
        ShellResult client = server.Feed(Path.Combine(work.Path, "dump.sql"), "--default-character-set=utf8mb4", names[0]);
        Assert.True(client.Status == 0, client.Errors);
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q {loadOptions} dump.sql '{Url(names[1])}'");
        Assert.Equal((0, "", ""), (result.Status, result.Output, result.Errors));
        Assert.Equal(State(names[0]), State(names[1]));
        Assert.Equal("", server.Query($"SHOW TABLES LIKE 'jumpbag%'", names[1]));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd -q")]
    [InlineData("xz -0")]
    public void a_compressed_dump_and_one_from_a_pipe_load_alike(string compressor)
    {
        using var work = new TemporaryFolder();
        Everything(work, "");
        string database = Fresh("compressed");
        ShellResult result = JumpbagProgram.Bash(work.Path, $"{compressor} < dump.sql > dump; jumpbag load -q dump '{Url(database)}' && mkdir spool && jumpbag load -q --replace --spool spool - '{Url(database)}' < dump; echo $? $(ls spool | wc -l)");
        Assert.Equal("0 0\n", result.Output);
        Assert.Equal(Reference(work), State(database));
    }

    [Fact]
    public void a_load_that_is_killed_again_and_again_goes_on_without_losing_or_repeating_a_row()
    {
        using var work = new TemporaryFolder();
        Everything(work, "");
        string database = Fresh("killed");
        ShellResult result = JumpbagProgram.Bash(work.Path, $$"""
            flag= runs=0
            while :; do
              "$BIN" load -q $flag dump.sql '{{Url(database)}}' 2>said & load=$!
              sleep 0.$((RANDOM % 7 + 1)); kill -9 $load 2>/dev/null
              wait $load 2>/dev/null; status=$?; runs=$((runs + 1))
              [ $status = 0 ] && break
              if [ $status != 137 ]; then
                grep -q 'is already there' said && break # killed behind its last step
                grep -q 'no unfinished load' said || { echo "status $status"; cat said; exit 1; }
                flag=; continue
              fi
              flag=--resume
              # On a slow machine not one run may have begun.
              [ $runs -lt 12 ] || { "$BIN" load -q --resume dump.sql '{{Url(database)}}' 2>/dev/null || "$BIN" load -q dump.sql '{{Url(database)}}' || exit 1; break; }
            done
            """);
        Assert.Equal((0, ""), (result.Status, result.Output));
        Assert.Equal(Reference(work), State(database));
        Assert.Equal("", server.Query("SHOW TABLES LIKE 'jumpbag%'", database));
    }

    [Fact]
    public void a_server_that_is_killed_in_the_middle_is_resumed_on_when_it_is_back()
    {
        using var work = new TemporaryFolder();
        Everything(work, "");
        ShellResult result = JumpbagProgram.Bash(work.Path, $$"""
            PATH=$PATH:/usr/sbin; me=$(id -un); mkdir tmp
            mariadb-install-db --no-defaults --user=$me --datadir=$PWD/data --auth-root-authentication-method=normal --skip-test-db >/dev/null 2>&1
            start() {
              mariadbd --no-defaults --user=$me --datadir=$PWD/data --socket=$PWD/s --tmpdir=$PWD/tmp --skip-networking --innodb-buffer-pool-size=64M --max-allowed-packet=64M --character-set-server=utf8mb4 >>log 2>&1 & server=$!
              for _ in $(seq 200); do mariadb --no-defaults -uroot -S $PWD/s -e 'SELECT 1' >/dev/null 2>&1 && return; sleep 0.1; done
            }
            trap 'kill -9 $server' EXIT
            start; mariadb --no-defaults -uroot -S $PWD/s -e 'CREATE DATABASE everything CHARACTER SET utf8mb4'
            begun() { mariadb --no-defaults -uroot -S $PWD/s everything -e "SHOW TABLES LIKE 'jumpbag%'" | grep -q jumpbag; }
            flag= lost=0
            for wait in 0.1 0.5 0.2 0.8 0.4 1.1; do
              "$BIN" load -q $flag dump.sql "mysql://root@localhost/everything?socket=$PWD/s" 2>said & load=$!
              until begun || ! kill -0 $load 2>/dev/null; do sleep 0.05; done
              sleep $wait; kill -9 $server; wait $server 2>/dev/null; wait $load; status=$?
              start
              grep -qE 'no unfinished load|is already there' said && status=0 # the one before was killed behind its last step
              [ $status = 0 ] && break
              [ $status = 1 ] && grep -q 'hint:' said || { echo "status $status"; cat said; exit 1; }
              if begun; then flag=--resume; lost=$((lost + 1)); fi
            done
            [ $status = 0 ] || "$BIN" load -q $flag dump.sql "mysql://root@localhost/everything?socket=$PWD/s" || exit 1
            mariadb-dump --no-defaults -uroot -S $PWD/s --routines --events --triggers --skip-comments --order-by-primary --hex-blob everything | sed 's/`everything`/`it`/g' > state.sql
            [ $lost -gt 0 ] && echo resumed
            """);
        Assert.True(result.Output == "resumed\n", result.Output + result.Errors);
        string state = File.ReadAllText(Path.Combine(work.Path, "state.sql"));
        Assert.Equal(state, Reference(work).Replace("`everything`", "`it`", StringComparison.Ordinal)[..state.Length]);
    }

    [Fact]
    public void one_table_of_the_dump_is_loaded_beside_the_living_one_with_its_trigger_and_its_foreign_keys()
    {
        using var work = new TemporaryFolder();
        Everything(work, "");
        string database = Fresh("beside");
        Assert.Equal(0, server.Feed(Path.Combine(work.Path, "dump.sql"), database).Status);
        string before = State(database);
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q dump.sql --tables child --rename child=child_restored '{Url(database)}'");
        Assert.Equal((0, "", ""), (result.Status, result.Output, result.Errors));
        string[] sums = server.Query($"CHECKSUM TABLE {database}.child, {database}.child_restored").Split('\n');
        Assert.Equal(sums[0].Split('\t')[1], sums[1].Split('\t')[1]);
        string definition = server.Query($"SHOW CREATE TABLE {database}.child_restored");
        Assert.Contains("CONSTRAINT `child_parent_child_restored` FOREIGN KEY (`parent`) REFERENCES `parent` (`id`) ON DELETE SET NULL", definition, StringComparison.Ordinal);
        Assert.Contains("KEY `by_both` (`other`,`amount`", definition, StringComparison.Ordinal);
        Assert.Equal("child_in_child_restored\nchild_out_child_restored\n",
            server.Query($"SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA='{database}' AND EVENT_OBJECT_TABLE='child_restored' ORDER BY 1"));
        server.Query($"DROP TABLE {database}.child_restored");
        Assert.Equal(before, State(database));
    }

    [Fact]
    public void a_definition_is_read_in_the_character_set_in_which_it_stands_and_rows_in_theirs()
    {
        using var work = new TemporaryFolder();
        string[] names = [Fresh("set_by_client"), Fresh("set_by_jumpbag")];
        // The definition is UTF-8 and the rows are latin1; the second table has rows enough to have its index put off.
        string text = """
            SET NAMES latin1;
            SET character_set_client = utf8mb4;
            CREATE TABLE `small` (`id` int(11) NOT NULL PRIMARY KEY, `é` varchar(20) DEFAULT 'ключ') ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='é';
            SET character_set_client = latin1;
            INSERT INTO `small` VALUES (1, '#');
            SET character_set_client = utf8mb4;
            CREATE TABLE `large` (`id` int(11) NOT NULL PRIMARY KEY, `é` varchar(250), KEY `ключ` (`é`) COMMENT 'é') ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='é';
            SET character_set_client = latin1;
            INSERT INTO `large` VALUES ROWS;
            -- Dump completed

            """.Replace("ROWS", string.Join(',', Enumerable.Range(0, 6000).Select(i => $"({i},'#{new string('x', 150)}')")), StringComparison.Ordinal);
        byte[] dump = System.Text.Encoding.UTF8.GetBytes(text);
        dump.AsSpan().Replace((byte)'#', (byte)0xE9);
        File.WriteAllBytes(Path.Combine(work.Path, "dump.sql"), dump);
        Assert.Equal(0, server.Feed(Path.Combine(work.Path, "dump.sql"), names[0]).Status);
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q dump.sql '{Url(names[1])}'");
        Assert.Equal((0, "", ""), (result.Status, result.Output, result.Errors));
        Assert.Contains("ключ", State(names[0]), StringComparison.Ordinal);
        Assert.Equal(State(names[0]), State(names[1]));
    }

    [Fact]
    public void definitions_that_come_after_the_rows_are_not_run_twice_when_a_load_goes_on()
    {
        string database = Fresh("later");
        using var work = new TemporaryFolder();
        // As phpMyAdmin writes it: keys, counter and foreign keys stand behind all rows. The last statement fails until its table is there.
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), """
            CREATE TABLE `t` (`id` int(11) NOT NULL, `a` int(11)) ENGINE=InnoDB;
            INSERT INTO `t` (`id`, `a`) VALUES (1, 1), (2, 2);
            UPDATE `t` SET `a` = `a` + 10;
            ALTER TABLE `t` ADD PRIMARY KEY (`id`), ADD KEY `by_a` (`a`);
            ALTER TABLE `t` MODIFY `id` int(11) NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=3;
            ALTER TABLE `t` ADD CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `other` (`id`);
            -- Dump completed

            """);
        string load = $"jumpbag load -q dump.sql '{Url(database)}'";
        ShellResult stopped = JumpbagProgram.Bash(work.Path, load);
        Assert.Equal(1, stopped.Status);
        ShellResult again = JumpbagProgram.Bash(work.Path, load);
        Assert.Equal(4, again.Status);
        Assert.Matches(@"^jumpbag: a load of this dump is unfinished \(later\.jumpbag_load_\w+\)\nhint: --resume", again.Errors);
        // What a crash between a definition and its note leaves behind.
        string ledger = server.Query("SHOW TABLES LIKE 'jumpbag%'", database).Trim();
        server.Query($"DELETE FROM `{ledger}` ORDER BY at DESC LIMIT 1; CREATE TABLE other (id INT PRIMARY KEY); INSERT INTO other VALUES (11), (12)", database);
        ShellResult resumed = JumpbagProgram.Bash(work.Path, load.Replace("-q", "-q --resume", StringComparison.Ordinal));
        Assert.Equal((0, "", ""), (resumed.Status, resumed.Output, resumed.Errors));
        Assert.Equal("1\t11\n2\t12\n", server.Query("SELECT * FROM t ORDER BY id", database));
        Assert.Contains("CONSTRAINT `fk` FOREIGN KEY", server.Query("SHOW CREATE TABLE t", database), StringComparison.Ordinal);
    }

    [Fact]
    public void a_database_that_the_dump_drops_is_not_dropped_again_when_a_load_goes_on()
    {
        MariaDbServer.Require();
        using var work = new TemporaryFolder();
        server.Query("DROP DATABASE IF EXISTS dropped_once; CREATE DATABASE dropped_once; CREATE TABLE dropped_once.old (id INT)");
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), """
            /*!40000 DROP DATABASE IF EXISTS `dropped_once`*/;
            CREATE DATABASE /*!32312 IF NOT EXISTS*/ `dropped_once`;
            USE `dropped_once`;
            CREATE TABLE `t` (`id` int(11) NOT NULL PRIMARY KEY) ENGINE=InnoDB;
            INSERT INTO `t` VALUES (1), (2);
            ALTER TABLE `missing` ADD KEY `k` (`id`);
            CREATE TABLE `u` (`id` int(11) NOT NULL PRIMARY KEY) ENGINE=InnoDB;
            INSERT INTO `u` VALUES (3);
            -- Dump completed

            """);
        string url = $"mysql://root@localhost/?socket={server.Socket}";
        Assert.Equal(1, JumpbagProgram.Bash(work.Path, $"jumpbag load -q --replace dump.sql '{url}'").Status);
        Assert.Equal("1\n2\n", server.Query("SELECT * FROM dropped_once.t"));
        server.Query("CREATE TABLE dropped_once.missing (id INT)");
        ShellResult resumed = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --replace --resume dump.sql '{url}'");
        Assert.Equal((0, "", ""), (resumed.Status, resumed.Output, resumed.Errors));
        Assert.Equal("1\n2\n3\n", server.Query("SELECT * FROM dropped_once.t UNION ALL SELECT * FROM dropped_once.u"));
        Assert.Equal("missing\nt\nu\n", server.Query("SHOW TABLES FROM dropped_once"));
    }

    [Fact]
    public void a_dry_run_names_what_would_be_loaded_and_changes_nothing()
    {
        using var work = new TemporaryFolder();
        Everything(work, "");
        string database = Fresh("dry");
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --dry-run dump.sql --tables child,parent --rename child=small '{Url(database)}'");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.Equal("table dry.parent, 5 rows\ntable dry.small, 60000 rows\ntrigger dry.child_in_small\ntrigger dry.child_out_small\n",
            string.Concat(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).Select(line => line + "\n")));
        Assert.Equal("", server.Query("SHOW TABLES", database));
    }

    [Fact]
    public void what_is_there_already_is_left_alone_unless_it_is_to_be_replaced()
    {
        using var work = new TemporaryFolder();
        Everything(work, "");
        string database = Fresh("there");
        server.Query("CREATE TABLE child (mine INT); INSERT INTO child VALUES (7)", database);
        ShellResult refused = JumpbagProgram.Bash(work.Path, $"jumpbag load -q dump.sql '{Url(database)}'");
        Assert.Equal((4, ""), (refused.Status, refused.Output));
        Assert.Matches(@"^jumpbag: there\.child is already there \(a table or view\)\nhint: --replace .*--rename child=child_restored .*\n$", refused.Errors);
        Assert.Equal("child\n7\n", server.Query("SHOW TABLES; SELECT * FROM child", database));
        ShellResult replaced = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --replace dump.sql '{Url(database)}' && jumpbag load -q --replace dump.sql '{Url(database)}'");
        Assert.Equal((0, "", ""), (replaced.Status, replaced.Output, replaced.Errors));
        Assert.Equal(Reference(work), State(database));
    }

    [Fact]
    public void a_statement_that_the_server_refuses_is_named_with_its_place_and_can_be_passed_over()
    {
        string database = Fresh("errors");
        using var work = new TemporaryFolder();
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), """
            CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB;
            INSERT INTO t VALUES (1),(2);
            INSERT INTO t VALUES (2),(3);
            INSERT INTO t VALUES (4);
            CREATE VIEW v AS SELECT nothing FROM t;
            -- Dump completed

            """);
        ShellResult stopped = JumpbagProgram.Bash(work.Path, $"jumpbag load -q dump.sql '{Url(database)}'");
        Assert.Equal(1, stopped.Status);
        Assert.Matches(@"^jumpbag: t, line 3, byte 81: INSERT INTO t VALUES \(2\),\(3\): error 1062 \(23000\): Duplicate entry '2' .*\nhint: .*--resume.*--on-error skip\n$", stopped.Errors);
        ShellResult skipped = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --resume --on-error skip dump.sql '{Url(database)}'");
        Assert.Equal(3, skipped.Status);
        Assert.Equal(2, Regex.Count(skipped.Errors, "^jumpbag: skipped: ", RegexOptions.Multiline));
        Assert.Equal("1\n2\n4\n", server.Query("SELECT * FROM t ORDER BY id", database));
    }

    [Theory]
    [InlineData("")]
    [InlineData("--resume")]
    public void rows_of_a_table_that_is_not_there_are_named_and_can_be_passed_over(string again)
    {
        string database = Fresh("nowhere");
        using var work = new TemporaryFolder();
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), "CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB;\nINSERT INTO nowhere VALUES (1);\nINSERT INTO t VALUES (2);\n-- Dump completed\n");
        const string Said = @"nowhere, line 2, byte 51: INSERT INTO nowhere VALUES \(1\): error 1146 \(42S02\): Table 'nowhere\.nowhere' doesn't exist\n";
        if (again.Length > 0)
            Assert.Matches($@"^jumpbag: {Said}hint: ", JumpbagProgram.Bash(work.Path, $"jumpbag load -q dump.sql '{Url(database)}'").Errors);
        ShellResult skipped = JumpbagProgram.Bash(work.Path, $"jumpbag load -q {again} --on-error skip dump.sql '{Url(database)}'");
        Assert.Equal(3, skipped.Status);
        Assert.Matches($"^jumpbag: skipped: {Said}", skipped.Errors);
        Assert.Equal("2\n", server.Query("SELECT * FROM t", database));
    }

    [Theory]
    [InlineData("--no-binlog")]
    [InlineData("--max-replica-lag 5")]
    public void an_option_for_which_the_account_lacks_a_privilege_is_named(string option)
    {
        string database = Fresh("weak");
        using var work = new TemporaryFolder();
        server.Query($"CREATE OR REPLACE USER weak@localhost; GRANT ALL ON {database}.* TO weak@localhost");
        File.WriteAllText(Path.Combine(work.Path, "dump.sql"), "CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB;\n");
        ShellResult refused = JumpbagProgram.Bash(work.Path, $"jumpbag load -q {option} dump.sql '{Url(database).Replace("root", "weak", StringComparison.Ordinal)}'");
        Assert.Equal(1, refused.Status);
        Assert.Matches($@"jumpbag: {option.Split(' ')[0]}: error 12\d\d .*privilege.*\nhint: take an account", refused.Errors);
        Assert.Equal("", server.Query("SHOW TABLES", database));
    }

    [Fact]
    public void a_dump_that_is_cut_off_is_refused_before_anything_is_loaded()
    {
        using var work = new TemporaryFolder();
        Everything(work, "");
        string database = Fresh("cut");
        ShellResult result = JumpbagProgram.Bash(work.Path, $$"""
            head -c 5000000 dump.sql > cut.sql; head -n -1 dump.sql > tail.sql; gzip < dump.sql | head -c 200000 > cut.gz
            for f in cut.sql tail.sql cut.gz; do jumpbag load -q $f '{{Url(database)}}'; echo $?; done
            """);
        Assert.Equal("1\n1\n1\n", result.Output);
        Assert.Contains("cut.sql is cut off at byte", result.Errors, StringComparison.Ordinal);
        Assert.Equal("", server.Query("SHOW TABLES", database));
    }

    [Fact]
    public void databases_of_a_dump_of_several_are_chosen_and_renamed()
    {
        using var work = new TemporaryFolder();
        server.Query("DROP DATABASE IF EXISTS one; DROP DATABASE IF EXISTS two; DROP DATABASE IF EXISTS three; CREATE DATABASE one; CREATE DATABASE two; "
            + "CREATE TABLE one.t (id INT PRIMARY KEY, note TEXT) ENGINE=InnoDB; INSERT INTO one.t VALUES (1, 'USE two; `one`.`t`'); CREATE TABLE two.t (id INT) ENGINE=InnoDB; INSERT INTO two.t VALUES (2);"
            + "CREATE VIEW one.v AS SELECT t.id AS here, o.id AS there FROM one.t t, two.t o");
        server.Dump(Path.Combine(work.Path, "dump.sql"), "--databases", "one", "two");
        string url = $"mysql://root@localhost/?socket={server.Socket}";
        ShellResult refused = JumpbagProgram.Bash(work.Path, $"jumpbag load -q dump.sql '{url}'");
        Assert.Equal(4, refused.Status);
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q dump.sql --databases one --rename one=three '{url}'");
        Assert.Equal((0, "", ""), (result.Status, result.Output, result.Errors));
        Assert.Equal("1\tUSE two; `one`.`t`\n1\t2\n", server.Query("SELECT * FROM three.t; SELECT * FROM three.v"));
        Assert.DoesNotContain("jumpbag_load", server.Query("SHOW DATABASES"), StringComparison.Ordinal);
    }

    [Fact]
    public void definitions_and_rows_can_be_loaded_apart()
    {
        using var work = new TemporaryFolder();
        Everything(work, "--no-autocommit");
        string database = Fresh("apart");
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --schema-only dump.sql '{Url(database)}' && jumpbag load -q --data-only --exclude log,child dump.sql '{Url(database)}'");
        Assert.Equal((0, "", ""), (result.Status, result.Output, result.Errors));
        Assert.Equal("0\t0\n", server.Query("SELECT (SELECT COUNT(*) FROM child), (SELECT COUNT(*) FROM log)", database));
        Assert.Equal(server.Query("CHECKSUM TABLE raw, parts, no_key", "everything").Replace("everything.", "", StringComparison.Ordinal),
            server.Query("CHECKSUM TABLE raw, parts, no_key", database).Replace("apart.", "", StringComparison.Ordinal));
    }

    [Fact]
    public void a_definer_that_is_not_known_is_told_and_can_be_left_out()
    {
        using var work = new TemporaryFolder();
        server.Query("DROP DATABASE IF EXISTS src; CREATE DATABASE src; CREATE USER IF NOT EXISTS gone@'10.1.2.3'; CREATE TABLE src.t (a INT); USE src; CREATE DEFINER=gone@'10.1.2.3' VIEW v AS SELECT x.a FROM t x");
        server.Dump(Path.Combine(work.Path, "dump.sql"), "src");
        server.Query("DROP USER gone@'10.1.2.3'");
        ShellResult kept = JumpbagProgram.Bash(work.Path, $"jumpbag load -q dump.sql '{Url(Fresh("kept"))}'");
        Assert.True(kept.Status == 0, kept.Errors);
        Assert.Matches(@"^warning: there is no account gone@10\.1\.2\.3 here, which 1 of the views.*--definer drop", kept.Errors);
        ShellResult dropped = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --definer drop dump.sql '{Url(Fresh("dropped"))}'");
        Assert.Equal((0, ""), (dropped.Status, dropped.Errors));
        Assert.Equal("root@localhost\n", server.Query("SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'dropped'"));
    }

    /// <summary>A dump of the database "everything", which the client has made from the statements beside this file.</summary>
    private void Everything(TemporaryFolder work, string options)
    {
        MariaDbServer.Require();
        fixture.MakeEverything();
        // Without locks: the client cannot load a table whose default comes from a sequence while it holds them.
        server.Dump(Path.Combine(work.Path, "dump.sql"), ["--routines", "--events", "--triggers", "--skip-add-locks", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "everything"]);
    }

    /// <summary>What the client makes of the dump.</summary>
    private string Reference(TemporaryFolder work)
    {
        string database = Fresh("reference");
        Assert.Equal(0, server.Feed(Path.Combine(work.Path, "dump.sql"), "--default-character-set=utf8mb4", database).Status);
        return State(database);
    }

    private string Fresh(string database)
    {
        MariaDbServer.Require();
        server.Query($"SET foreign_key_checks=0; DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database} CHARACTER SET utf8mb4");
        return database;
    }

    /// <summary>All definitions and all rows, as the server's own dump program sees them, and the server's own sums.</summary>
    private string State(string database)
    {
        using var work = new TemporaryFolder();
        string file = Path.Combine(work.Path, "state.sql");
        server.Dump(file, "--routines", "--events", "--triggers", "--skip-comments", "--order-by-primary", "--hex-blob", database);
        string tables = server.Query($"SELECT GROUP_CONCAT('`', TABLE_NAME, '`' ORDER BY TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{database}' AND TABLE_TYPE = 'BASE TABLE'").Trim();
        string sums = server.Query($"CHECKSUM TABLE {tables}", database).Replace($"{database}.", "", StringComparison.Ordinal);
        return File.ReadAllText(file).Replace($"`{database}`", "`it`", StringComparison.Ordinal) + sums;
    }
}
