using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.Addresses;

/// <summary>
/// Completes a mysql:// or mariadb:// URL as the mariadb client would complete its command line: option files, then the environment,
/// then what is built in.
/// </summary>
internal sealed class MySqlAddress
{
    private const int DefaultPort = 3306;

    private static readonly HashSet<string> Groups = new(StringComparer.Ordinal)
    {
        "client", "client-server", "client-mariadb", "mysql", "mariadb-client", "jumpbag",
    };

    private static readonly string[] Sockets = ["/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/run/mariadb/mariadb.sock", "/tmp/mysql.sock"];

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "socket", "protocol", "ssl", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "ssl-verify-server-cert", "connect-timeout",
    };

    private readonly ServerUrl url;
    private readonly AddressSources sources;
    private readonly OptionFile file;
    private readonly List<string> warnings = [];

    private MySqlAddress(ServerUrl url, AddressSources sources)
    {
        (this.url, this.sources) = (url, sources);
        string? suffix = sources.Variable("MYSQL_GROUP_SUFFIX");
        file = new(suffix is null ? Groups : Groups.Union(Groups.Select(group => group + suffix)).ToHashSet(StringComparer.Ordinal));
    }

    public static ServerAddress Resolve(ServerUrl url, AddressSources sources) => new MySqlAddress(url, sources).Resolve();

    private ServerAddress Resolve()
    {
        Dictionary<string, string> given = new(StringComparer.Ordinal);
        foreach ((string key, string value) in url.Parameters)
            given[key.Replace('_', '-')] = Known.Contains(key.Replace('_', '-')) ? value
                : throw url.Wrong($"the parameter {key} is not known", $"known are {string.Join(", ", Known.Order(StringComparer.Ordinal))}");
        ReadFiles();
        warnings.AddRange(file.Warnings);
        bool portGiven = url.Port is not null;
        string? host = url.Host ?? Option("host") ?? sources.Variable("MYSQL_HOST");
        // A host in the URL is gone to: the socket of a file belongs to another server then.
        string? socket = given.GetValueOrDefault("socket") ?? (url.Host is null or "localhost" ? Option("socket") ?? sources.Variable("MYSQL_UNIX_PORT") : null);
        string protocol = (given.GetValueOrDefault("protocol") ?? Option("protocol") ?? "").ToLowerInvariant();
        bool local = given.ContainsKey("socket") || protocol == "socket"
            || (protocol != "tcp" && !portGiven && host is null or "localhost" or "");
        return new()
        {
            Kind = ServerKind.MariaDb,
            Host = host is null or "" ? "localhost" : host,
            Port = url.Port ?? PortOf(Option("port")) ?? PortOf(sources.Variable("MYSQL_TCP_PORT")) ?? DefaultPort,
            Socket = local ? socket ?? Sockets.Select(path => sources.Root + path).FirstOrDefault(File.Exists) ?? sources.Root + Sockets[0] : null,
            User = url.User ?? Option("user") ?? sources.UserName,
            Password = Password(),
            Database = url.Database ?? Option("database"),
            Tls = Mode(given),
            AuthoritiesFile = given.GetValueOrDefault("ssl-ca") ?? Option("ssl-ca"),
            CertificateFile = given.GetValueOrDefault("ssl-cert") ?? Option("ssl-cert"),
            KeyFile = given.GetValueOrDefault("ssl-key") ?? Option("ssl-key"),
            ConnectTimeout = Numbers.Timeout(given.GetValueOrDefault("connect-timeout") ?? Option("connect-timeout")) ?? TimeSpan.FromSeconds(10),
            Warnings = warnings,
        };
    }

    private void ReadFiles()
    {
        ReadOptionFiles();
        // As MySQL's client has it: last, and whatever else is to be read or not.
        file.ReadLogin(sources.Variable("MYSQL_TEST_LOGIN_FILE") ?? Path.Combine(sources.Home, ".mylogin.cnf"));
    }

    private void ReadOptionFiles()
    {
        if (sources.NoDefaults)
            return;
        if (sources.DefaultsFile is { } only)
        {
            file.Read(only, mustExist: true);
            return;
        }
        file.Read($"{sources.Root}/etc/my.cnf", mustExist: false);
        file.Read($"{sources.Root}/etc/mysql/my.cnf", mustExist: false);
        if (sources.Variable("MYSQL_HOME") is { } folder)
            file.Read(Path.Combine(folder, "my.cnf"), mustExist: false);
        if (sources.DefaultsExtraFile is { } extra)
            file.Read(extra, mustExist: true);
        file.Read(Path.Combine(sources.Home, ".my.cnf"), mustExist: false);
    }

    private string? Option(string name) => file.Options.GetValueOrDefault(name);

    private static int? PortOf(string? text) => text is null or "0" ? null
        : Numbers.Port(text) ?? throw new FailedException($"{text}: the port in an option file or MYSQL_TCP_PORT is no number from 1 to 65535");

    private Secret? Password()
    {
        if (url.Password is { } given)
        {
            warnings.Add(PasswordSources.InUrl("~/.my.cnf, group [client]"));
            return new(given);
        }
        if (PasswordSources.Named(sources, url.Shown) is { } named)
            return named;
        bool asks = file.Options.TryGetValue("password", out string? password) && password is null;
        return asks ? PasswordSources.Ask(sources, url.Shown)
            : (password ?? sources.Variable("MYSQL_PWD")) is { } found ? new(found) : null;
    }

    private TlsMode Mode(Dictionary<string, string> given)
    {
        if (given.GetValueOrDefault("ssl-mode") is { } mode)
            return Named(mode) ?? throw url.Wrong("ssl-mode is none of disabled, preferred, required, verify-ca, verify-identity");
        bool? ssl = given.TryGetValue("ssl", out string? asked) ? IsOn(asked) : Flag("ssl");
        bool verify = given.TryGetValue("ssl-verify-server-cert", out string? check) ? IsOn(check) : Flag("ssl-verify-server-cert") ?? false;
        if (verify)
            return TlsMode.VerifyIdentity;
        return Named(Option("ssl-mode") ?? "") ?? ssl switch
        {
            true => TlsMode.Required,
            false => TlsMode.Disabled,
            null => TlsMode.Preferred,
        };
    }

    /// <summary>An option alone is on; "skip-" and "disable-" turn it off.</summary>
    private bool? Flag(string name) =>
        file.Options.ContainsKey($"skip-{name}") || file.Options.ContainsKey($"disable-{name}") ? false
        : file.Options.TryGetValue(name, out string? value) ? value is null || IsOn(value) : null;

    private static bool IsOn(string value) => value.ToLowerInvariant() is "1" or "on" or "true" or "yes" or "";

    private static TlsMode? Named(string mode) => mode.ToLowerInvariant().Replace('_', '-') switch
    {
        "disabled" => TlsMode.Disabled,
        "preferred" => TlsMode.Preferred,
        "required" => TlsMode.Required,
        "verify-ca" => TlsMode.VerifyCa,
        "verify-identity" => TlsMode.VerifyIdentity,
        _ => null,
    };
}
