using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.Addresses;

/// <summary>
/// Completes a postgresql:// URL as libpq would: the service file, then the environment, then what is built in; the password at last from
/// the password file.
/// </summary>
/// <remarks>https://www.postgresql.org/docs/current/libpq-connect.html</remarks>
internal sealed class PostgresAddress
{
    private const int DefaultPort = 5432;

    /// <summary>The parameters that matter here, with libpq's variables.</summary>
    private static readonly Dictionary<string, string?> Known = new(StringComparer.Ordinal)
    {
        ["host"] = "PGHOST",
        ["hostaddr"] = "PGHOSTADDR",
        ["socket"] = null, // not libpq's; of MariaDB it is known, and so people write it here too
        ["port"] = "PGPORT",
        ["user"] = "PGUSER",
        ["password"] = "PGPASSWORD",
        ["passfile"] = "PGPASSFILE",
        ["dbname"] = "PGDATABASE",
        ["service"] = "PGSERVICE",
        ["sslmode"] = "PGSSLMODE",
        ["sslrootcert"] = "PGSSLROOTCERT",
        ["sslcert"] = "PGSSLCERT",
        ["sslkey"] = "PGSSLKEY",
        ["connect_timeout"] = "PGCONNECT_TIMEOUT",
        ["options"] = "PGOPTIONS",
        ["application_name"] = "PGAPPNAME",
    };

    private readonly ServerUrl url;
    private readonly AddressSources sources;
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);
    private readonly List<string> warnings = [];

    private PostgresAddress(ServerUrl url, AddressSources sources) => (this.url, this.sources) = (url, sources);

    public static ServerAddress Resolve(ServerUrl url, AddressSources sources) => new PostgresAddress(url, sources).Resolve();

    private ServerAddress Resolve()
    {
        Set("user", url.User);
        Set("host", url.Host);
        Set("port", url.Port?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Set("dbname", url.Database);
        foreach ((string name, string value) in url.Parameters)
            values[name] = Known.ContainsKey(name) ? value
                : throw url.Wrong($"the parameter {name} is not known", $"known are {string.Join(", ", Known.Keys.Order(StringComparer.Ordinal))}");
        if (Value("socket") is { } socket)
            GoThrough(socket);
        string? inUrl = url.Password ?? values.GetValueOrDefault("password");
        if ((values.GetValueOrDefault("service") ?? sources.Variable("PGSERVICE")) is { } service)
            new PostgresServices(sources).Fill(service, values, Known.Keys);
        foreach ((string name, string? variable) in Known)
            if (variable is not null && !values.ContainsKey(name))
                Set(name, sources.Variable(variable));

        string user = Value("user") ?? sources.UserName, database = Value("dbname") ?? user;
        int port = Value("port") is not { } text ? DefaultPort : Numbers.Port(text) ?? throw url.Wrong($"the port {text} is no number from 1 to 65535");
        string? host = Value("hostaddr") ?? Value("host");
        if (host?.Contains(',', StringComparison.Ordinal) == true)
            throw url.Wrong("several hosts are named", "name the one that can be written to");
        string folder = host ?? DefaultFolder();
        bool local = folder.StartsWith('/') || folder.StartsWith('@');
        TlsMode mode = Mode();
        string? authorities = Value("sslrootcert") ?? OfUser("root.crt");
        // libpq: "require" with a file of authorities in its usual place is "verify-ca".
        if (mode == TlsMode.Required && Value("sslrootcert") is null && authorities is not null)
            mode = TlsMode.VerifyCa;
        return new()
        {
            Kind = ServerKind.Postgres,
            Host = local ? "localhost" : Value("host") ?? folder,
            Port = port,
            Socket = local ? $"{folder}/.s.PGSQL.{port}" : null,
            User = user,
            Password = Password(inUrl, Value("host") ?? (local && folder == DefaultFolder() ? "localhost" : folder), port, database, user),
            Database = database,
            // libpq has no TLS on a Unix socket, whatever is asked for.
            Tls = local ? TlsMode.Disabled : mode,
            AuthoritiesFile = authorities is "system" ? null : authorities,
            CertificateFile = Value("sslcert") ?? OfUser("postgresql.crt"),
            KeyFile = Value("sslkey") ?? OfUser("postgresql.key"),
            ConnectTimeout = Numbers.Timeout(Value("connect_timeout")) ?? TimeSpan.FromSeconds(10),
            SessionOptions = Value("options"),
            ApplicationName = Value("application_name"),
            Warnings = warnings,
        };
    }

    /// <summary>The folder of a socket, or the socket itself, which has its port in its name.</summary>
    private void GoThrough(string socket)
    {
        const string Name = "/.s.PGSQL.";
        int at = socket.LastIndexOf(Name, StringComparison.Ordinal);
        values["host"] = at < 0 ? socket : socket[..at];
        values.Remove("hostaddr");
        if (!values["host"].StartsWith('/'))
            throw url.Wrong($"the socket {socket} is no whole path", "such as socket=/run/postgresql");
        if (at >= 0)
            values["port"] = socket[(at + Name.Length)..];
    }

    private void Set(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            values[name] = value;
    }

    private string? Value(string name) => values.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    private string DefaultFolder() => Directory.Exists($"{sources.Root}/run/postgresql") ? $"{sources.Root}/run/postgresql" : "/tmp";

    private string? OfUser(string file) => Path.Combine(sources.Home, ".postgresql", file) is var path && File.Exists(path) ? path : null;

    private Secret? Password(string? inUrl, string host, int port, string database, string user)
    {
        if (inUrl is not null)
        {
            warnings.Add(PasswordSources.InUrl("~/.pgpass"));
            return new(inUrl);
        }
        if (PasswordSources.Named(sources, url.Shown) is { } named)
            return named;
        if (Value("password") is { } value)
            return new(value);
        string file = Value("passfile") ?? Path.Combine(sources.Home, ".pgpass");
        if (host == DefaultFolder() || host == "/var/run/postgresql")
            host = "localhost";
        return PasswordFile.Find(file, [host, port.ToString(System.Globalization.CultureInfo.InvariantCulture), database, user], warnings);
    }

    private TlsMode Mode() => Value("sslmode") switch
    {
        "disable" => TlsMode.Disabled,
        // "allow" takes what there is as well, only that it would rather have no TLS.
        null or "prefer" or "allow" => TlsMode.Preferred,
        "require" => TlsMode.Required,
        "verify-ca" => TlsMode.VerifyCa,
        "verify-full" => TlsMode.VerifyIdentity,
        { } other => throw url.Wrong($"sslmode {other} is none of disable, allow, prefer, require, verify-ca, verify-full"),
    };
}
