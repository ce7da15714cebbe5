using Jumpbag.Core;
using Jumpbag.Databases.Servers;
using Jumpbag.Databases.Servers.Addresses;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Servers;

public sealed class MySqlAddressTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, string> environment = [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void a_url_names_all()
    {
        ServerAddress address = Parse("mysql://an%40na:p%2Fw%25@db.example:3307/d%C3%A9pot?ssl-mode=verify-ca&ssl_ca=/ca.pem&connect-timeout=3");
        Assert.Equal(("db.example", 3307, "an@na", "p/w%", "dépot"), (address.Host, address.Port, address.User, address.Password!.Reveal(), address.Database));
        Assert.Equal((TlsMode.VerifyCa, "/ca.pem", TimeSpan.FromSeconds(3)), (address.Tls, address.AuthoritiesFile, address.ConnectTimeout));
        Assert.Null(address.Socket);
        Assert.Contains("password-file", Assert.Single(address.Warnings), StringComparison.Ordinal);
        Assert.Equal("mysql://an@na@db.example:3307/dépot", address.ToString());
        Assert.Equal("(secret)", address.Password.ToString());
    }

    [Fact]
    public void without_a_host_the_socket_is_gone_through()
    {
        ServerAddress address = Parse("mariadb:///");
        Assert.Equal(("/run/mysqld/mysqld.sock", "me"), (address.Socket![folder.Path.Length..], address.User));
        Assert.Null(address.Database);
        Assert.NotNull(Parse("mysql://localhost/db").Socket);
        Assert.Null(Parse("mysql://localhost:3306/db").Socket);
        Assert.Null(Parse("mysql://localhost/db?protocol=tcp").Socket);
        Assert.Null(Parse("mysql://127.0.0.1/db").Socket);
        Assert.Equal("/a b", Parse("mysql://other.example/?socket=%2Fa%20b").Socket);
        ServerAddress six = Parse("mysql://[::1]:3308/");
        Assert.Equal(("::1", 3308, "[::1]:3308"), (six.Host, six.Port, six.Place));
    }

    [Fact]
    public void the_url_goes_before_files_and_files_before_the_environment()
    {
        environment["MYSQL_HOST"] = "env.example";
        environment["MYSQL_TCP_PORT"] = "1111";
        environment["MYSQL_PWD"] = "env";
        ServerAddress fromEnvironment = Parse("mysql://");
        Assert.Equal(("env.example", 1111, "env"), (fromEnvironment.Host, fromEnvironment.Port, fromEnvironment.Password!.Reveal()));
        Write(".my.cnf", "[client]\nhost=file.example\nport=2222\nuser=filer\npassword='f # \\'\\\\'\n");
        ServerAddress fromFile = Parse("mysql://");
        Assert.Equal(("file.example", 2222, "filer", "f # '\\"), (fromFile.Host, fromFile.Port, fromFile.User, fromFile.Password!.Reveal()));
        ServerAddress fromUrl = Parse("mysql://u@url.example:3333/");
        Assert.Equal(("url.example", 3333, "u", "f # '\\"), (fromUrl.Host, fromUrl.Port, fromUrl.User, fromUrl.Password!.Reveal()));
        Assert.Empty(fromUrl.Warnings);
    }

    [Fact]
    public void the_login_file_of_mysql_goes_before_other_option_files()
    {
        Write(".my.cnf", "[client]\nuser=filer\npassword=plain\nport=2222\n");
        byte[] login = Login("[client]", "user = \"roger\"", "password = \"s#cr et\"", "host = \"login.example\"", "[other]", "user = nobody");
        string path = Path.Combine(folder.Path, ".mylogin.cnf");
        File.WriteAllBytes(path, login);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        ServerAddress address = Parse("mysql://");
        Assert.Equal(("login.example", 2222, "roger", "s#cr et"), (address.Host, address.Port, address.User, address.Password!.Reveal()));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        ServerAddress open = Parse("mysql://");
        Assert.Equal(("filer", "plain"), (open.User, open.Password!.Reveal()));
        Assert.Contains("chmod 600", Assert.Single(open.Warnings), StringComparison.Ordinal);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        foreach (byte[] damaged in (byte[][])[login[..20], login[..30], [.. login[..28], 1, .. login[29..]], [.. login[..24], 255, 255, 255, 127, .. login[28..]]])
        {
            File.WriteAllBytes(path, damaged);
            Assert.Contains("mysql_config_editor", Assert.Throws<FailedException>(() => Parse("mysql://")).Message, StringComparison.Ordinal);
        }
    }

    /// <summary>As mysql_config_editor writes it; openssl encrypts.</summary>
    private static byte[] Login(params string[] lines)
    {
        Require.Tool("openssl");
        byte[] folded = [.. Enumerable.Range(0, 20).Select(i => (byte)(i * 11 + 3))], key = new byte[16];
        for (int i = 0; i < folded.Length; i++)
            key[i % 16] ^= folded[i];
        var file = new List<byte>([0, 0, 0, 0, .. folded]);
        foreach (string line in lines)
        {
            byte[] encrypted = Convert.FromHexString(Shell.Run("bash", "-c", $"printf '%s\\n' {Shell.Quote(line)} | openssl enc -aes-128-ecb -K {Convert.ToHexString(key)} | od -An -v -tx1 | tr -d ' \\n'"));
            file.AddRange([.. BitConverter.GetBytes(encrypted.Length), .. encrypted]);
        }
        return [.. file];
    }

    [Fact]
    public void groups_and_prefixes_are_read_as_the_client_reads_them()
    {
        Write(".my.cnf", "[client-mariadb]\nloose_port=1001\n[mysqld]\nuser=server\n[mysql]\nuser=shell\nloose-no-such=1\nenable-ssl\n[clienta]\nhost=suffixed.example\n[mariadb-client]\ndatabase=of_client\n");
        ServerAddress address = Parse("mysql://127.0.0.1/");
        Assert.Equal((1001, "shell", TlsMode.Required, "of_client"), (address.Port, address.User, address.Tls, address.Database));
        environment["MYSQL_GROUP_SUFFIX"] = "a";
        Assert.Equal("suffixed.example", Parse("mysql://").Host);
    }

    [Fact]
    public void the_socket_of_a_file_is_not_taken_for_another_host()
    {
        Write(".my.cnf", "[client-server]\nsocket=/s\n");
        Assert.Equal("/s", Parse("mysql://").Socket);
        Assert.Equal("/s", Parse("mysql://localhost/").Socket);
        Assert.Null(Parse("mysql://db.example/").Socket);
    }

    [Fact]
    public void option_files_are_read_in_the_clients_order_and_only_those_asked_for()
    {
        Write("etc/my.cnf", "[client]\nuser=one\nhost=one\n!include /nowhere\n");
        Write("etc/mysql/my.cnf", $"[client]\nuser=two\n!includedir {folder.File("etc/more")}\n");
        Write("etc/more/b.cnf", "[client]\nport=5\n");
        Write("etc/more/a.cnf", "[client]\nport=4\ndatabase=a\n");
        Write("etc/more/c.txt", "[client]\nport=6\n");
        Write("extra.cnf", "[client]\nuser=extra\n");
        Assert.Equal(("one", "two", 5, "a"), Of(Parse("mysql://")));
        Assert.Equal(("one", "extra", 5, "a"), Of(Parse("mysql://", extra: folder.File("extra.cnf"))));
        Write(".my.cnf", "[client]\nuser=home\n");
        Assert.Equal(("one", "home", 5, "a"), Of(Parse("mysql://", extra: folder.File("extra.cnf"))));
        Assert.Equal(("localhost", "extra", 3306, null), Of(Parse("mysql://", only: folder.File("extra.cnf"))));
        Assert.Throws<NotFoundException>(() => Parse("mysql://", only: folder.File("missing.cnf")));

        static (string, string, int, string?) Of(ServerAddress address) => (address.Host, address.User, address.Port, address.Database);
    }

    [Fact]
    public void a_file_that_everybody_can_write_to_is_left_out_and_told()
    {
        Write(".my.cnf", "[client]\nhost=trap.example\n");
        File.SetUnixFileMode(folder.File(".my.cnf"), (UnixFileMode)0b110_110_110);
        ServerAddress address = Parse("mysql://");
        Assert.Equal("localhost", address.Host);
        Assert.Contains("everybody", Assert.Single(address.Warnings), StringComparison.Ordinal);
        // Behind a link it is the file's own mode that counts; that of a link is always 777.
        Write("real.cnf", "[client]\nhost=real.example\n");
        File.Delete(folder.File(".my.cnf"));
        File.CreateSymbolicLink(folder.File(".my.cnf"), folder.File("real.cnf"));
        Assert.Equal("real.example", Parse("mysql://").Host);
    }

    [Theory]
    [InlineData("ssl", TlsMode.Required)]
    [InlineData("ssl=0", TlsMode.Disabled)]
    [InlineData("skip-ssl", TlsMode.Disabled)]
    [InlineData("loose_ssl_mode=VERIFY_IDENTITY", TlsMode.VerifyIdentity)]
    [InlineData("ssl-verify-server-cert", TlsMode.VerifyIdentity)]
    [InlineData("user=x", TlsMode.Preferred)]
    public void tls_is_as_the_option_file_says(string line, TlsMode mode)
    {
        Write(".my.cnf", $"[client]\n{line}\n");
        Assert.Equal(mode, Parse("mysql://").Tls);
        Assert.Equal(TlsMode.Disabled, Parse("mysql://h/?ssl-mode=DISABLED").Tls);
    }

    [Theory]
    [InlineData("db.example")]
    [InlineData("oracle://u:hidden@h/")]
    [InlineData("mysql://u:hidden@h:port/")]
    [InlineData("mysql://u:hidden@h:0/")]
    [InlineData("mysql://u:hidden@h:65536/")]
    [InlineData("mysql://u:hid%zzden@h/")]
    [InlineData("mysql://u:hid%00den@h/")]
    [InlineData("mysql://u:hidden@part@h:x/")]
    [InlineData("mysql://u:hid/den@h/?what=1")]
    [InlineData("mysql://u@h/?password=hidden")]
    [InlineData("mysql://[::1/")]
    [InlineData("mysql://a,b/")]
    public void a_wrong_url_is_a_usage_error_without_its_password(string url)
    {
        UsageException e = Assert.Throws<UsageException>(() => Parse(url));
        Assert.DoesNotContain("hid", $"{e.Message} {e.Hint}", StringComparison.Ordinal);
    }

    [Fact]
    public void the_password_comes_from_a_named_file_or_a_person_before_option_files()
    {
        Write(".my.cnf", "[client]\npassword=file\n");
        Write("secret", "named \n");
        Assert.Equal("named ", Parse("mysql://", passwordFile: folder.File("secret")).Password!.Reveal());
        Assert.Equal("typed", Parse("mysql://", asked: "typed").Password!.Reveal());
        Write(".my.cnf", "[client]\npassword\n");
        Assert.Throws<FailedException>(() => Parse("mysql://"));
    }

    private ServerAddress Parse(string url, string? extra = null, string? only = null, string? passwordFile = null, string? asked = null) =>
        ServerAddress.Parse(url, new()
        {
            Environment = name => environment.GetValueOrDefault(name),
            Home = folder.Path,
            Root = folder.Path,
            UserName = "me",
            DefaultsExtraFile = extra,
            DefaultsFile = only,
            PasswordFile = passwordFile,
            AskPassword = asked is not null,
            Prompt = _ => asked,
        });

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
        File.WriteAllText(folder.File(name), text);
    }
}
