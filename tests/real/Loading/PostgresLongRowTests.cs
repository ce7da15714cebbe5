using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>A row that is longer than the program may be: it goes through without being held.</summary>
[Collection(nameof(PostgresDatabases))]
public sealed class PostgresLongRowTests(PostgresDatabases databases)
{
    /// <summary>Of the value; in the dump it has two digits for each.</summary>
    private const int Bytes = 150_000_000;

    private PostgresServer Server => databases.Server!;

    [Fact]
    public void it_is_loaded_in_bounded_memory_and_once()
    {
        PostgresServer.Require();
        Require.Tool("time");
        string target = databases.NewDatabase();
        Write("long.sql", "SELECT public.missing();\n");
        const string Time = "timeout 55 /usr/bin/time -q -o figures -f %M \"$BIN\" load long.sql";
        ShellResult stopped = JumpbagProgram.Bash(databases.Folder.Path, $"{Time} {databases.Url(target)} -j 2; echo $?; cat figures");
        Assert.True(stopped.Output.StartsWith("1\n", StringComparison.Ordinal), stopped.Errors);
        Assert.Contains("public.missing()", stopped.Errors, StringComparison.Ordinal);
        Assert.InRange(int.Parse(stopped.Output.Split('\n')[1], System.Globalization.CultureInfo.InvariantCulture), 10_000, 256 << 10);
        Server.Query("CREATE FUNCTION public.missing() RETURNS int LANGUAGE sql AS 'SELECT 1'", target);
        ShellResult resumed = databases.Load($"long.sql {databases.Url(target)} --resume");
        Assert.True(resumed.Status == 0, resumed.Errors);
        Assert.Equal($"1\t1\n2\t{Bytes}\n3\t1\n", Server.Query("SELECT id, length(x) FROM t ORDER BY id", target));
        Assert.Equal("ab\n", Server.Query("SELECT encode(substr(x, 149999999, 1), 'hex') FROM t WHERE id = 2", target));
    }

    [Fact]
    public void it_is_told_where_it_is_refused_and_can_be_passed_over()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase(), skipped = databases.NewDatabase();
        File.WriteAllText(databases.Folder.File("wrong.sql"), "CREATE TABLE public.t (id int, x bytea);\nCOPY public.t (id, x) FROM stdin;\n1\t\\\\x00\n2\t\\\\x" + new string('0', 20_000_000) + "no\n3\t\\\\x00\n\\.\n");
        ShellResult refused = databases.Load($"wrong.sql {databases.Url(target)}");
        Assert.Equal(1, refused.Status);
        Assert.Matches(@"public\.t, line 4, byte 83: 2\\t\\\\\\\\x0+…: error 22023", refused.Errors);
        ShellResult skip = databases.Load($"wrong.sql {databases.Url(skipped)} --on-error skip -j 2");
        Assert.Equal(3, skip.Status);
        Assert.Contains("public.t, line 4, byte ", skip.Errors, StringComparison.Ordinal);
        Assert.Equal("1\n3\n", Server.Query("SELECT id FROM t ORDER BY id", skipped));
        File.WriteAllText(databases.Folder.File("cut.sql"), File.ReadAllText(databases.Folder.File("wrong.sql"))[..15_000_000]);
        string cut = databases.NewDatabase();
        Assert.Equal(1, databases.Load($"cut.sql {databases.Url(cut)}").Status);
        ShellResult begun = databases.Load($"cut.sql {databases.Url(cut)} --on-error skip");
        Assert.True(begun.Status == 3, begun.Errors);
        Assert.Equal("1\n", Server.Query("SELECT id FROM t ORDER BY id", cut));
        // Out of a dump it comes as it is.
        ShellResult extract = databases.Load("--extract t wrong.sql >out.sql; cmp <(sed -n '/^COPY/,/^\\\\\\.$/p' wrong.sql) <(sed -n '/^COPY/,/^\\\\\\.$/p' out.sql | grep -v -e ^COPY -e '^\\\\\\.$' | sed '1i COPY public.t (id, x) FROM stdin;' | sed '$a \\\\\\.')");
        Assert.True(extract.Status == 0, extract.Output + extract.Errors);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ON CONFLICT DO NOTHING")]
    public void as_an_insert_too(string tail)
    {
        PostgresServer.Require();
        Require.Tool("time");
        string target = databases.NewDatabase(), skipped = databases.NewDatabase();
        using (StreamWriter dump = File.CreateText(databases.Folder.File("insert.sql")))
        {
            dump.Write($"CREATE TABLE public.t (id int, x text);\nINSERT INTO public.t VALUES\n\t(1, 'a'),\n\t(2, '");
            for (int i = 0; i < 100; i++)
                dump.Write(string.Concat(Enumerable.Repeat(";)''(", 100_000)));
            dump.Write($"'){(tail.Length > 0 ? tail : ",\n\t(3, 'c')")};\nINSERT INTO public.t VALUES (4, 'd');\n");
        }
        ShellResult loaded = JumpbagProgram.Bash(databases.Folder.Path, $"timeout 55 /usr/bin/time -q -o figures -f %M \"$BIN\" load insert.sql {databases.Url(target)} -j 2 --rename public.t=u && cat figures");
        if (tail.Length > 0)
        {
            // The row before it cannot go by itself.
            Assert.Equal(4, loaded.Status);
            Assert.Contains("has something behind its rows (ON CONFLICT DO NOTHING", loaded.Errors, StringComparison.Ordinal);
            return;
        }
        Assert.True(loaded.Status == 0, loaded.Errors);
        Assert.InRange(int.Parse(loaded.Output, System.Globalization.CultureInfo.InvariantCulture), 10_000, 256 << 10);
        Assert.Equal("", JumpbagProgram.Bash(databases.Folder.Path, $"sed 's/public\\.t/public.v/' insert.sql >v.sql; psql -qX -v ON_ERROR_STOP=1 '{databases.Url(skipped)}' -f v.sql 2>&1").Output);
        const string Sums = "SELECT id, length(x), md5(x) FROM {0} ORDER BY id";
        Assert.Equal(Server.Query(string.Format(System.Globalization.CultureInfo.InvariantCulture, Sums, "v"), skipped), Server.Query(string.Format(System.Globalization.CultureInfo.InvariantCulture, Sums, "u"), target));
        Assert.Empty(Directory.GetFiles("/var/tmp", "jumpbag-*"));
    }

    private void Write(string name, string behind)
    {
        using StreamWriter dump = File.CreateText(databases.Folder.File(name));
        dump.Write("CREATE TABLE public.t (id int, x bytea);\nALTER TABLE public.t ALTER COLUMN x SET STORAGE EXTERNAL;\nCOPY public.t (id, x) FROM stdin;\n1\t\\\\x00\n2\t\\\\x");
        string part = string.Concat(Enumerable.Repeat("ab", 50_000));
        for (int i = 0; i < Bytes / 50_000; i++)
            dump.Write(part);
        dump.Write("\n3\t\\\\x00\n\\.\n" + behind);
    }
}
