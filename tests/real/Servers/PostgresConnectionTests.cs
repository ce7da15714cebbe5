using System.Diagnostics;
using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Servers;
using Jumpbag.Databases.Servers.Addresses;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Servers;

/// <summary>A server with TLS, TCP and an account for each way of logging in.</summary>
public sealed class PostgresWithAccounts : IDisposable
{
    public const string Password = "pä'ss \\wörd";

    private readonly TemporaryFolder folder = new();

    public PostgresWithAccounts()
    {
        if (Shell.Find("psql") is null || Shell.Find("openssl") is null || !Environment.IsPrivilegedProcess)
            return;
        Shell.Run("chmod", "755", folder.Path);
        Shell.Run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", folder.File("key.pem"), "-out", Certificate);
        Shell.Run("chown", "postgres:", folder.File("key.pem"));
        File.WriteAllText(folder.File("hba"), """
            local all postgres trust
            hostnossl all tls all reject
            host all clear all password
            host all md5 all md5
            host all all all scram-sha-256
            """);
        Shell.Run("chmod", "644", folder.File("hba"));
        Server = new(tcp: true, "ssl=on", $"ssl_cert_file={Certificate}", $"ssl_key_file={folder.File("key.pem")}", $"hba_file={folder.File("hba")}");
        Server.Query("""
            CREATE ROLE scram LOGIN PASSWORD 'pä''ss \wörd';
            CREATE ROLE tls LOGIN PASSWORD 'pä''ss \wörd';
            CREATE ROLE clear LOGIN PASSWORD 'pä''ss \wörd';
            SET password_encryption = md5;
            CREATE ROLE md5 LOGIN PASSWORD 'pä''ss \wörd';
            """);
        Server.Query("CREATE DATABASE ascii ENCODING SQL_ASCII TEMPLATE template0");
    }

    public PostgresServer? Server { get; }

    public string Certificate => folder.File("cert.pem");

    public void Dispose()
    {
        Server?.Dispose();
        folder.Dispose();
    }
}

public sealed class PostgresConnectionTests(PostgresWithAccounts accounts) : IClassFixture<PostgresWithAccounts>
{
    private PostgresServer Server => accounts.Server!;

    [Fact]
    public void a_statement_answers_columns_rows_and_counts()
    {
        using PostgresConnection connection = Connect();
        QueryResult rows = connection.Query("SELECT 1 AS one, NULL AS nothing, 'naïve' AS text UNION ALL SELECT 2, 'x', ''");
        Assert.Equal(["one", "nothing", "text"], rows.Columns.Select(column => column.ToString()));
        Assert.Equal(["1", null, "naïve", "2", "x", ""], rows.Rows.SelectMany(row => row.Select(value => value is null ? null : Encoding.UTF8.GetString(value))));
        connection.Query("CREATE TEMP TABLE counts (a int)");
        QueryResult insert = connection.Query("INSERT INTO counts VALUES (1), (2), (3)");
        Assert.Equal((3, "INSERT 0 3"), (insert.AffectedRows, insert.Info));
        connection.Query("DO $$ BEGIN RAISE NOTICE 'x'; END $$");
        Assert.Equal(1, connection.Notices);
        Assert.Equal(15, connection.Version.Number.Major);
        Assert.Equal("UTF8", connection.ClientEncoding);
        Assert.Equal(connection.Query("SELECT pg_backend_pid()").Scalar, connection.ProcessId.ToString(CultureInfo.InvariantCulture));
        Assert.Equal('I', connection.TransactionStatus);
        connection.Query("BEGIN");
        Assert.Equal('T', connection.TransactionStatus);
    }

    /// <summary>Bytes in the dump's own encoding, also none: psql says what is in the table then.</summary>
    [Theory]
    [InlineData("LATIN1", "postgres")]
    [InlineData("WIN1251", "postgres")]
    [InlineData("SQL_ASCII", "ascii")]
    [InlineData("LATIN1", "ascii")]
    public void statements_and_lines_arrive_in_the_encoding_that_the_dump_set(string encoding, string database)
    {
        byte[] bytes = [.. Enumerable.Range(0xA0, 0x60).Select(value => (byte)value)];
        using PostgresConnection connection = Connect(database);
        connection.Query($"SET client_encoding = '{encoding}'");
        Assert.Equal(encoding, connection.ClientEncoding);
        string table = $"t_{encoding}_{database}".ToLowerInvariant();
        connection.Query($"CREATE TABLE {table} (id int, a text)");
        connection.Query([.. Encoding.ASCII.GetBytes($"INSERT INTO {table} VALUES (1, '"), .. bytes, .. "')"u8]);
        QueryResult copied = connection.Copy(Encoding.ASCII.GetBytes($"COPY {table} FROM stdin"), (byte[])[.. "2\t"u8, .. bytes, (byte)'\n', .. "3\t\\N\n"u8]);
        Assert.Equal(2, copied.AffectedRows);
        Assert.Equal(bytes, connection.Query($"SELECT a FROM {table} WHERE id = 2").Rows[0][0]);
        string expected = database == "ascii" ? Convert.ToHexStringLower(bytes)
            : Server.Query($"SELECT encode(convert_to(convert_from('\\x{Convert.ToHexString(bytes)}', '{encoding}'), 'UTF8'), 'hex')").TrimEnd();
        string cast = $"SELECT id, encode(a::bytea, 'hex') FROM (SELECT id, replace(a, '\\', '\\\\') AS a FROM {table}) x ORDER BY id";
        Assert.Equal($"1\t{expected}\n2\t{expected}\n3\t\n", Server.Query(cast, database));
    }

    [Fact]
    public void many_lines_arrive_whole()
    {
        using PostgresConnection connection = Connect();
        connection.Query("CREATE TABLE lines (id int, a text)");
        var text = new StringBuilder();
        for (int i = 0; i < 200_000; i++)
            text.Append(CultureInfo.InvariantCulture, $"{i}\tline {i * 7919 % 1000} of \\\\ text\n");
        byte[] lines = Encoding.ASCII.GetBytes(text.ToString());
        Assert.Equal(200_000, connection.Copy("COPY lines FROM stdin"u8, lines).AffectedRows);
        Assert.Equal(text.ToString(), Server.Query("COPY lines TO stdout"));
    }

    /// <summary>Without a listener both sides would wait for each other for ever.</summary>
    [Fact]
    public void a_notice_of_every_row_stops_nothing()
    {
        using PostgresConnection connection = Connect();
        connection.Query("CREATE TABLE loud (a text)");
        connection.Query("CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING '%', repeat('x', 500); RETURN NEW; END $$");
        connection.Query("CREATE TRIGGER t BEFORE INSERT ON loud FOR EACH ROW EXECUTE FUNCTION shout()");
        byte[] lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("some text\n", 50_000)));
        Assert.Equal(50_000, connection.Copy("COPY loud FROM stdin"u8, lines).AffectedRows);
        Assert.Equal(50_000, connection.Notices);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(500_000)]
    public void a_wrong_line_fails_the_copy_with_its_place_and_the_connection_goes_on(int good)
    {
        using PostgresConnection connection = Connect();
        connection.Query("CREATE TEMP TABLE numbers (a int UNIQUE)");
        var text = new StringBuilder("x\n");
        for (int i = 0; i < good; i++)
            text.Append(CultureInfo.InvariantCulture, $"{i}\n");
        ServerException e = Assert.Throws<ServerException>(() => connection.Copy("COPY numbers FROM stdin"u8, Encoding.ASCII.GetBytes(text.ToString())));
        Assert.Equal("22P02", e.SqlState);
        ServerException twice = Assert.Throws<ServerException>(() => connection.Copy("COPY numbers FROM stdin"u8, "1\n1\n"u8.ToArray()));
        Assert.Equal(("23505", "Key (a)=(1) already exists."), (twice.SqlState, twice.Detail));
        Assert.Equal("0", connection.Query("SELECT count(*) FROM numbers").Scalar);
    }

    [Fact]
    public void errors_have_their_state_and_position()
    {
        using PostgresConnection connection = Connect();
        ServerException e = Assert.Throws<ServerException>(() => connection.Query("SELECT 1 FROM nowhere"));
        Assert.Equal(("42P01", 15, "error 42P01: relation \"nowhere\" does not exist"), (e.SqlState, e.Position, e.Message));
        Assert.Throws<UsageException>(() => connection.Copy("SELECT 1"u8, "x\n"u8.ToArray()));
        Assert.Throws<ServerException>(() => connection.Query("CREATE TEMP TABLE x (a int); COPY x FROM stdin"));
        Assert.Equal(1000, connection.Query("SELECT generate_series(1, 1000)").Rows.Count);
        connection.Query("COPY (SELECT generate_series(1, 1000)) TO stdout");
        Assert.Contains("64 MiB", Assert.Throws<FailedException>(() => connection.Query("SELECT repeat('x', 100000) FROM generate_series(1, 2000)")).Message, StringComparison.Ordinal);
        Assert.Throws<ConnectionLostException>(() => connection.Query("SELECT 1"));
    }

    [Fact]
    public async Task a_statement_is_cancelled_aborted_or_ended_by_the_server()
    {
        using PostgresConnection connection = Connect(), other = Connect();
        Task<Exception?> query = Running(() => connection.Query("SELECT pg_sleep(60)"));
        Await(other, connection);
        connection.Cancel();
        Assert.Equal("57014", Assert.IsType<ServerException>(await query).SqlState);
        query = Running(() => connection.Query("SELECT pg_sleep(60)"));
        Await(other, connection);
        var watch = Stopwatch.StartNew();
        connection.Abort("interrupted");
        Assert.EndsWith("interrupted", Assert.IsType<ConnectionLostException>(await query).Message, StringComparison.Ordinal);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 2000);
        using PostgresConnection third = Connect();
        query = Running(() => third.Query("SELECT pg_sleep(60)"));
        Await(other, third);
        other.Query($"SELECT pg_terminate_backend({third.ProcessId})");
        Assert.Contains("administrator", Assert.IsType<ConnectionLostException>(await query).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scram", TlsMode.Disabled)]
    [InlineData("scram", TlsMode.Preferred)]
    [InlineData("md5", TlsMode.Disabled)]
    [InlineData("clear", TlsMode.Required)]
    [InlineData("tls", TlsMode.VerifyIdentity)]
    public void an_account_logs_in_by_its_method(string user, TlsMode mode)
    {
        using PostgresConnection connection = Connect(user, PostgresWithAccounts.Password, mode);
        Assert.Equal(user, connection.Query("SELECT current_user").Scalar);
        Assert.Equal(mode != TlsMode.Disabled, connection.IsEncrypted);
        Assert.Equal(mode == TlsMode.Disabled ? "f" : "t", connection.Query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scalar);
        ServerException e = Assert.Throws<ServerException>(() => Connect(user, "guessed7", mode));
        Assert.True(e.IsAccessDenied);
        Assert.DoesNotContain("guessed7", e.ToString(), StringComparison.Ordinal);
        Assert.Contains("wants a password", Assert.Throws<ServerException>(() => Connect(user, null, mode)).Message, StringComparison.Ordinal);
    }

    /// <summary>psql goes to the same place, as the same account, with the same password.</summary>
    [Theory]
    [InlineData("postgresql://scram@localhost:PORT/postgres?sslmode=disable")]
    [InlineData("postgresql://scram@/ascii?host=127.0.0.1&port=PORT")]
    [InlineData("postgresql://scram@127%2E0.0.1:PORT/%70ostgres")]
    [InlineData("postgresql:///?service=one")]
    [InlineData("postgresql:///postgres?service=one&user=md5")]
    [InlineData("postgresql://postgres@/ascii?host=FOLDER&port=PORT")]
    [InlineData("postgresql://postgres@/ascii?host=FOLDER&port=PORT&options=-c%20work_mem%3D12MB%20-c%20geqo%3Doff&application_name=night")]
    public void an_address_leads_where_psql_goes(string url)
    {
        Needs();
        using var folder = new TemporaryFolder();
        url = url.Replace("PORT", Server.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("FOLDER", Server.Folder, StringComparison.Ordinal);
        File.WriteAllText(folder.File("services"), $"[zero]\nport=1\n[one]\nhost=localhost\nport={Server.Port}\nuser=scram\ndbname=ascii\n");
        File.WriteAllText(folder.File("passwords"), """
            localhost:*:*:scram:pä'ss \\wörd
            127.0.0.1:*:ascii:*:pä'ss \\wörd
            *:*:postgres:md5:pä'ss \\wörd
            *:*:*:*:pä'ss \\wörd
            """);
        File.SetUnixFileMode(folder.File("passwords"), UnixFileMode.UserRead);
        var environment = new Dictionary<string, string> { ["PGSERVICEFILE"] = folder.File("services"), ["PGPASSFILE"] = folder.File("passwords"), ["HOME"] = folder.Path };
        const string Question = "SELECT concat_ws(' ', current_user, current_database(), host(inet_server_addr()), inet_server_port(), (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), current_setting('work_mem'), nullif(nullif(current_setting('application_name'), 'psql'), 'jumpbag'))";
        string psql = Shell.Run("env", [.. environment.Select(pair => $"{pair.Key}={pair.Value}"), "psql", "-XAtwc", Question, url]);
        var address = ServerAddress.Parse(url, new() { Environment = name => environment.GetValueOrDefault(name), Home = folder.Path });
        using var connection = PostgresConnection.Connect(address);
        Assert.Equal(psql.TrimEnd(), connection.Query(Question).Scalar);
    }

    [Fact]
    public void what_must_not_be_is_refused()
    {
        Assert.Throws<UnsupportedException>(() => Connect("clear", PostgresWithAccounts.Password, TlsMode.Disabled));
        Assert.Throws<ServerException>(() => Connect("tls", PostgresWithAccounts.Password, TlsMode.Disabled));
        Assert.Contains("another name", Assert.Throws<FailedException>(() => Connect("tls", PostgresWithAccounts.Password, TlsMode.VerifyIdentity, "127.0.0.1")).Message, StringComparison.Ordinal);
    }

    private PostgresConnection Connect(string database = "postgres")
    {
        Needs();
        return PostgresConnection.Connect(new() { Kind = ServerKind.Postgres, Socket = $"{Server.Folder}/.s.PGSQL.{Server.Port}", User = "postgres", Database = database });
    }

    private PostgresConnection Connect(string user, string? password, TlsMode mode, string host = "localhost")
    {
        Needs();
        return PostgresConnection.Connect(new()
        {
            Kind = ServerKind.Postgres,
            Host = host,
            Port = Server.Port,
            User = user,
            Password = password is null ? null : new(password),
            Database = "postgres",
            Tls = mode,
            AuthoritiesFile = accounts.Certificate,
        });
    }

    private static void Needs()
    {
        PostgresServer.Require();
        Require.Root();
        Require.Tool("openssl");
    }

    private static Task<Exception?> Running(Action action) => Task.Run(() => Record.Exception(action), TestContext.Current.CancellationToken);

    private static void Await(PostgresConnection watcher, PostgresConnection other)
    {
        for (int i = 0; i < 200; i++, Thread.Sleep(20))
            if (watcher.Query($"SELECT count(*) FROM pg_stat_activity WHERE pid = {other.ProcessId} AND wait_event = 'PgSleep'").Scalar == "1")
                return;
        Assert.Fail("the statement did not begin");
    }
}
