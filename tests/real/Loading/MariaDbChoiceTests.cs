using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>What a person chooses, misspells or forgets, under stress: nothing but what was meant is changed on a real server.</summary>
public sealed class MariaDbChoiceTests(LoadServer fixture) : IClassFixture<LoadServer>
{
    private readonly MariaDbServer server = fixture.Server;

    private string Url(string database = "") => $"mysql://root@localhost/{database}?socket={server.Socket}";

    [Fact]
    public void one_table_that_is_replaced_leaves_its_database_and_all_others_as_they_are()
    {
        using TemporaryFolder work = Dumped();
        server.Query("DROP TABLE shop.orders; CREATE TABLE shop.precious (id INT); INSERT INTO shop.precious VALUES (7); DROP DATABASE empty_one; INSERT INTO other.t VALUES (9)");
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --replace --tables shop.orders dump.sql '{Url()}' && jumpbag load -q --replace --exclude 'customers,other.*' dump.sql '{Url()}'");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.Equal("7\n1\n2\n2\n9\n", server.Query("SELECT * FROM shop.precious; SELECT * FROM shop.orders; SELECT * FROM other.t ORDER BY 1"));
        ShellResult fresh = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --tables shop.orders --rename shop.orders=again --dry-run dump.sql '{Url()}'");
        Assert.Equal((0, "database shop\ntable shop.again, 2 rows\n"), (fresh.Status, fresh.Output));
    }

    [Fact]
    public void a_database_of_which_nothing_is_chosen_is_not_made()
    {
        using TemporaryFolder work = Dumped();
        server.Query("DROP DATABASE shop; DROP DATABASE other; DROP DATABASE empty_one");
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --tables orders dump.sql '{Url()}'");
        Assert.Equal((0, "", ""), (result.Status, result.Output, result.Errors));
        Assert.Equal("orders\nshop\n", server.Query("SHOW TABLES FROM shop; SHOW DATABASES WHERE `Database` IN ('shop', 'other', 'empty_one')"));
    }

    /// <summary>Each row is read in the character set, mode and time zone that stand where it stands; the oracle is the client.</summary>
    [Fact]
    public void settings_may_change_between_the_rows_of_a_table()
    {
        using var work = new TemporaryFolder();
        File.WriteAllText(work.File("dump.sql"), """
            CREATE TABLE n (a INT PRIMARY KEY AUTO_INCREMENT, b TEXT CHARACTER SET utf8mb4, t TIMESTAMP NULL);
            SET NAMES latin1; SET time_zone = '+00:00';
            INSERT INTO n VALUES (1, "ä", '2020-01-01 00:00:00');
            SET NAMES utf8mb4; SET time_zone = '+05:00';
            INSERT INTO n VALUES (2, "ä", '2020-01-01 00:00:00');
            SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_BACKSLASH_ESCAPES';
            INSERT INTO n VALUES (0, 'a\', NULL);
            SET sql_mode = '';
            INSERT INTO n VALUES (3, 'a\\', NULL);
            -- Dump completed

            """);
        server.Query("CREATE DATABASE by_client; CREATE DATABASE by_jumpbag");
        ShellResult client = server.Feed(work.File("dump.sql"), "--default-character-set=utf8mb4", "by_client");
        Assert.True(client.Status == 0, client.Errors);
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q dump.sql '{Url("by_jumpbag")}'");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        const string Rows = "SELECT a, HEX(b), UNIX_TIMESTAMP(t) FROM n ORDER BY a";
        Assert.Equal(server.Query(Rows, "by_client"), server.Query(Rows, "by_jumpbag"));
        server.Query("DROP DATABASE by_client; DROP DATABASE by_jumpbag");
    }

    [Fact]
    public void names_may_have_dots_in_them()
    {
        using var work = new TemporaryFolder();
        server.Query("CREATE DATABASE `example.com`; CREATE TABLE `example.com`.`v1.0` (id INT); INSERT INTO `example.com`.`v1.0` VALUES (1); CREATE VIEW `example.com`.seen AS SELECT id FROM `example.com`.`v1.0`");
        Shell.Run("mariadb-dump", [.. server.ClientOptions, "--databases", "example.com", "-r", work.File("dump.sql")]);
        ShellResult result = JumpbagProgram.Bash(work.Path, $"""
            jumpbag load -q --rename example.com=example.org dump.sql '{Url()}' && jumpbag load -q --tables example.com.v1.0 --rename example.com.v1.0=v2 dump.sql '{Url()}' && jumpbag load -q --tables v1.0 --rename v1.0=v.3 dump.sql '{Url()}'
            """);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.Equal("1\n1\n1\nexample.org\n", server.Query("SELECT * FROM `example.org`.seen; SELECT * FROM `example.com`.v2; SELECT * FROM `example.com`.`v.3`; SELECT table_schema FROM information_schema.views WHERE view_definition LIKE '%example.org%'"));
        server.Query("DROP DATABASE `example.com`; DROP DATABASE `example.org`");
    }

    [Theory]
    [InlineData("--tables shop.ordrs", 1, "--tables shop.ordrs: nothing in the dump is called so")]
    [InlineData("--tables ''", 2, "--tables: no name is given")]
    [InlineData("--exclude 'passwords*'", 1, "--exclude passwords*: nothing in the dump is called so")]
    [InlineData("--databases shpo", 1, "--databases shpo: nothing in the dump is called so")]
    [InlineData("--tables orders --rename order=orders_restored", 1, "--rename order: nothing in the dump is called so")]
    [InlineData("--rename orders=x,customers=x", 2, "would both be shop.x")]
    public void a_name_that_is_not_in_the_dump_changes_nothing(string options, int status, string said)
    {
        using TemporaryFolder work = Dumped();
        server.Query("TRUNCATE TABLE shop.orders; TRUNCATE TABLE other.t");
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --replace {options} dump.sql '{Url()}'");
        Assert.Equal(status, result.Status);
        Assert.Contains(said, result.Errors, StringComparison.Ordinal);
        Assert.Equal("0\t0\n", server.Query("SELECT (SELECT COUNT(*) FROM shop.orders), (SELECT COUNT(*) FROM other.t)"));
        Assert.DoesNotContain("jumpbag_load", server.Query("SHOW DATABASES"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dump.sql")]
    [InlineData("- < dump.sql")]
    public void a_dump_that_does_not_say_its_database_is_refused_and_leaves_nothing_behind(string dump)
    {
        using TemporaryFolder work = Dumped();
        server.Dump(Path.Combine(work.Path, "dump.sql"), "shop");
        ShellResult result = JumpbagProgram.Bash(work.Path, $"jumpbag load -q '{Url()}' {dump}");
        Assert.Equal(2, result.Status);
        Assert.Contains("the dump does not say in which database, and neither does the address\nhint: ", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("jumpbag_load", server.Query("SHOW DATABASES"), StringComparison.Ordinal);
    }

    [Fact]
    public void a_dump_of_all_databases_is_refused_before_it_begins_and_loads_beside_or_over_the_servers_own_tables()
    {
        using TemporaryFolder work = Dumped();
        server.Query("CREATE OR REPLACE USER bob@localhost");
        server.Dump(Path.Combine(work.Path, "all.sql"), "--databases", "shop", "mysql");
        server.Query("DROP USER bob@localhost; DROP DATABASE shop");
        ShellResult refused = JumpbagProgram.Bash(work.Path, $"jumpbag load -q all.sql '{Url()}'");
        Assert.Equal(4, refused.Status);
        Assert.Matches(@"^jumpbag: mysql\.\w+ is already there \(a table or view\)\nhint: --exclude 'mysql\.\*' leaves", refused.Errors);
        Assert.Equal("", server.Query("SHOW DATABASES LIKE 'shop'"));
        ShellResult beside = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --exclude 'mysql.*' all.sql '{Url()}'");
        Assert.Equal((0, ""), (beside.Status, beside.Errors));
        Assert.Equal("2\t0\n", server.Query("SELECT (SELECT COUNT(*) FROM shop.orders), (SELECT COUNT(*) FROM mysql.user WHERE User = 'bob')"));
        ShellResult over = JumpbagProgram.Bash(work.Path, $"jumpbag load -q --replace all.sql '{Url()}'");
        Assert.True(over.Status == 0, over.Errors);
        Assert.Equal("1\n", server.Query("FLUSH PRIVILEGES; SELECT COUNT(*) FROM mysql.user WHERE User = 'bob'"));
    }

    [Theory]
    [InlineData("cat dump.sql | head -c 8000000")]
    [InlineData("gzip < dump.sql | head -c 1000000")]
    public void a_dump_that_is_cut_in_a_pipe_ends_with_status_3_and_goes_on_with_the_whole(string cut)
    {
        MariaDbServer.Require();
        fixture.MakeEverything();
        using var work = new TemporaryFolder();
        server.Dump(Path.Combine(work.Path, "dump.sql"), "--routines", "--skip-add-locks", "everything");
        server.Query("DROP DATABASE IF EXISTS piped; CREATE DATABASE piped CHARACTER SET utf8mb4");
        string whole = cut.StartsWith("gzip", StringComparison.Ordinal) ? "gzip < dump.sql" : "cat dump.sql";
        ShellResult result = JumpbagProgram.Bash(work.Path, $"""
            {cut} | jumpbag load -q - '{Url("piped")}'; echo $?
            {whole} | jumpbag load -q --resume - '{Url("piped")}'; echo $?
            """);
        Assert.Equal("3\n0\n", result.Output);
        Assert.Matches(@"\njumpbag: standard input: cut off at byte \d+: .*\nhint: --resume with the whole dump goes on", result.Errors);
        foreach (string table in (string[])["child", "parts", "plain_myisam", "raw", "no_key"])
            Assert.Equal(server.Query($"CHECKSUM TABLE everything.{table}").Split('\t')[1], server.Query($"CHECKSUM TABLE piped.{table}").Split('\t')[1]);
        Assert.Equal("", server.Query("SHOW TABLES LIKE 'jumpbag%'", "piped"));
    }

    [Fact]
    public void what_stands_before_the_damage_of_a_compressed_dump_can_be_loaded()
    {
        using TemporaryFolder work = Dumped();
        server.Query("DROP DATABASE IF EXISTS half; CREATE DATABASE half; CREATE OR REPLACE TABLE shop.big AS SELECT seq AS id, MD5(seq) AS text FROM seq_1_to_20000", "mysql");
        server.Dump(Path.Combine(work.Path, "dump.sql"), "--net-buffer-length=16384", "shop", "customers", "orders", "big");
        ShellResult result = JumpbagProgram.Bash(work.Path, $"""
            bzip2 -1 < dump.sql 2>/dev/null | head -c 300000 > cut.bz2
            jumpbag load -q cut.bz2 '{Url("half")}'; echo $?
            jumpbag load -q --on-error skip cut.bz2 '{Url("half")}'; echo $?
            """);
        Assert.Equal("1\n3\n", result.Output);
        Assert.Matches(@"^jumpbag: cut\.bz2 is cut off at byte \d+: the bzip2 data is cut off", result.Errors);
        Assert.Equal("1\n2\n", server.Query("SELECT id FROM orders", "half"));
        Assert.InRange(int.Parse(server.Query("SELECT COUNT(*) FROM big", "half"), System.Globalization.CultureInfo.InvariantCulture), 1000, 19999);
    }

    /// <summary>A dump of three databases as people write it for a restore: each is dropped first.</summary>
    private TemporaryFolder Dumped()
    {
        MariaDbServer.Require();
        server.Query("""
            DROP DATABASE IF EXISTS shop; DROP DATABASE IF EXISTS other; DROP DATABASE IF EXISTS empty_one; DROP DATABASE IF EXISTS jumpbag_load;
            CREATE DATABASE shop; CREATE DATABASE other; CREATE DATABASE empty_one;
            CREATE TABLE shop.orders (id INT PRIMARY KEY); INSERT INTO shop.orders VALUES (1), (2); CREATE TABLE shop.customers (id INT PRIMARY KEY); CREATE TABLE other.t (id INT); INSERT INTO other.t VALUES (2);
            """);
        var work = new TemporaryFolder();
        server.Dump(Path.Combine(work.Path, "dump.sql"), "--add-drop-database", "--databases", "shop", "other", "empty_one");
        return work;
    }
}
