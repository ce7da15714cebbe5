using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Databases.Servers.Addresses;

namespace Jumpbag.Databases.Servers;

public enum ServerKind
{
    /// <summary>MariaDB, MySQL and what speaks their protocol.</summary>
    MariaDb,
    Postgres,
}

/// <summary>How far a connection is protected, from not at all to a certificate that names the host.</summary>
public enum TlsMode
{
    Disabled,

    /// <summary>Where the server offers it; its certificate is not looked at.</summary>
    Preferred,

    /// <summary>Or no connection; the certificate is not looked at.</summary>
    Required,

    /// <summary>With a certificate that a trusted authority signed.</summary>
    VerifyCa,

    /// <summary>The same, and made out to the host that was asked for.</summary>
    VerifyIdentity,
}

/// <summary>
/// Where a server is and as whom to go there: everything that a connection needs, with nothing left to be looked up.
/// <see cref="Parse"/> takes what a person writes, <see cref="ToString"/> never shows the password.
/// </summary>
public sealed record ServerAddress
{
    public required ServerKind Kind { get; init; }

    /// <summary>A name or number; of no use where there is a <see cref="Socket"/>.</summary>
    public string Host { get; init; } = "localhost";

    public int Port { get; init; }

    /// <summary>The path of the Unix socket that is gone through instead of TCP, or null.</summary>
    public string? Socket { get; init; }

    public required string User { get; init; }

    public Secret? Password { get; init; }

    /// <summary>The database to be in from the start, or null.</summary>
    public string? Database { get; init; }

    /// <summary>Through a Unix socket there is no TLS unless it is at least <see cref="TlsMode.Required"/>.</summary>
    public TlsMode Tls { get; init; } = TlsMode.Preferred;

    /// <summary>The authorities' certificates (PEM); null for those that the machine trusts.</summary>
    public string? AuthoritiesFile { get; init; }

    /// <summary>Our own certificate and its key (PEM), or null.</summary>
    public string? CertificateFile { get; init; }

    public string? KeyFile { get; init; }

    /// <summary>For everything until the server takes statements: name, connection, TLS, login.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Of PostgreSQL: settings for each session as a command line, "-c work_mem=1GB"; or null.</summary>
    public string? SessionOptions { get; init; }

    /// <summary>Of PostgreSQL: by which pg_stat_activity shows the sessions; null for ours.</summary>
    public string? ApplicationName { get; init; }

    /// <summary>What a person should be told of it, each with what to do instead.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public string Scheme => Kind == ServerKind.MariaDb ? "mysql" : "postgresql";

    /// <summary>Where it is, for messages: "localhost:3306" or the path of a socket.</summary>
    public string Place => Socket ?? string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}");

    /// <summary>
    /// A URL (mysql://, mariadb://, postgresql://, postgres://), completed from where the database's own client would take the rest:
    /// option files and environment of MariaDB and MySQL, environment, service and password file of PostgreSQL.
    /// </summary>
    /// <exception cref="UsageException">The URL is none.</exception>
    public static ServerAddress Parse(string url, AddressSources? sources = null)
    {
        ServerUrl parsed = ServerUrl.Parse(url);
        return parsed.Scheme switch
        {
            "mysql" or "mariadb" => MySqlAddress.Resolve(parsed, sources ?? new()),
            "postgresql" or "postgres" => PostgresAddress.Resolve(parsed, sources ?? new()),
            _ => throw parsed.Wrong("the kind of server is not known", "known are mysql://, mariadb://, postgresql:// and postgres://"),
        };
    }

    /// <summary>The same server and account, in another database.</summary>
    public ServerAddress In(string database) => this with { Database = database };

    /// <summary>The same, given up after that time at most.</summary>
    public ServerAddress Within(TimeSpan most) => most < ConnectTimeout ? this with { ConnectTimeout = most } : this;

    /// <summary>A URL as it can be shown and kept: all of it but the password.</summary>
    /// <exception cref="UsageException">The URL is none.</exception>
    public static string WithoutPassword(string url) => ServerUrl.Parse(url).WithoutPassword;

    public override string ToString() => $"{Scheme}://{User}@{Place}{(Database is null ? "" : $"/{Database}")}";
}

/// <summary>A password: no message, log or debugger's line shows it by accident.</summary>
public sealed class Secret(string value)
{
    public string Reveal() => value;

    public override string ToString() => "(secret)";
}
