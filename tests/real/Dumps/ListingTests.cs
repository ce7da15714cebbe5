using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Input;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Dumps;

/// <summary>Dumps of real servers: what is listed is what the server holds, and a table taken out of one can be loaded.</summary>
public sealed class ListingTests
{
    [Fact]
    public void of_mariadb_the_rows_are_counted_and_a_table_taken_out_is_the_same_table()
    {
        MariaDbServer.Require();
        using var server = new MariaDbServer();
        using var folder = new TemporaryFolder();
        string sql = folder.File("make.sql"), dump = folder.File("dump.sql"), part = folder.File("part.sql");
        File.WriteAllText(sql, """
            CREATE DATABASE a; CREATE DATABASE b; USE a;
            CREATE TABLE t (id INT PRIMARY KEY, x TEXT); INSERT INTO t SELECT seq, CONCAT('(;),\\', seq, '''') FROM seq_1_to_30000;
            CREATE TABLE u (id INT); CREATE VIEW v AS SELECT 1 AS one;
            DELIMITER ;;
            CREATE TRIGGER trig AFTER INSERT ON t FOR EACH ROW BEGIN INSERT INTO u VALUES (1); END;;
            DELIMITER ;
            USE b; CREATE TABLE t (id INT); INSERT INTO t VALUES (1),(2);
            """);
        Assert.Equal(0, server.Feed(sql).Status);
        server.Dump(dump, "--databases", "a", "b");
        using (DumpInput input = DumpInput.Open([dump]))
        {
            DumpIndex index = DumpIndex.Read(input);
            Assert.Equal(["Database a 0", "Table a.t 30000", "Trigger a.trig 0", "Table a.u 0", "Database b 0", "Table b.t 2", "View a.v 0"],
                index.Objects.Select(found => $"{found.Type} {found.Name} {found.Rows}").OrderBy(line => line.Contains("View") ? 1 : 0));
            Assert.Equal(DumpTailState.Complete, Assert.Single(index.Tails).State);
            Assert.Equal(DumpTailState.Complete, DumpEnd.Glance(input.Files[0])!.State);
            Assert.Throws<UsageException>(() => TableExtract.Find(index, ByteString.FromText("t")));
            using FileStream output = File.Create(part);
            TableExtract.Write(input, TableExtract.Find(index, ByteString.FromText("a.t")), new HashSet<ObjectName>(), output.Write);
        }
        server.Query("CREATE DATABASE c; CREATE TABLE c.u (id INT)");
        ShellResult loaded = server.Feed(part, "c");
        Assert.True(loaded.Status == 0, loaded.Errors);
        string sum = server.Query("CHECKSUM TABLE a.t, c.t");
        Assert.Equal(sum.Split('\t', '\n')[1], sum.Split('\t', '\n')[3]);
        Assert.Equal("trig\n", server.Query("SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema='c'"));
        Assert.Equal(DumpTailState.Complete, DumpEnd.Glance(DumpFile.Open(part))!.State);
        byte[] bytes = File.ReadAllBytes(dump);
        foreach (int cut in new[] { 30, 60, 300, bytes.Length / 2 })
        {
            File.WriteAllBytes(part, bytes[..^cut]);
            Assert.Equal(DumpTailState.Truncated, DumpEnd.Glance(DumpFile.Open(part))!.State);
            using DumpInput input = DumpInput.Open([part]);
            Assert.Equal(DumpTailState.Truncated, DumpIndex.Read(input).Tails[^1].State);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("--inserts --rows-per-insert=50")]
    [InlineData("--column-inserts --on-conflict-do-nothing")]
    public void of_postgresql_the_rows_are_counted_and_a_table_taken_out_is_the_same_table(string options)
    {
        PostgresServer.Require();
        using var server = new PostgresServer();
        using var folder = new TemporaryFolder();
        string dump = folder.File("dump.sql"), part = folder.File("part.sql");
        server.Query("""
            CREATE TABLE t (id serial PRIMARY KEY, x text, y bytea);
            INSERT INTO t (x, y) SELECT 'a;''\' || chr(10) || '\.' || chr(10) || n || chr(9), decode('00275c3b', 'hex') FROM generate_series(1, 3000) n;
            CREATE TABLE "odd; name" (n int); INSERT INTO "odd; name" VALUES (1), (NULL);
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN NEW.x := ';$$'; RETURN NEW; END $x$;
            CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END;
            CREATE TRIGGER trig BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
            CREATE VIEW v AS SELECT 1 AS one;
            CREATE RULE r AS ON DELETE TO "odd; name" DO INSTEAD (SELECT 1; SELECT 2);
            """);
        server.Dump(dump, [.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "postgres"]);
        using (DumpInput input = DumpInput.Open([dump]))
        {
            Assert.Equal(Dialect.Postgres, input.Dialect);
            DumpIndex index = DumpIndex.Read(input);
            Assert.Equal(["Routine public.f 0", "Routine public.g 0", "Sequence public.t_id_seq 0", "Table public.odd; name 2", "Table public.t 3000", "Trigger public.trig 0", "View public.v 0"],
                index.Objects.Select(found => $"{found.Type} {found.Name} {found.Rows}").Order(StringComparer.Ordinal));
            Assert.Equal(DumpTailState.Complete, Assert.Single(index.Tails).State);
            DumpObject table = TableExtract.Find(index, ByteString.FromText("t"));
            using FileStream output = File.Create(part);
            TableExtract.Write(input, table, index.OwnedSequences.Where(pair => pair.Value == table.Name).Select(pair => pair.Key).ToHashSet(), output.Write);
        }
        // All statements, written out again, make the same database.
        string again = folder.File("again.sql");
        using (var reader = new DumpReader(DumpInput.Open([dump]), new() { PieceSize = 5000 }))
        using (FileStream output = File.Create(again))
            while (reader.Read() is { } statement)
            {
                output.Write(statement.Text.Span);
                output.Write(";\n"u8);
                if (statement.Kind == StatementKind.Copy)
                    output.Write([.. statement.CopyLines.Span, .. "\\.\n"u8]);
                statement.Release!();
            }
        server.Query("CREATE DATABASE c");
        server.Query("CREATE DATABASE d");
        Succeed(server.Feed(again, "c"));
        server.Query("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", "d");
        Succeed(server.Feed(part, "d"));
        const string Sum = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY id)), (SELECT last_value FROM t_id_seq) FROM t";
        Assert.Equal(server.Query(Sum), server.Query(Sum, "c"));
        Assert.Equal(server.Query(Sum), server.Query(Sum, "d"));
        string first = folder.File("first"), second = folder.File("second");
        server.Dump(first, "postgres");
        server.Dump(second, "c");
        Assert.Equal(File.ReadAllLines(first).Where(line => !line.Contains("restrict ")), File.ReadAllLines(second).Where(line => !line.Contains("restrict ")));
    }

    private static void Succeed(ShellResult result) => Assert.True(result.Status == 0, result.Errors);
}
