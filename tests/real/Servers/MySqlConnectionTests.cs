using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Jumpbag.Databases.Servers;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Servers;

public sealed class MariaDbOnSocket : IDisposable
{
    public MariaDbServer Server { get; } = new();

    public void Dispose() => Server.Dispose();
}

public sealed class MySqlConnectionTests(MariaDbOnSocket fixture) : IClassFixture<MariaDbOnSocket>
{
    private readonly MariaDbServer server = fixture.Server;

    [Fact]
    public void a_statement_answers_columns_rows_and_counts()
    {
        using MySqlConnection connection = Connect();
        QueryResult rows = connection.Query("SELECT 1 AS one, NULL AS nothing, 'naïve' AS text UNION ALL SELECT 2, 'x', ''");
        Assert.Equal(["one", "nothing", "text"], rows.Columns.Select(column => column.ToString()));
        Assert.Equal(["1", null, "naïve", "2", "x", ""], rows.Rows.SelectMany(row => row.Select(value => value is null ? null : Encoding.UTF8.GetString(value))));
        connection.Query("CREATE OR REPLACE TABLE test.counts (id INT AUTO_INCREMENT PRIMARY KEY, a TINYINT)");
        QueryResult insert = connection.Query("INSERT IGNORE INTO test.counts (a) VALUES (1), (2), (300)");
        Assert.Equal((3, 1, 1), (insert.AffectedRows, insert.LastInsertId, insert.Warnings));
        Assert.Equal("Records: 3  Duplicates: 0  Warnings: 1", insert.Info);
        Assert.Equal(server.Query("SELECT VERSION()").TrimEnd(), connection.Version.Text);
        Assert.True(connection.Version.IsMariaDb);
        Assert.Equal(10, connection.Version.Number.Major);
        Assert.Equal(connection.Query("SELECT CONNECTION_ID()").Scalar, connection.ThreadId.ToString(CultureInfo.InvariantCulture));
        Assert.Equal("utf8mb4", connection.SessionCharset());
        connection.Ping();
    }

    [Theory]
    [InlineData("binary")]
    [InlineData("latin1")]
    [InlineData("utf8mb4")]
    public void all_byte_values_arrive_as_they_were_sent(string charset)
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        using MySqlConnection connection = Connect();
        connection.Query($"SET NAMES {charset}");
        QueryResult result = connection.Query(
            [.. "SELECT HEX(_binary'"u8, .. Escaped(all), .. "'), _binary'"u8, .. Escaped(all), .. "'"u8]);
        Assert.Equal(Convert.ToHexString(all), Encoding.ASCII.GetString(result.Rows[0][0]!));
        Assert.Equal(all, result.Rows[0][1]);
    }

    [Fact]
    public void the_database_is_selected_by_its_bytes()
    {
        using MySqlConnection connection = Connect();
        connection.Query("SET NAMES latin1");
        byte[] name = Encoding.Latin1.GetBytes("café `x");
        connection.Query([.. "CREATE DATABASE `"u8, .. Encoding.Latin1.GetBytes("café ``x"), .. "`"u8]);
        connection.SelectDatabase(name);
        Assert.Equal(name, connection.Query("SELECT DATABASE()").Rows[0][0]);
        Assert.Equal("1\n", server.Query($"SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = X'{Convert.ToHexString("café `x"u8)}'"));
        ServerException e = Assert.Throws<ServerException>(() => connection.SelectDatabase("none"u8));
        Assert.Equal((1049, "42000"), (e.Code, e.SqlState));
    }

    /// <summary>Around the lengths where packets end: the server's own LENGTH and MD5 say what arrived.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(16000)]
    [InlineData(16384)]
    [InlineData(0xFFFFFF - 31)]
    [InlineData(0xFFFFFF - 30)]
    [InlineData(0xFFFFFF - 29)]
    [InlineData(2 * 0xFFFFFF - 30)]
    [InlineData(40_000_000)]
    public void a_statement_of_any_length_arrives_whole_in_one_piece_or_three(int length)
    {
        using MySqlConnection connection = Connect();
        byte[] data = Payload(length);
        // With the command's byte there are 31 bytes around the data.
        ReadOnlySpan<byte> head = "SELECT MD5(@x := '"u8, tail = "'), LENGTH(@x)"u8;
#pragma warning disable CA5351 // The server's MD5() is the oracle.
        string expected = Convert.ToHexStringLower(MD5.HashData(data));
#pragma warning restore CA5351
        foreach (QueryResult result in new[] { connection.Query(head, data, tail), connection.Query([.. head, .. data, .. tail]) })
        {
            Assert.Equal(expected, Encoding.ASCII.GetString(result.Rows[0][0]!));
            Assert.Equal(length.ToString(CultureInfo.InvariantCulture), Encoding.ASCII.GetString(result.Rows[0][1]!));
        }
        byte[] back = connection.Query("SELECT @x"u8).Rows[0][0]!;
        Assert.Equal(data, back);
    }

    [Fact]
    public void the_longest_statement_that_the_server_takes_is_sent_and_a_longer_one_refused_with_the_connection_whole()
    {
        using (var admin = Connect())
            admin.Query("SET GLOBAL max_allowed_packet = 1048576");
        try
        {
            using MySqlConnection connection = Connect();
            Assert.Equal(1048576, connection.MaxAllowedPacket);
            byte[] longest = [.. "SELECT LENGTH('"u8, .. Payload(1048576 - 2 - 17), .. "')"u8];
            Assert.Equal(1048576 - 2, longest.Length);
            Assert.Equal((1048576 - 2 - 17).ToString(CultureInfo.InvariantCulture), connection.Query(longest).Scalar);
            byte[] tooLong = [.. longest[..^2], .. "x')"u8];
            ServerException e = Assert.Throws<ServerException>(() => connection.Query(tooLong));
            Assert.True(e.IsTooLarge);
            connection.Ping();
            // The server itself draws the line there: mariadb sends what we refuse.
            using var folder = new TemporaryFolder();
            File.WriteAllBytes(folder.File("long.sql"), [.. tooLong, (byte)';']);
            Assert.NotEqual(0, server.Feed(folder.File("long.sql"), "--max-allowed-packet=1G").Status);
        }
        finally
        {
            using MySqlConnection admin = Connect();
            admin.Query("SET GLOBAL max_allowed_packet = 67108864");
        }
    }

    [Fact]
    public void errors_keep_their_number_state_and_bytes_and_the_connection_goes_on()
    {
        using MySqlConnection connection = Connect();
        ServerException syntax = Assert.Throws<ServerException>(() => connection.Query([.. "SELEC '\u009b\u00ff\n"u8, 0xFF, 0x1B, (byte)'\'']));
        Assert.Equal((1064, "42000"), (syntax.Code, syntax.SqlState));
        Assert.DoesNotContain(syntax.Message, c => c < ' ' || c is >= '\u007f' and <= '\u009f');
        ServerException missing = Assert.Throws<ServerException>(() => connection.Query("SELECT * FROM test.nothing"));
        Assert.Equal("error 1146 (42S02): Table 'test.nothing' doesn't exist", missing.Message);
        ServerException second = Assert.Throws<ServerException>(() => connection.Query("SELECT 1; SELECT 2"));
        Assert.Equal(1064, second.Code);
        Assert.Equal("1", connection.Query("SELECT 1").Scalar);
        using var several = MySqlConnection.Connect(Address(), multiStatements: true);
        Assert.Equal("2", several.Query("SELECT 1; SELECT 2").Scalar);
        // An error in the middle of rows, and one in the second of two statements.
        Assert.Throws<ServerException>(() => several.Query("SELECT 1; SELECT * FROM test.nothing"));
        Assert.Throws<ServerException>(() => several.Query("SELECT IF(seq < 3, seq, (SELECT 1 UNION SELECT 2)) FROM test.numbers"));
        Assert.Equal("3", several.Query("SELECT 3").Scalar);
    }

    [Fact]
    public async Task a_deadlock_and_a_lock_that_is_waited_for_are_told_apart()
    {
        using MySqlConnection one = Connect(), two = Connect();
        one.Query("CREATE OR REPLACE TABLE test.locks (id INT PRIMARY KEY, a INT) ENGINE=InnoDB");
        one.Query("INSERT INTO test.locks VALUES (1, 0), (2, 0)");
        two.Query("SET innodb_lock_wait_timeout = 1");
        one.Query("BEGIN");
        two.Query("BEGIN");
        one.Query("UPDATE test.locks SET a = 1 WHERE id = 1");
        ServerException wait = Assert.Throws<ServerException>(() => two.Query("UPDATE test.locks SET a = 1 WHERE id = 1"));
        Assert.True(wait.IsLockTimeout);
        Assert.False(wait.IsDeadlock);
        two.Query("ROLLBACK");
        two.Query("BEGIN");
        two.Query("SET innodb_lock_wait_timeout = 50");
        two.Query("UPDATE test.locks SET a = 2 WHERE id = 2");
        Task<bool> first = Task.Run(() => Deadlocks(() => one.Query("UPDATE test.locks SET a = 1 WHERE id = 2")), TestContext.Current.CancellationToken);
        Thread.Sleep(200);
        bool second = Deadlocks(() => two.Query("UPDATE test.locks SET a = 2 WHERE id = 1"));
        Assert.True(await first ^ second);

        static bool Deadlocks(Action action)
        {
            try
            {
                action();
                return false;
            }
            catch (ServerException e) when (e.IsDeadlock)
            {
                return true;
            }
        }
    }

    [Fact]
    public async Task a_killed_statement_is_an_error_and_a_killed_session_is_a_lost_connection()
    {
        using MySqlConnection victim = Connect(), killer = Connect();
        Task<Exception?> query = Running(() => victim.Query("SELECT COUNT(*) FROM test.numbers a, test.numbers b, test.numbers c, test.numbers d"));
        Await(killer, victim);
        killer.Kill(victim.ThreadId, statementOnly: true);
        Assert.Equal(1317, Assert.IsType<ServerException>(await query).Code);
        victim.Ping();
        using (MySqlConnection other = Connect())
        {
            query = Running(() => other.Query("SELECT COUNT(*) FROM test.numbers a, test.numbers b, test.numbers c, test.numbers d"));
            Await(killer, other);
            killer.Kill(other.ThreadId);
            Assert.IsType<ConnectionLostException>(await query);
        }
        killer.Kill(victim.ThreadId);
        Assert.Throws<ConnectionLostException>(() =>
        {
            for (int i = 0; i < 50; i++)
                victim.Ping();
        });
        Assert.Throws<ConnectionLostException>(() => victim.Query("SELECT 1"));
        killer.Kill(victim.ThreadId);
    }

    [Fact]
    public async Task abort_from_another_thread_ends_a_statement_at_once()
    {
        using MySqlConnection connection = Connect(), watcher = Connect();
        Task<Exception?> query = Running(() => connection.Query("SELECT SLEEP(60)"));
        Await(watcher, connection);
        var watch = Stopwatch.StartNew();
        connection.Abort("interrupted");
        Exception? e = await query;
        Assert.EndsWith("interrupted", Assert.IsType<ConnectionLostException>(e).Message, StringComparison.Ordinal);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 2000);
    }

    [Fact]
    public void a_socket_that_is_not_there_is_told_so()
    {
        Jumpbag.Core.FailedException e = Assert.Throws<Jumpbag.Core.FailedException>(() =>
            MySqlConnection.Connect(new() { Kind = ServerKind.MariaDb, Socket = "/nowhere/s", User = "root" }));
        Assert.Equal("/nowhere/s: no such address or socket", e.Message);
        Assert.NotNull(e.Hint);
    }

    [Fact]
    public void a_read_timeout_is_a_lost_connection()
    {
        using MySqlConnection connection = Connect();
        connection.ReadTimeout = TimeSpan.FromMilliseconds(300);
        Assert.Contains("no answer in time", Assert.Throws<ConnectionLostException>(() => connection.Query("SELECT SLEEP(30)")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void an_answer_without_end_is_refused_in_bounded_memory()
    {
        using MySqlConnection connection = Connect();
        Jumpbag.Core.FailedException e = Assert.Throws<Jumpbag.Core.FailedException>(() =>
            connection.Query("SELECT REPEAT('x', 100000) FROM test.numbers a, test.numbers b"));
        Assert.Contains("64 MiB", e.Message, StringComparison.Ordinal);
        Assert.Throws<ConnectionLostException>(() => connection.Ping());
        using MySqlConnection empty = Connect();
        Assert.Throws<Jumpbag.Core.FailedException>(() => empty.Query("SELECT '' FROM test.numbers a, test.numbers b, test.numbers c, test.numbers d"));
    }

    [Fact]
    public void a_local_file_is_not_given()
    {
        using MySqlConnection connection = Connect();
        connection.Query("CREATE OR REPLACE TABLE test.file (a TEXT)");
        Assert.ThrowsAny<Jumpbag.Core.JumpbagException>(() => connection.Query("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE test.file"));
        Assert.Equal("0", connection.Query("SELECT COUNT(*) FROM test.file").Scalar);
    }

    [Fact]
    public void a_long_alter_table_reports_how_far_it_is()
    {
        using MySqlConnection connection = Connect();
        connection.Query("CREATE OR REPLACE TABLE test.big ENGINE=InnoDB AS SELECT a.seq AS x, REPEAT('x', 200) AS y FROM test.numbers a, test.numbers b LIMIT 40000");
        connection.Query("SET progress_report_time = 1");
        var reports = new List<StatementProgress>();
        connection.Progress = reports.Add;
        for (int i = 0; i < 6 && reports.Count == 0; i++)
        {
            connection.Query("INSERT INTO test.big SELECT * FROM test.big");
            connection.Query("ALTER TABLE test.big FORCE, ALGORITHM=COPY");
        }
        Assert.NotEmpty(reports);
        Assert.All(reports, report => Assert.InRange(report.Percent, 0, 100));
        Assert.Contains(reports, report => report is { Stage: "copy to tmp table", Number: 1 });
        connection.Query("DROP TABLE test.big");
    }

    [Fact]
    public async Task a_server_that_is_stopped_in_the_middle_of_a_statement_is_a_lost_connection()
    {
        MariaDbServer.Require();
        Task<Exception?> query;
        MySqlConnection connection;
        using (var other = new MariaDbServer())
        {
            connection = MySqlConnection.Connect(new() { Kind = ServerKind.MariaDb, Socket = other.Socket, User = "root" });
            query = Running(() => connection.Query("SELECT SLEEP(60)"));
            Thread.Sleep(300);
        }
        Assert.IsType<ConnectionLostException>(await query);
        connection.Dispose();
    }

    private ServerAddress Address() => new() { Kind = ServerKind.MariaDb, Socket = server.Socket, User = server.User };

    private MySqlConnection Connect()
    {
        MariaDbServer.Require();
        var connection = MySqlConnection.Connect(Address());
        connection.Query("CREATE DATABASE IF NOT EXISTS test");
        connection.Query("CREATE TABLE IF NOT EXISTS test.numbers AS WITH RECURSIVE n AS (SELECT 1 AS seq UNION ALL SELECT seq + 1 FROM n WHERE seq < 200) SELECT seq FROM n");
        return connection;
    }

    private static Task<Exception?> Running(Action action) => Task.Run(() => Record.Exception(action), TestContext.Current.CancellationToken);

    /// <summary>Until the server says that the other connection is at its statement.</summary>
    private static void Await(MySqlConnection watcher, MySqlConnection other)
    {
        for (int i = 0; i < 200; i++, Thread.Sleep(20))
            if (watcher.Query($"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {other.ThreadId} AND COMMAND = 'Query'").Scalar == "1")
                return;
        Assert.Fail("the statement did not begin");
    }

    private static byte[] Escaped(ReadOnlySpan<byte> data)
    {
        var escaped = new List<byte>();
        foreach (byte b in data)
            escaped.AddRange(b switch { (byte)'\'' or (byte)'\\' => [(byte)'\\', b], 0 => "\\0"u8.ToArray(), _ => [b] });
        return [.. escaped];
    }

    /// <summary>Nothing that needs an escape, and no period that a shifted packet could fall in with.</summary>
    private static byte[] Payload(int length)
    {
        var data = new byte[length];
        var random = new Random(length);
        for (int i = 0; i < length; i++)
            data[i] = (byte)('A' + random.Next(26));
        return data;
    }
}
