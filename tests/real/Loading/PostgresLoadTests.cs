using System.Text;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>What jumpbag loads is what psql loads, as pg_dump sees it.</summary>
[Collection(nameof(PostgresDatabases))]
public sealed class PostgresLoadTests(PostgresDatabases databases)
{
    private PostgresServer Server => databases.Server!;

    [Theory]
    [InlineData("plain.sql", 1)]
    [InlineData("plain.sql.zst", 3)]
    [InlineData("inserts.sql", 3)]
    public void a_dump_is_loaded_as_psql_loads_it(string dump, int jobs)
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        Succeeds(databases.Load($"{dump} {databases.Url(target)} -j {jobs}"), "loaded: 70,535 rows");
        databases.AssertSame(databases.Wanted, target);
        Assert.Equal("", Server.Query("SELECT nspname FROM pg_namespace WHERE nspname = 'jumpbag_load'", target));
    }

    [Fact]
    public void a_dump_that_makes_its_database_is_followed_there()
    {
        PostgresServer.Require();
        string first = databases.NewDatabase(), home = databases.NewDatabase();
        Server.Query("CREATE TABLE t (id int PRIMARY KEY, x text); INSERT INTO t SELECT i, i::text FROM generate_series(1, 1000) i; CREATE INDEX t_x ON t (x)", first);
        string dump = databases.Folder.File("create.sql"), wanted = databases.Content(first);
        Server.Dump(dump, "-C", first);
        Server.Query($"DROP DATABASE {first}");
        Succeeds(databases.Load($"create.sql {databases.Url(home)}"), "1,000 rows");
        databases.AssertSame(wanted, first);
        Assert.Equal("0\n", Server.Query("SELECT count(*) FROM pg_namespace WHERE nspname = 'jumpbag_load'", home));
        ShellResult again = databases.Load($"create.sql {databases.Url(home)}");
        Assert.Equal(4, again.Status);
        Assert.Contains($"the database {first} is already there", again.Errors, StringComparison.Ordinal);
        Assert.Contains("--replace", again.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void names_and_rows_in_another_encoding_arrive()
    {
        PostgresServer.Require();
        string source = databases.NewDatabase() + "_latin", dump = databases.Folder.File("latin.sql");
        Server.Query($"CREATE DATABASE {source} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        File.WriteAllText(databases.Folder.File("make.sql"), """
            SET client_encoding = 'UTF8';
            CREATE TABLE "häuser" ("straße" text PRIMARY KEY, id serial UNIQUE);
            INSERT INTO "häuser" SELECT 'Größe ' || i || ' £' FROM generate_series(1, 60000) i;
            CREATE INDEX "nach größe" ON "häuser" (lower("straße"));
            COMMENT ON TABLE "häuser" IS 'ÄÖÜ';
            """);
        Assert.Equal(0, Server.Feed(databases.Folder.File("make.sql"), source).Status);
        Server.Dump(dump, source);
        Assert.Contains((byte)0xE4, File.ReadAllBytes(dump));
        string byPsql = databases.NewDatabase(), byJumpbag = databases.NewDatabase();
        Assert.Equal(0, Server.Feed(dump, byPsql).Status);
        Succeeds(databases.Load($"latin.sql {databases.Url(byJumpbag)} -j 2"), "60,000 rows");
        databases.AssertSame(databases.Content(byPsql), byJumpbag);
        File.WriteAllBytes(databases.Folder.File("bad.sql"), Encoding.Latin1.GetBytes("SET client_encoding = 'LATIN1';\nCREATE TABLE public.\"häß\" (n int);\nCOPY public.\"häß\" (n) FROM stdin;\n1\nzwölf\n\\.\n"));
        ShellResult bad = databases.Load($"bad.sql {databases.Url(databases.NewDatabase())}");
        Assert.Equal(1, bad.Status);
        Assert.Contains("line 5, byte ", bad.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void rows_that_triggers_and_foreign_keys_watch_come_in_order()
    {
        PostgresServer.Require();
        string source = databases.NewDatabase(), byPsql = databases.NewDatabase(), byJumpbag = databases.NewDatabase();
        const string Tables = """
            CREATE TABLE parent (id int PRIMARY KEY);
            CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent, sum bigint);
            CREATE TABLE counted (id serial, name text);
            CREATE FUNCTION add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.sum := (SELECT coalesce(max(sum), 0) FROM public.child WHERE id = NEW.id - 1) + NEW.id; RETURN NEW; END $$;
            CREATE TRIGGER add BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION add();
            """;
        Server.Query(Tables + "INSERT INTO parent SELECT generate_series(1, 200000); INSERT INTO child SELECT i, i, 0 FROM generate_series(1, 30000) i", source);
        string dump = databases.Folder.File("data.sql");
        Server.Dump(dump, "--data-only", source);
        const string Trailer = "--\n-- PostgreSQL database dump complete";
        File.WriteAllText(dump, File.ReadAllText(dump).Replace(Trailer, string.Join('\n', Enumerable.Range(1, 30000).Select(i => $"INSERT INTO public.counted (name) VALUES ('name {i} {new string('x', 60)}');")) + "\n" + Trailer, StringComparison.Ordinal));
        foreach (string target in (string[])[byPsql, byJumpbag])
            Server.Query(Tables, target);
        Assert.Equal(0, Server.Feed(dump, byPsql, "-1").Status);
        Succeeds(databases.Load($"data.sql {databases.Url(byJumpbag)} --data-only -j 3"), "260,000 rows");
        databases.AssertSame(databases.Content(byPsql), byJumpbag);
    }

    [Fact]
    public void rows_that_the_server_refuses_are_told_by_their_line_and_can_be_passed_over()
    {
        PostgresServer.Require();
        string stopped = databases.NewDatabase(), skipped = databases.NewDatabase();
        var dump = new StringBuilder("CREATE TABLE public.t (id int PRIMARY KEY, n int NOT NULL);\nCOPY public.t (id, n) FROM stdin;\n");
        for (int i = 1; i <= 200_000; i++)
            dump.Append(i is 150_000 ? "150000\tx\n" : i is 150_001 ? "7\n" : i is 199_999 ? "1\t1\n" : $"{i}\t{i}\n");
        string text = dump.Append("\\.\nSELECT 1/0;\nCREATE INDEX t_n ON public.t (n);\n").ToString();
        File.WriteAllText(databases.Folder.File("wrong.sql"), text);
        // Of several connections each could be the first to meet a wrong row.
        ShellResult stop = databases.Load($"wrong.sql {databases.Url(stopped)} -j 1");
        Assert.Equal(1, stop.Status);
        Assert.Contains($"public.t, line 150002, byte {text.IndexOf("150000\tx", StringComparison.Ordinal)}: 150000\\tx: error 22P02", stop.Errors, StringComparison.Ordinal);
        Assert.Contains("hint: correct the cause and go on with --resume", stop.Errors, StringComparison.Ordinal);
        ShellResult skip = databases.Load($"wrong.sql {databases.Url(skipped)} --on-error skip");
        Assert.Equal(3, skip.Status);
        Assert.Contains("line 150002,", skip.Errors, StringComparison.Ordinal);
        Assert.Contains("line 150003,", skip.Errors, StringComparison.Ordinal);
        Assert.Contains("line 200001,", skip.Errors, StringComparison.Ordinal);
        Assert.Contains("SELECT 1/0: error 22012", skip.Errors, StringComparison.Ordinal);
        Assert.Equal("199997\t1\n", Server.Query("SELECT count(*), (SELECT count(*) FROM pg_indexes WHERE indexname = 't_n') FROM t", skipped));
    }

    [Fact]
    public void owners_and_privileges_of_roles_that_are_missing_are_left_out_and_told()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase(), other = databases.NewDatabase();
        File.WriteAllText(databases.Folder.File("roles.sql"), """
            SET statement_timeout = 0;
            SET of_a_newer_server = on;
            CREATE TABLE public.t (id int);
            ALTER TABLE public.t OWNER TO ghost;
            GRANT SELECT ON TABLE public.t TO ghost;
            GRANT SELECT ON TABLE public.t TO reader;
            CREATE TABLE public.u (id int);
            ALTER TABLE public.u OWNER TO reader;
            """);
        ShellResult done = databases.Load($"roles.sql {databases.Url(target)}");
        Succeeds(done, "role \"ghost\" does not exist (2 statements)");
        Assert.Contains("SET of_a_newer_server: this server doesn't know it", done.Errors, StringComparison.Ordinal);
        Assert.Equal("postgres\treader\n", Server.Query("SELECT a.relowner::regrole, b.relowner::regrole FROM pg_class a, pg_class b WHERE a.relname = 't' AND b.relname = 'u'", target));
        Assert.Contains("reader=r/postgres", Server.Query("SELECT relacl FROM pg_class WHERE relname = 't'", target), StringComparison.Ordinal);
        Succeeds(databases.Load($"roles.sql {databases.Url(other)} --definer drop"), "loaded");
        Assert.Equal("postgres\n", Server.Query("SELECT relowner::regrole FROM pg_class WHERE relname = 'u'", other));
    }

    [Fact]
    public void what_is_there_is_replaced_only_when_that_was_said()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        Server.Query("CREATE SCHEMA app; CREATE TABLE app.orders (other int); CREATE TABLE app.kept (id int); CREATE FUNCTION app.twice(a text) RETURNS text LANGUAGE sql AS 'SELECT a'; CREATE FUNCTION app.twice(x bool) RETURNS bool LANGUAGE sql AS 'SELECT x'", target);
        ShellResult refused = databases.Load($"plain.sql {databases.Url(target)}");
        Assert.Equal(4, refused.Status);
        Assert.Contains("jumpbag: app.orders is already there\nhint: --replace", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("0\n", Server.Query("SELECT count(*) FROM pg_namespace WHERE nspname = 'jumpbag_load'", target));
        Succeeds(databases.Load($"plain.sql {databases.Url(target)} --dry-run"), "", 4);
        Succeeds(databases.Load($"plain.sql {databases.Url(target)} --replace"), "CREATE SCHEMA of schemas that are there (1 statement)");
        Assert.Equal("kept\n", Server.Query("SELECT relname FROM pg_class WHERE relname = 'kept'", target));
        // The dump's own event trigger would write of what is dropped now, and its default privileges hold for what is made now.
        Server.Query("DROP EVENT TRIGGER noticed; DROP TABLE app.kept; DROP FUNCTION app.twice(bool); ALTER SUBSCRIPTION olds SET (slot_name = NONE); ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM reader", target);
        Server.Query("DROP SUBSCRIPTION olds", target);
        Succeeds(databases.Load($"plain.sql {databases.Url(target)} --replace -j 3"), "loaded");
        databases.AssertSame(databases.Wanted, target);
    }

    [Fact]
    public void tables_that_are_chosen_bring_their_sequences_indexes_and_schema()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase(), byPgDump = databases.NewDatabase();
        Succeeds(databases.Load($"plain.sql {databases.Url(target)} --tables 'public.always,log,unlogged,events*,kinds'"), "loaded");
        Assert.Equal(0, Server.Feed(databases.Chosen, byPgDump).Status);
        databases.AssertSame(databases.Content(byPgDump), target);
        string alone = databases.NewDatabase();
        Succeeds(databases.Load($"plain.sql {databases.Url(alone)} --tables 'events*'"), "foreign keys to tables that are not loaded (1 statement)");
        Assert.Equal("10000\n", Server.Query("SELECT count(*) FROM events", alone));
    }

    [Fact]
    public void a_table_is_loaded_beside_the_living_one()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase(), source = databases.NewDatabase();
        const string Made = """
            CREATE SCHEMA {0};
            CREATE TABLE {0}.{1} (id serial PRIMARY KEY, n int UNIQUE, up int REFERENCES {0}.{1});
            CREATE TABLE {0}.{1}_items (id int GENERATED ALWAYS AS IDENTITY, of int REFERENCES {0}.{1});
            INSERT INTO {0}.{1} (n) SELECT generate_series(1, 100);
            INSERT INTO {0}.{1}_items (of) SELECT generate_series(1, 100);
            CREATE INDEX {1}_odd ON {0}.{1} ((n + 1));
            COMMENT ON INDEX {0}.{1}_odd IS 'shop.orders';
            """;
        Server.Query(string.Format(System.Globalization.CultureInfo.InvariantCulture, Made, "shop", "orders"), source);
        Server.Dump(databases.Folder.File("shop.sql"), source);
        Succeeds(databases.Load($"shop.sql {databases.Url(target)} --rename shop=market"), "200 rows");
        Assert.Equal(databases.Content(source).Replace("shop.", "market.", StringComparison.Ordinal).Replace("SCHEMA shop", "SCHEMA market", StringComparison.Ordinal)
            .Replace("Schema: shop", "Schema: market", StringComparison.Ordinal).Replace("Name: shop;", "Name: market;", StringComparison.Ordinal).Replace("IS 'market.orders'", "IS 'shop.orders'", StringComparison.Ordinal),
            databases.Content(target));
        Succeeds(databases.Load($"shop.sql {databases.Url(source)} --tables orders --rename shop.orders=orders_old"), "100 rows");
        Assert.Equal("shop.orders_old_id_seq\t100\n", Server.Query("SELECT pg_get_serial_sequence('shop.orders_old', 'id'), count(*) FROM shop.orders_old", source));
        Assert.Equal("orders_old_n_key\norders_old_odd\norders_old_pkey\n", Server.Query("SELECT indexname FROM pg_indexes WHERE tablename = 'orders_old' ORDER BY 1", source));
        Assert.Equal("shop.orders_old\n", Server.Query("SELECT confrelid::regclass FROM pg_constraint WHERE conrelid = 'shop.orders_old'::regclass AND contype = 'f'", source));
        ShellResult refused = databases.Load($"plain.sql {databases.Url(databases.NewDatabase())} --rename app.orders=o");
        Assert.Equal(4, refused.Status);
        Assert.Contains("it names columns of orders by the table's name", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void schema_and_data_can_be_loaded_one_after_the_other()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase(), byPsql = databases.NewDatabase();
        Succeeds(databases.Load($"plain.sql {databases.Url(target)} --schema-only"), "loaded: 0 rows");
        Server.Dump(databases.Folder.File("schema.sql"), "--schema-only", "source");
        Assert.Equal(0, Server.Feed(databases.Folder.File("schema.sql"), byPsql).Status);
        databases.AssertSame(databases.Content(byPsql), target);
        Succeeds(databases.Load($"plain.sql {databases.Url(target)} --data-only --tables 'public.always,unlogged'"), "20,500 rows");
        Assert.Equal("20000\t20000\n", Server.Query("SELECT count(*), (SELECT last_value FROM unlogged_id_seq) FROM unlogged", target));
    }

    private static void Succeeds(ShellResult result, string said, int status = 0)
    {
        Assert.True(result.Status == status, $"exit status {result.Status}: {result.Errors}");
        Assert.Contains(said, result.Errors, StringComparison.Ordinal);
    }
}
