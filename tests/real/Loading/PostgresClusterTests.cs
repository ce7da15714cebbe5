using System.Diagnostics;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>Dumps that go to several databases: pg_dumpall, pg_dump -C.</summary>
[Collection(nameof(PostgresDatabases))]
public sealed class PostgresClusterTests(PostgresDatabases databases)
{
    private const string Content = """
        CREATE TABLE t (id int PRIMARY KEY, x text);
        INSERT INTO t SELECT i, 'NAME ' || i FROM generate_series(1, ROWS) i;
        CREATE TABLE u (id serial, of int REFERENCES t);
        INSERT INTO u (of) SELECT generate_series(1, ROWS);
        CREATE INDEX t_x ON t (x);
        ALTER TABLE t OWNER TO anna;
        GRANT SELECT ON u TO readers;
        """;

    private PostgresServer Server => databases.Server!;

    [Fact]
    public void a_whole_cluster_is_loaded_and_single_databases_of_it()
    {
        PostgresServer.Require();
        using var source = new PostgresServer();
        using var target = new PostgresServer();
        source.Query("CREATE ROLE readers; CREATE ROLE anna LOGIN PASSWORD 'a secret'; GRANT readers TO anna; ALTER ROLE anna SET work_mem = '7MB'");
        source.Query("CREATE DATABASE shop OWNER anna");
        source.Query("CREATE DATABASE \"odd 'name'\"");
        source.Query("ALTER DATABASE shop SET work_mem = '5MB'; COMMENT ON DATABASE shop IS 'one'; GRANT CONNECT ON DATABASE shop TO readers");
        source.Query(Made("shop", "3000"), "shop");
        source.Query(Made("odd", "500"), "odd 'name'");
        source.Query("CREATE TABLE home (id int); INSERT INTO home VALUES (1)");
        string dump = databases.Folder.File("all.sql"), wanted = DumpAll(source, dump);
        ShellResult list = databases.Load("--list all.sql");
        Assert.Matches(@"(?m)^table +shop\.public\.t +3000 ", list.Output);
        Assert.Matches(@"(?m)^table +odd 'name'\.public\.t +500 ", list.Output);
        Assert.Matches(@"(?m)^table +postgres\.public\.home +1 ", list.Output);
        ShellResult extract = databases.Load("--extract shop.public.u all.sql");
        Assert.Equal(3000, extract.Output.Split('\n').Count(line => line.Contains('\t', StringComparison.Ordinal)));
        Assert.Equal(2, databases.Load("--extract t all.sql").Status);

        string url = $"'postgresql://postgres@localhost:{target.Port}/postgres?host={target.Folder}'";
        ShellResult single = databases.Load($"all.sql {url} --tables home");
        Assert.True(single.Status == 0, single.Errors);
        Assert.Equal("postgres\ntemplate0\ntemplate1\n", target.Query("SELECT datname FROM pg_database ORDER BY 1"));
        target.Query("DROP TABLE home");
        ShellResult one = databases.Load($"all.sql {url} --databases 'odd*'");
        Assert.True(one.Status == 0, one.Errors);
        Assert.Contains("loaded: 1,000 rows of 2 tables", one.Errors, StringComparison.Ordinal);
        Assert.Contains("role \"anna\" does not exist", one.Errors, StringComparison.Ordinal);
        Assert.Equal("odd 'name'\npostgres\ntemplate0\ntemplate1\n", target.Query("SELECT datname FROM pg_database ORDER BY 1"));
        ShellResult refused = databases.Load($"all.sql {url}");
        Assert.Equal(4, refused.Status);
        Assert.Contains("jumpbag: the database odd 'name' is already there\nhint: --replace", refused.Errors, StringComparison.Ordinal);
        target.Query("DROP DATABASE \"odd 'name'\"");
        target.Query("CREATE TABLE home (other text)");
        ShellResult inTheWay = databases.Load($"all.sql {url}");
        Assert.Equal(4, inTheWay.Status);
        Assert.Contains("jumpbag: postgres.public.home is already there\n", inTheWay.Errors, StringComparison.Ordinal);
        target.Query("DROP TABLE home");
        ShellResult loaded = databases.Load($"all.sql {url} -j 3");
        Assert.True(loaded.Status == 0, loaded.Errors);
        Assert.Contains("loaded: 7,001 rows of 5 tables", loaded.Errors, StringComparison.Ordinal);
        Assert.Contains("CREATE ROLE and ALTER ROLE of roles that the server has (2 statements)", loaded.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("SCRAM", loaded.Errors, StringComparison.Ordinal);
        Assert.Equal(wanted, DumpAll(target, databases.Folder.File("again.sql")));
        ShellResult replaced = databases.Load($"all.sql {url} --replace");
        Assert.True(replaced.Status == 0, replaced.Errors);
        Assert.Equal(wanted, DumpAll(target, databases.Folder.File("again.sql")));
    }

    /// <summary>Also where the dump drops its database first, and names have dots in them.</summary>
    [Fact]
    public void a_database_is_loaded_beside_the_living_one()
    {
        PostgresServer.Require();
        using var server = new PostgresServer();
        server.Query("CREATE ROLE anna");
        server.Query("CREATE DATABASE shop");
        server.Query("ALTER DATABASE shop SET work_mem = '5MB'; COMMENT ON DATABASE shop IS 'one'; GRANT CONNECT ON DATABASE shop TO anna; ALTER ROLE anna IN DATABASE shop SET work_mem = '6MB'");
        server.Query("CREATE TABLE database (shop text); INSERT INTO database VALUES ('shop'); CREATE SCHEMA \"a.b\"; CREATE TABLE \"a.b\".\"c.d\" (id int); INSERT INTO \"a.b\".\"c.d\" VALUES (1)", "shop");
        server.Dump(databases.Folder.File("one.sql"), "-C", "--clean", "--if-exists", "shop");
        server.Dump(databases.Folder.File("content.sql"), "shop");
        string wanted = DumpAll(server, databases.Folder.File("before.sql"));
        server.Query("CREATE TABLE living (id int)", "shop");
        string living = DumpAll(server, databases.Folder.File("living.sql")), url = $"'postgresql://postgres@localhost:{server.Port}/postgres?host={server.Folder}'";

        ShellResult refused = databases.Load($"one.sql {url}");
        Assert.Equal(4, refused.Status);
        Assert.Contains("jumpbag: the database shop is already there\nhint: --replace drops what the dump has in it, --rename shop=shop_restored loads it beside", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("database back.up\ntable back.up.a.b.c.d, 1 row\ntable back.up.public.database, 1 row\n", databases.Load($"one.sql {url} --rename shop=back.up --dry-run").Output);
        foreach (string option in new[] { "", "--replace" })
        {
            ShellResult loaded = databases.Load($"one.sql {url} --rename shop=back.up {option}");
            Assert.True(loaded.Status == 0, loaded.Errors);
        }
        // One table that somebody dropped comes back into the database that is there.
        ShellResult table = databases.Load($"one.sql {url} --tables 'c.d'");
        Assert.Equal(4, table.Status);
        Assert.Contains("jumpbag: shop.a.b.c.d is already there\n", table.Errors, StringComparison.Ordinal);
        server.Query("DROP TABLE \"a.b\".\"c.d\"", "shop");
        table = databases.Load($"one.sql {url} --tables 'c.d'");
        Assert.True(table.Status == 0, table.Errors);
        Assert.Contains("CREATE DATABASE of databases that are there (1 statement)", table.Errors, StringComparison.Ordinal);
        Assert.Contains("loaded: 1 row of 1 table", table.Errors, StringComparison.Ordinal);
        server.Query("ALTER DATABASE shop RENAME TO aside; ALTER DATABASE \"back.up\" RENAME TO shop; UPDATE pg_database SET datallowconn = false WHERE datname = 'aside'");
        Assert.Equal(wanted, DumpAll(server, databases.Folder.File("after.sql")));
        server.Query("UPDATE pg_database SET datallowconn = true WHERE datname = 'aside'");
        server.Query("DROP DATABASE shop");
        server.Query("ALTER DATABASE aside RENAME TO shop");
        Assert.Equal(living, DumpAll(server, databases.Folder.File("after.sql")));

        server.Query("CREATE DATABASE others");
        string others = $"'postgresql://postgres@localhost:{server.Port}/others?host={server.Folder}'";
        ShellResult dots = JumpbagProgram.Bash(databases.Folder.Path, $"jumpbag load -q content.sql {others} --tables a.b.c.d && jumpbag load -q content.sql {others} --tables a.b.c.d --rename a.b.c.d=e.f && jumpbag load -q content.sql {others} --tables a.b.c.d --rename a.b=g.h");
        Assert.Equal((0, ""), (dots.Status, dots.Errors));
        Assert.Equal("a.b|c.d\na.b|e.f\ng.h|c.d\n", server.Query("SELECT schemaname || '|' || tablename FROM pg_tables WHERE schemaname LIKE '%.%' ORDER BY 1", "others"));
    }

    [Theory]
    [InlineData("SELECT pg_catalog.pg_sleep(60)")]
    [InlineData(null)]
    public void a_load_that_is_killed_between_making_a_database_and_going_there_is_resumed(string? between)
    {
        PostgresServer.Require();
        Assert.SkipUnless(File.Exists(JumpbagProgram.Path), "needs the program");
        string made = databases.NewDatabase(), home = databases.NewDatabase();
        Server.Query("CREATE TABLE t (id int PRIMARY KEY, x text); INSERT INTO t SELECT i, i::text FROM generate_series(1, 1000) i", made);
        string wanted = databases.Content(made), dump = databases.Folder.File("between.sql");
        Server.Dump(dump, "-C", made);
        if (between is not null)
        {
            string waits = $"SELECT 1 FROM (SELECT pg_catalog.pg_sleep(CASE WHEN pg_catalog.to_regclass('public.resumed') IS NULL THEN 60 ELSE 0 END)) AS waiting;\n";
            string text = File.ReadAllText(dump);
            int connect = text.IndexOf("\\connect", StringComparison.Ordinal);
            File.WriteAllText(dump, text[..connect] + waits + text[connect..]);
        }
        Server.Query($"DROP DATABASE {made}");
        var random = new Random(5);
        for (int round = 0; round < (between is null ? 8 : 1); round++)
        {
            bool hasBegun = Server.Query("SELECT count(*) FROM pg_tables WHERE schemaname = 'jumpbag_load'", home) != "0\n";
            if (!hasBegun && Exists(made))
                break;
            using Process load = Process.Start(new ProcessStartInfo(JumpbagProgram.Path, ["load", "between.sql", databases.Url(home).Trim('\''), .. hasBegun ? (string[])["--resume"] : []])
            { WorkingDirectory = databases.Folder.Path, RedirectStandardError = true })!;
            if (between is null)
                load.WaitForExit(random.Next(150, 900));
            else
                for (int i = 0; i < 300 && Server.Query("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%AS waiting%' AND application_name = 'jumpbag'") != "1\n"; i++)
                    Thread.Sleep(50);
            load.Kill();
            load.WaitForExit();
        }
        if (between is not null)
        {
            Assert.True(Exists(made));
            Server.Query("CREATE TABLE public.resumed ()", home);
        }
        bool unfinished = Server.Query("SELECT count(*) FROM pg_tables WHERE schemaname = 'jumpbag_load'", home) != "0\n";
        if (unfinished || !Exists(made))
        {
            ShellResult resumed = databases.Load($"between.sql {databases.Url(home)} {(unfinished ? "--resume" : "")}");
            Assert.True(resumed.Status == 0, resumed.Errors);
        }
        databases.AssertSame(wanted, made);
        Assert.Equal("0\n", Server.Query("SELECT count(*) FROM pg_namespace WHERE nspname = 'jumpbag_load'", made));
        Assert.Equal("0\n", Server.Query("SELECT count(*) FROM pg_namespace WHERE nspname = 'jumpbag_load'", home));
    }

    [Fact]
    public void a_dump_that_goes_to_a_database_which_nobody_makes_is_refused_at_once()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        File.WriteAllText(databases.Folder.File("elsewhere.sql"), "CREATE TABLE public.first (id int);\n\\connect nowhere\nCREATE TABLE public.second (id int);\n");
        ShellResult refused = databases.Load($"elsewhere.sql {databases.Url(target)}");
        Assert.Equal(1, refused.Status);
        Assert.Contains("jumpbag: the dump goes to the database nowhere, which is not there and which it does not make\nhint: createdb nowhere", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("0\n", Server.Query("SELECT count(*) FROM pg_tables WHERE tablename = 'first'", target));
    }

    private static string Made(string name, string rows) => Content.Replace("NAME", name, StringComparison.Ordinal).Replace("ROWS", rows, StringComparison.Ordinal);

    private bool Exists(string database) => Server.Query($"SELECT count(*) FROM pg_database WHERE datname = '{database}'") == "1\n";

    private static string DumpAll(PostgresServer server, string file)
    {
        Shell.Run("pg_dumpall", [.. server.ClientOptions, "-f", file]);
        return string.Join('\n', File.ReadLines(file).Where(line => !line.StartsWith("\\restrict", StringComparison.Ordinal) && !line.StartsWith("\\unrestrict", StringComparison.Ordinal)));
    }
}
