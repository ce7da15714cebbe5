using Jumpbag.Core;
using Jumpbag.Databases.Servers;
using Jumpbag.Databases.Servers.Addresses;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Servers;

public sealed class PostgresAddressTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, string> environment = [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void a_url_names_all()
    {
        ServerAddress address = Parse("postgresql://u:p%20w@db.example:5433/base?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=7");
        Assert.Equal(("db.example", 5433, "u", "p w", "base"), (address.Host, address.Port, address.User, address.Password!.Reveal(), address.Database));
        Assert.Equal((TlsMode.VerifyIdentity, "/ca.pem", TimeSpan.FromSeconds(7)), (address.Tls, address.AuthoritiesFile, address.ConnectTimeout));
        Assert.Single(address.Warnings);
    }

    [Theory]
    [InlineData("postgres://", "/tmp/.s.PGSQL.5432")]
    [InlineData("postgresql:///base?host=/a%20b&port=6", "/a b/.s.PGSQL.6")]
    [InlineData("postgresql://%2Frun%2Fpg:7/base", "/run/pg/.s.PGSQL.7")]
    [InlineData("postgresql://u@/base?host=db.example", null)]
    [InlineData("postgresql://localhost", null)]
    [InlineData("postgresql://u@localhost/base?socket=/srv/pg", "/srv/pg/.s.PGSQL.5432")]
    [InlineData("postgresql://u@localhost:5433/base?socket=/srv/pg", "/srv/pg/.s.PGSQL.5433")]
    [InlineData("postgresql://u@localhost/base?socket=/srv/pg/.s.PGSQL.5499", "/srv/pg/.s.PGSQL.5499")]
    public void a_host_that_is_a_folder_or_none_is_a_socket(string url, string? socket) => Assert.Equal(socket, Parse(url).Socket);

    [Fact]
    public void the_database_is_the_users_name_where_none_is_named()
    {
        Assert.Equal(("me", "me"), (Parse("postgres://h").User, Parse("postgres://h").Database));
        Assert.Equal("u", Parse("postgres://u@h").Database);
    }

    [Fact]
    public void the_url_goes_before_the_service_and_the_service_before_the_environment()
    {
        environment["PGHOST"] = "env.example";
        environment["PGPORT"] = "1";
        environment["PGUSER"] = "env";
        environment["PGSSLMODE"] = "disable";
        ServerAddress fromEnvironment = Parse("postgres://");
        Assert.Equal(("env.example", 1, "env", TlsMode.Disabled), (fromEnvironment.Host, fromEnvironment.Port, fromEnvironment.User, fromEnvironment.Tls));
        Write(".pg_service.conf", "# mine\n[other]\nhost=wrong\n[main]\nhost=service.example\nport=2\napplication_name=x\n[third]\nport=9\n");
        environment["PGSERVICE"] = "main";
        ServerAddress fromService = Parse("postgres://");
        Assert.Equal(("service.example", 2, "env"), (fromService.Host, fromService.Port, fromService.User));
        Assert.Equal(("url.example", 2), (Parse("postgres://url.example").Host, Parse("postgres://url.example").Port));
        Assert.Throws<NotFoundException>(() => Parse("postgres://?service=nowhere"));
    }

    [Fact]
    public void settings_of_the_session_and_its_name_are_passed_on()
    {
        Assert.Equal((null, null), (Parse("postgres://").SessionOptions, Parse("postgres://").ApplicationName));
        environment["PGOPTIONS"] = "-c work_mem=1GB";
        environment["PGAPPNAME"] = "night";
        Assert.Equal(("-c work_mem=1GB", "night"), (Parse("postgres://").In("other").SessionOptions, Parse("postgres://").In("other").ApplicationName));
        Assert.Equal("-c a=b", Parse("postgres://h?options=-c%20a%3Db").SessionOptions);
    }

    [Fact]
    public void the_first_line_of_the_password_file_that_fits_counts()
    {
        Write(".pgpass", """
            # comment:*:*:*:no
            db.example:5433:base:u:first
            db.example:*:*:u:se\:co\\nd
            localhost:5432:base:u:socket
            *:*:*:\*:star
            ho\:st:*:*:*:colon
            short:5432
            """);
        Assert.Null(Parse("postgres://u@db.example/base").Password);
        Assert.Contains("chmod 600", Assert.Single(Parse("postgres://u@db.example/base").Warnings), StringComparison.Ordinal);
        File.SetUnixFileMode(folder.File(".pgpass"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal("first", Parse("postgres://u@db.example:5433/base").Password!.Reveal());
        Assert.Equal("se:co\\nd", Parse("postgres://u@db.example/base").Password!.Reveal());
        Assert.Equal("socket", Parse("postgres://u@/base").Password!.Reveal());
        Assert.Equal("star", Parse("postgres://%2A@h/base").Password!.Reveal());
        Assert.Null(Parse("postgres://v@h/base").Password);
        environment["PGPASSWORD"] = "env";
        Assert.Equal("env", Parse("postgres://u@db.example:5433/base").Password!.Reveal());
    }

    [Theory]
    [InlineData("postgres://u:hidden@a,b/")]
    [InlineData("postgres://u:hidden@h/?sslmode=maybe")]
    [InlineData("postgres://u:hidden@h/?nonsense=1")]
    [InlineData("postgres://u:hidden@h/?a=b=c")]
    [InlineData("postgres://u:hidden@h/?host=a,b")]
    [InlineData("postgres://u:hidden@h/?port=99999")]
    public void a_wrong_url_is_a_usage_error_without_its_password(string url) =>
        Assert.DoesNotContain("hidden", Assert.Throws<UsageException>(() => Parse(url)).Message, StringComparison.Ordinal);

    private ServerAddress Parse(string url) => ServerAddress.Parse(url, new()
    {
        Environment = name => environment.GetValueOrDefault(name),
        Home = folder.Path,
        Root = folder.Path,
        UserName = "me",
    });

    private void Write(string name, string text) => File.WriteAllText(folder.File(name), text);
}
