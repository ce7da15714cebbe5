using System.Text;
using System.Text.RegularExpressions;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Input;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Dumps;

/// <summary>
/// The mariadb client cuts the same dump into statements, and the server's general log tells what arrived: ours must be the same bytes.
/// </summary>
public sealed partial class ClientComparisonTests(ClientComparisonTests.OneServer one) : IClassFixture<ClientComparisonTests.OneServer>
{
    private readonly MariaDbServer server = one.Server;

    /// <summary>For all of these tests.</summary>
    public sealed class OneServer : IDisposable
    {
        public MariaDbServer Server { get; } = new();

        public void Dispose() => Server.Dispose();
    }

    private const string Schema = """
        CREATE TABLE plain (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT, b BLOB, c DECIMAL(10,3), d DATETIME, KEY (c));
        CREATE TABLE `odd; ``name` (`a;b` INT, `c``d` VARCHAR(20) DEFAULT ';');
        CREATE TABLE log (n INT);
        CREATE SEQUENCE counter START WITH 7;
        CREATE VIEW seen AS SELECT id, 'x;y' AS y FROM plain;
        INSERT INTO `odd; ``name` VALUES (1, 'a;b'), (2, '--'), (3, NULL);
        DELIMITER ;;
        CREATE TRIGGER before_plain BEFORE INSERT ON plain FOR EACH ROW BEGIN IF NEW.c > 1 THEN INSERT INTO log VALUES (1); END IF; /* ; */ SET @x = ';'; END;;
        CREATE TRIGGER after_plain AFTER DELETE ON plain FOR EACH ROW BEGIN -- it's; here
          DELETE FROM log; END;;
        CREATE PROCEDURE proc(IN a INT) COMMENT 'a;b' BEGIN DECLARE s TEXT DEFAULT "DELIMITER ;"; SELECT a; /* ;; */ SELECT s; END;;
        CREATE FUNCTION func() RETURNS INT DETERMINISTIC BEGIN # '
          RETURN 1; END;;
        CREATE EVENT happening ON SCHEDULE EVERY 1 DAY DISABLE DO BEGIN DELETE FROM log; DELETE FROM log; END;;
        DELIMITER ;
        """;

    [Theory]
    [InlineData("--opt")]
    [InlineData("--skip-extended-insert")]
    [InlineData("--skip-opt")]
    [InlineData("--complete-insert --hex-blob")]
    [InlineData("--databases shop --add-drop-database", true)]
    [InlineData("--skip-comments --net-buffer-length=4096")]
    [InlineData("--compact")]
    [InlineData("--insert-ignore --tz-utc")]
    [InlineData("--replace --skip-quote-names")]
    [InlineData("--default-character-set=latin1")]
    [InlineData("--compatible=ansi")]
    [InlineData("--default-character-set=sjis")]
    public void of_mariadb_dump_the_same_statements_arrive(string options, bool namesDatabase = false)
    {
        MariaDbServer.Require();
        using var folder = new TemporaryFolder();
        string dump = folder.File("dump.sql"), schema = folder.File("schema.sql");
        File.WriteAllText(schema, "DROP DATABASE IF EXISTS shop; CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop;\n" + Schema);
        Succeed(server.Feed(schema));
        FillWithTraps(folder.File("rows.sql"));
        server.Dump(dump, ["--routines", "--events", "--triggers", .. options.Split(' '), .. namesDatabase ? Array.Empty<string>() : ["shop"]]);
        server.Query("DROP DATABASE IF EXISTS copy; CREATE DATABASE copy");
        // What --compatible=ansi makes can't all be loaded; it arrives all the same.
        List<string> arrived = Arrived(dump, "copy", force: options.Contains("ansi"), options.Contains("sjis") ? "sjis" : "binary");
        Assert.InRange(arrived.Count, 20, 5000);
        Assert.Equal(arrived, Ours(dump));
    }

    /// <summary>The server logs what is no SQL too, so that any mixture of what a lexer can trip over does.</summary>
    [Fact]
    public void of_any_mixture_of_tokens_the_same_statements_arrive()
    {
        MariaDbServer.Require();
        using var folder = new TemporaryFolder();
        server.Query("CREATE DATABASE IF NOT EXISTS soup");
        string dump = folder.File("soup.sql");
        string[] tokens =
        [
            "SELECT ", "1", ";", ";\n", "\n", " ", "'a'", "'it''s'", "'x\\'y;'", "'\\\\'", "\"q;\"", "\"\\\"\"", "`n;`", "`a``b`", "/* c; */", "/* ' */", "/*!40000 x ; */", "/*!50003 'a;' */",
            "/*M!100000 y */", "-- c ' ;\n", "# c \" ;\n", "--1", "(", ")", ",", "INSERT INTO t VALUES (1,'a'),(2,'b;')", "INSERT INTO `t` (a) VALUES\n(1,\"x\"),\n(-2,'\\\\'),(NULL,'\n');\n",
            "'line\nline;\n'", "'\xff\x01;'", "DELIMITER ;;\n", "DELIMITER ;\n", "DELIMITER $$\n", ";;", "$$", "\nDELIMITER %%\n", "%%", "'DELIMITER ;\n'", "REPLACE INTO t VALUES (1) ON DUPLICATE KEY UPDATE a=';'",
            "\t", "\r\n", "VALUES", "INSERT INTO t SELECT 1 FROM (VALUES (1),(2)) x", "0x41", "x'41'", "_binary 'a\\0b'", "a", "éa",
        ];
        int whole = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var text = new StringBuilder();
            for (int i = 0; i < 600; i++)
            {
                string token = tokens[random.Next(tokens.Length)];
                // The client takes "delimiter " for a command in the middle of a line too, and the rest of that line; no dump has that.
                if (token.TrimStart('\n').StartsWith("DELIMITER", StringComparison.Ordinal))
                    text.Append('\n').Append(Delimiter(text.ToString())).Append('\n');
                text.Append(token);
            }
            // The client sends the last statement without a delimiter too; here that is a dump that is cut.
            text.Append('\n').Append(Delimiter(text.ToString())).Append('\n');
            File.WriteAllBytes(dump, Encoding.Latin1.GetBytes(text.ToString()));
            // Asked to keep comments the client would find delimiters in them; without that it sends none.
            string[] arrived = [.. Arrived(dump, "soup", force: true, keepComments: false).Select(Bare).Where(one => one.Length > 0)];
            string[] ours = [.. Ours(dump, out bool refused).Select(Bare).Where(one => one.Length > 0)];
            Assert.Equal(arrived.Take(ours.Length), ours);
            // Half of a string in a comment leaves the other half's backslash alone: a client command, at which we end.
            if (refused)
                continue;
            // What is open at the end is sent by the client, and cut to us.
            Assert.InRange(arrived.Length - ours.Length, 0, 1);
            whole++;
        }
        Assert.InRange(whole, 20, 40);
    }

    /// <summary>
    /// Without the comments of the tokens, without space, which the client puts in their place, and without the semicolons at the end,
    /// which the server drops where the delimiter is another.
    /// </summary>
    private static string Bare(string statement) =>
        Regex.Replace(new[] { "/* c; */", "/* ' */", "-- c ' ;\n", "# c \" ;\n", "-- c ' ;", "# c \" ;" }.Aggregate(statement, (text, comment) => text.Replace(comment, "", StringComparison.Ordinal)), @"\s+", "").TrimEnd(';');

    /// <summary>What ends a statement at the end of the text.</summary>
    private static string Delimiter(string text) =>
        Regex.Matches(text, @"^\n*DELIMITER (\S+)$", RegexOptions.Multiline) is { Count: > 0 } all ? all[^1].Groups[1].Value : ";";

    private void FillWithTraps(string file)
    {
        var random = new Random(11);
        string[] traps =
        [
            ";", "'", "\\", "\\'", "\"", "`", "-- x\n", "/*", "*/", "\n", "\r\n", "\0", "DELIMITER ;;\n", "),(", "(", ");\nINSERT INTO plain VALUES (1,'", "-- Dump completed", "\x1a", "#", "\\N", "/*!50003 x */", "\\! ls\n",
        ];
        using var rows = new StreamWriter(file);
        rows.Write("USE shop;\n");
        for (int i = 1; i <= 400; i++)
        {
            string a = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => traps[random.Next(traps.Length)]));
            var b = new byte[random.Next(300)];
            random.NextBytes(b);
            rows.Write($"INSERT INTO plain VALUES ({i}, 0x{Convert.ToHexString(Encoding.UTF8.GetBytes(a))} , {(b.Length == 0 ? "NULL" : "0x" + Convert.ToHexString(b))}, -{i}.5, '2026-01-01');\n".Replace("0x ", "'' ", StringComparison.Ordinal));
        }
        rows.Flush();
        Succeed(server.Feed(file));
    }

    /// <summary>What the server received of the client, which took the dump.</summary>
    private List<string> Arrived(string dump, string database, bool force, string charset = "binary", bool keepComments = true)
    {
        string log = Path.Combine(server.Folder, $"general-{Guid.NewGuid():N}");
        server.Query($"SET GLOBAL general_log_file='{log}'; SET GLOBAL log_output='FILE'; SET GLOBAL general_log=1");
        ShellResult result = server.Feed(dump, [.. force ? ["--force"] : Array.Empty<string>(), keepComments ? "--comments" : "--skip-comments", "--binary-mode", $"--default-character-set={charset}", database]);
        server.Query("SET GLOBAL general_log=0");
        if (!force)
            Succeed(result);
        string text = Encoding.Latin1.GetString(File.ReadAllBytes(log));
        var arrived = new List<string>();
        MatchCollection entries = Entry().Matches(text);
        string connection = entries.First(entry => entry.Groups[2].Value == "Connect" && !entry.Value.Contains(" on  using", StringComparison.Ordinal)).Groups[1].Value;
        for (int i = 0; i < entries.Count; i++)
        {
            if (entries[i].Groups[1].Value != connection)
                continue;
            int start = entries[i].Index + entries[i].Length, end = i + 1 < entries.Count ? entries[i + 1].Index : text.Length;
            string argument = text[start..end];
            argument = argument.EndsWith('\n') ? argument[..^1] : argument;
            if (entries[i].Groups[2].Value == "Init DB")
                arrived.Add($"USE {argument.Trim('`')}");
            else if (entries[i].Groups[2].Value == "Query" && argument != "SELECT DATABASE()" && Stripped(argument) is { Length: > 0 } query)
                arrived.Add(query);
        }
        return arrived;
    }

    /// <summary>Without the comments before the statement, which this client keeps when it is asked to keep comments.</summary>
    private static string Stripped(string query) => Leading().Replace(query, "").TrimEnd(' ', '\t', '\r', '\n', '\f', '\v');

    private static List<string> Ours(string dump)
    {
        List<string> read = Ours(dump, out bool refused);
        Assert.False(refused);
        return read;
    }

    private static List<string> Ours(string dump, out bool refused)
    {
        refused = false;
        using var reader = new DumpReader(DumpInput.Open([dump], Dialect.MariaDb));
        var read = new List<string>();
        try
        {
            while (reader.Read() is { } statement)
            {
                Assert.True(statement.IsFirstPiece && statement.IsLastPiece);
                read.Add(Encoding.Latin1.GetString(statement.Text.Span));
                statement.Release!();
            }
        }
        catch (Core.UnsupportedException)
        {
            refused = true;
        }
        return read;
    }

    private static void Succeed(ShellResult result) => Assert.True(result.Status == 0, result.Errors);

    [GeneratedRegex(@"^(?:\d{6} [ \d]\d:\d\d:\d\d|\t)\t *(\d+) (Query|Connect|Quit|Init DB|Field List|Statistics)\t", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"^(?:\s+|#[^\n]*(?:\n|$)|--(?=\s|$|[^\n])[^\n]*(?:\n|$)|/\*(?!!|M!)[\s\S]*?\*/|/\*M!999999 enable the sandbox mode \*/)+")]
    private static partial Regex Leading();
}
