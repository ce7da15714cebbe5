namespace Jumpbag.Tests.Support;

/// <summary>
/// A real PostgreSQL server with a fresh cluster, reached by its socket, and by TCP on 127.0.0.1 where that was asked for. The account
/// postgres is a superuser and needs no password. The server refuses to run as root, and takes the machine's account postgres then.
/// </summary>
public sealed class PostgresServer : IDisposable
{
    private readonly ServerProcess? process;
    private readonly string[] options = [];
    private bool isAgain;

    public PostgresServer() : this(false)
    {
    }

    /// <param name="tcp">Whether it listens on 127.0.0.1 too.</param>
    /// <param name="settings">Further settings, such as "wal_level=logical".</param>
    public PostgresServer(bool tcp, params string[] settings) : this(ServerProcess.NewFolder("postgres"), tcp, settings)
    {
    }

    /// <param name="folder">An empty one, for all that is the server's.</param>
    public PostgresServer(string folder, bool tcp = false, params string[] settings)
    {
        if (Missing is not null)
            return;
        Folder = folder;
        Port = ServerProcess.FreePort();
        string data = Path.Combine(Folder, "data");
        if (Environment.IsPrivilegedProcess)
            Shell.Run("chown", "postgres:", Folder);
        string[] account = Account;
        string[] initialise = [.. account, Program("initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"];
        Shell.Run(initialise[0], initialise[1..]);
        string[] all = [$"port={Port}", $"unix_socket_directories={Folder}", $"listen_addresses={(tcp ? "127.0.0.1" : "")}", "fsync=off",
            "full_page_writes=off", "synchronous_commit=off", "shared_buffers=64MB", "max_wal_size=256MB", "logging_collector=off", .. settings];
        options = [.. all.SelectMany(setting => new[] { "-c", setting })];
        process = ServerProcess.Start(Folder,
            [.. account, Program("postgres"), "-D", data, .. options],
            () => Shell.Try("psql", [.. ClientOptions, "-d", "postgres", "-qc", "SELECT 1"]).Status == 0);
    }

    /// <summary>Skips the test, with the reason, where there is no PostgreSQL; each test that uses the server begins with it.</summary>
    public static void Require()
    {
        Support.Require.Tool("psql");
        Xunit.Assert.SkipWhen(Missing is not null, $"needs {Missing}");
    }

    public string Folder { get; } = "";

    /// <summary>Part of the socket's name too: host=Folder, port=Port.</summary>
    public int Port { get; }

    public string User => "postgres";

    /// <summary>What the programs of PostgreSQL need to reach it, before their other arguments.</summary>
    public string[] ClientOptions => ["-h", Folder, "-p", Port.ToString(System.Globalization.CultureInfo.InvariantCulture), "-U", User];

    public string Log => process?.Log ?? "";

    /// <summary>Runs statements with psql; rows without headings, columns between tabs.</summary>
    public string Query(string statements, string database = "postgres") =>
        Shell.Run("psql", [.. ClientOptions, "-X", "-d", database, "-v", "ON_ERROR_STOP=1", "-qAtF", "\t", "-c", statements]);

    /// <summary>Feeds a file to psql, as a person loads a dump.</summary>
    public ShellResult Feed(string file, string database = "postgres", params string[] options) =>
        Shell.Try(TimeSpan.FromMinutes(3), "psql", [.. ClientOptions, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", file, .. options]);

    /// <summary>Writes what pg_dump makes of these arguments (the database among them) to a file.</summary>
    public void Dump(string file, params string[] arguments) => Shell.Run("pg_dump", [.. ClientOptions, "-f", file, .. arguments]);

    /// <summary>The postmaster's number, while it runs.</summary>
    public int ProcessId => int.Parse(File.ReadLines(Path.Combine(Folder, "data/postmaster.pid")).First(), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Kills the server at once, as a machine that goes down does to it; its sessions end a moment later.</summary>
    public void Kill() => Shell.Run("kill", "-KILL", ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Starts it again, after <see cref="Kill"/>.</summary>
    public void StartAgain()
    {
        string[] start = [.. Account, Program("pg_ctl"), "-D", Path.Combine(Folder, "data"), "-l", Path.Combine(Folder, "again.log"), "-w", "-o", string.Join(' ', options.Select(Shell.Quote)), "start"];
        // Sessions of the one before may still hold its memory.
        for (DateTime deadline = DateTime.UtcNow.AddSeconds(20); Shell.Try(start[0], start[1..]).Status != 0; Thread.Sleep(100))
            if (DateTime.UtcNow > deadline)
                throw new InvalidOperationException("the server did not start again:\n" + File.ReadAllText(Path.Combine(Folder, "again.log")));
        isAgain = true;
    }

    public void Dispose()
    {
        if (isAgain && File.Exists(Path.Combine(Folder, "data/postmaster.pid")))
            Kill();
        process?.Dispose();
    }

    private static string[] Account => Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

    private static string? Missing =>
        Shell.Find("psql") is null ? "the program psql"
        : Find("postgres") is null || Find("initdb") is null ? "the programs postgres and initdb"
        : Environment.IsPrivilegedProcess && !File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "the account postgres"
        : null;

    private static string Program(string name) => Find(name)!;

    /// <summary>Debian keeps the server's programs out of PATH, a folder for each version.</summary>
    private static string? Find(string name) =>
        (Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [])
            .OrderDescending(StringComparer.Ordinal).Select(folder => Path.Combine(folder, "bin", name)).FirstOrDefault(File.Exists) ?? Shell.Find(name);
}
