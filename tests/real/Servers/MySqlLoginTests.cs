using Jumpbag.Core;
using Jumpbag.Databases.Servers;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Servers;

/// <summary>A server with TLS, TCP and an account of each kind.</summary>
public sealed class MariaDbWithAccounts : IDisposable
{
    public const string Password = "pä'ss \\wörd";

    private readonly TemporaryFolder folder = new();

    public MariaDbWithAccounts()
    {
        if (!MariaDbServer.IsInstalled || Shell.Find("openssl") is null)
            return;
        MakeCertificates();
        Server = new(tcp: true, $"--ssl-ca={Authority}", $"--ssl-cert={folder.File("server.pem")}", $"--ssl-key={folder.File("server.key")}");
        Server.Query($"""
            INSTALL SONAME 'auth_ed25519';
            CREATE USER native IDENTIFIED VIA mysql_native_password USING PASSWORD('pä\'ss \\wörd');
            CREATE USER signed IDENTIFIED VIA ed25519 USING PASSWORD('pä\'ss \\wörd');
            CREATE USER empty;
            CREATE USER root2@localhost IDENTIFIED VIA unix_socket;
            CREATE USER tls IDENTIFIED VIA ed25519 USING PASSWORD('pä\'ss \\wörd') REQUIRE SSL;
            CREATE USER certified IDENTIFIED VIA mysql_native_password USING PASSWORD('pä\'ss \\wörd') REQUIRE X509;
            RENAME USER root2@localhost TO '{Environment.UserName}'@localhost;
            """.Replace("RENAME USER root2@localhost TO 'root'@localhost;", "ALTER USER root@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD('') OR unix_socket;", StringComparison.Ordinal));
    }

    public MariaDbServer? Server { get; }

    public string Authority => folder.File("ca.pem");

    public string ClientCertificate => folder.File("client.pem");

    public string ClientKey => folder.File("client.key");

    public string OtherAuthority => folder.File("other.pem");

    public void Dispose()
    {
        Server?.Dispose();
        folder.Dispose();
    }

    private void MakeCertificates()
    {
        foreach (string authority in new[] { "ca", "other" })
            Shell.Run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", $"/CN=jumpbag test {authority}",
                "-keyout", folder.File($"{authority}.key"), "-out", folder.File($"{authority}.pem"));
        File.WriteAllText(folder.File("names"), "subjectAltName=DNS:localhost\n");
        foreach (string name in new[] { "server", "client" })
        {
            Shell.Run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", $"/CN={name}", "-keyout", folder.File($"{name}.key"), "-out", folder.File($"{name}.csr"));
            Shell.Run("openssl", "x509", "-req", "-in", folder.File($"{name}.csr"), "-CA", Authority, "-CAkey", folder.File("ca.key"), "-CAcreateserial",
                "-days", "2", "-extfile", folder.File("names"), "-out", folder.File($"{name}.pem"));
        }
    }
}

public sealed class MySqlLoginTests(MariaDbWithAccounts accounts) : IClassFixture<MariaDbWithAccounts>
{
    [Theory]
    [InlineData("native", TlsMode.Disabled)]
    [InlineData("native", TlsMode.Required)]
    [InlineData("signed", TlsMode.Disabled)]
    [InlineData("signed", TlsMode.Preferred)]
    [InlineData("tls", TlsMode.Preferred)]
    public void an_account_logs_in_by_its_plugin_over_tcp_and_socket(string user, TlsMode mode)
    {
        using (MySqlConnection tcp = Connect(user, mode: mode))
        {
            Assert.Equal(mode != TlsMode.Disabled, tcp.IsEncrypted);
            Assert.StartsWith($"{user}@", tcp.Query("SELECT USER()").Scalar, StringComparison.Ordinal);
            Assert.Equal(mode != TlsMode.Disabled, tcp.Query("SHOW STATUS LIKE 'Ssl_cipher'").Rows[0][1]!.Length > 0);
        }
        if (user == "tls")
            return;
        using MySqlConnection local = Connect(user, socket: true, mode: mode);
        Assert.Equal($"{user}@%", local.Query("SELECT CURRENT_USER()").Scalar);
        Assert.Equal(mode == TlsMode.Required, local.IsEncrypted);
    }

    [Theory]
    [InlineData("native", "guessed7")]
    [InlineData("native", null)]
    [InlineData("signed", "guessed7")]
    [InlineData("signed", null)]
    [InlineData("nobody", "x")]
    public void a_wrong_password_is_refused_without_being_shown(string user, string? password)
    {
        ServerException e = Assert.Throws<ServerException>(() => Connect(user, password: password));
        Assert.True(e.IsAccessDenied);
        Assert.NotNull(e.Hint);
        Assert.DoesNotContain("guessed7", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void accounts_without_a_password_log_in()
    {
        using MySqlConnection empty = Connect("empty", password: null);
        using MySqlConnection system = Connect(Environment.UserName, password: null, socket: true);
        Assert.Equal($"{Environment.UserName}@localhost", system.Query("SELECT CURRENT_USER()").Scalar);
    }

    [Fact]
    public void a_certificate_is_verified_as_far_as_was_asked_for()
    {
        using (MySqlConnection verified = Connect("native", mode: TlsMode.VerifyIdentity, host: "localhost", authority: accounts.Authority))
            Assert.True(verified.IsEncrypted);
        using (MySqlConnection verified = Connect("native", mode: TlsMode.VerifyCa, authority: accounts.Authority))
            Assert.True(verified.IsEncrypted);
        FailedException name = Assert.Throws<FailedException>(() => Connect("native", mode: TlsMode.VerifyIdentity, authority: accounts.Authority));
        Assert.Contains("another name", name.Message, StringComparison.Ordinal);
        foreach (string? authority in new[] { accounts.OtherAuthority, null })
        {
            FailedException e = Assert.Throws<FailedException>(() => Connect("native", mode: TlsMode.VerifyCa, authority: authority));
            Assert.Contains("no trusted authority", e.Message, StringComparison.Ordinal);
            Assert.NotNull(e.Hint);
        }
    }

    [Fact]
    public void our_own_certificate_is_shown_where_the_account_wants_one()
    {
        Assert.Throws<ServerException>(() => Connect("certified"));
        using MySqlConnection connection = Connect("certified", certified: true);
        Assert.True(connection.IsEncrypted);
    }

    [Fact]
    public void a_server_without_tls_is_refused_where_tls_was_asked_for()
    {
        MariaDbServer.Require();
        using var plain = new MariaDbServer();
        var address = new ServerAddress { Kind = ServerKind.MariaDb, Socket = plain.Socket, User = "root", Tls = TlsMode.Required };
        Assert.Contains("offers no TLS", Assert.Throws<FailedException>(() => MySqlConnection.Connect(address)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void long_statements_arrive_whole_through_tls()
    {
        using MySqlConnection connection = Connect("native", mode: TlsMode.Required);
        var data = new byte[20_000_000];
        Array.Fill(data, (byte)'x');
        Assert.Equal("20000000", connection.Query("SELECT LENGTH('"u8, data, "')"u8).Scalar);
    }

    private MySqlConnection Connect(string user, string? password = MariaDbWithAccounts.Password, bool socket = false,
        TlsMode mode = TlsMode.Preferred, string host = "127.0.0.1", string? authority = null, bool certified = false)
    {
        MariaDbServer.Require();
        Require.Tool("openssl");
        return MySqlConnection.Connect(new()
        {
            Kind = ServerKind.MariaDb,
            Host = host,
            Port = accounts.Server!.Port,
            Socket = socket ? accounts.Server.Socket : null,
            User = user,
            Password = password is null ? null : new(password),
            Tls = mode,
            AuthoritiesFile = authority,
            CertificateFile = certified ? accounts.ClientCertificate : null,
            KeyFile = certified ? accounts.ClientKey : null,
        });
    }
}
