namespace Jumpbag.Tests.Support;

/// <summary>
/// A real MariaDB server with an empty data folder, reached by its socket, and by TCP on 127.0.0.1 where that was asked for. The account
/// root has no password and all rights.
/// </summary>
public sealed class MariaDbServer : IDisposable
{
    private readonly ServerProcess? process;

    public MariaDbServer() : this(false)
    {
    }

    /// <param name="tcp">Whether it listens on <see cref="Port"/> too.</param>
    /// <param name="options">Further options of mariadbd, such as "--log-bin" or "--max-allowed-packet=1M".</param>
    public MariaDbServer(bool tcp, params string[] options)
    {
        if (!IsInstalled)
            return;
        Folder = ServerProcess.NewFolder("mariadb");
        string data = Path.Combine(Folder, "data"), user = Environment.IsPrivilegedProcess ? "root" : Environment.UserName;
        Port = tcp ? ServerProcess.FreePort() : 0;
        // A server that starts removes the temporary tables of others from a folder that they share.
        Directory.CreateDirectory(Path.Combine(Folder, "tmp"));
        // The folder's own options come first on both command lines; the machine's option files are left out.
        Shell.Run("mariadb-install-db", "--no-defaults", $"--datadir={data}", $"--user={user}", "--auth-root-authentication-method=normal",
            "--skip-test-db", "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve");
        process = ServerProcess.Start(Folder,
            ["mariadbd", "--no-defaults", $"--datadir={data}", $"--user={user}", $"--socket={Socket}", $"--pid-file={Folder}/pid", $"--tmpdir={Folder}/tmp",
                .. tcp ? [$"--port={Port}", "--bind-address=127.0.0.1"] : new[] { "--skip-networking" },
                "--skip-name-resolve", "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=48M", "--innodb-flush-log-at-trx-commit=0",
                "--innodb-fast-shutdown=2", "--key-buffer-size=8M", "--aria-pagecache-buffer-size=8M", "--max-allowed-packet=64M",
                "--character-set-server=utf8mb4", "--local-infile=0", .. options],
            () => Shell.Try("mariadb", [.. ClientOptions, "-e", "SELECT 1"]).Status == 0);
    }

    public static bool IsInstalled => Shell.Find("mariadbd") is not null && Shell.Find("mariadb-install-db") is not null && Shell.Find("mariadb") is not null;

    /// <summary>Skips the test, with the reason, where there is no MariaDB; each test that uses the server begins with it.</summary>
    public static void Require()
    {
        Support.Require.Tool("mariadbd");
        Support.Require.Tool("mariadb-install-db");
        Support.Require.Tool("mariadb");
    }

    public string Folder { get; } = "";

    public string Socket => Path.Combine(Folder, "s");

    /// <summary>0 where it listens on its socket only.</summary>
    public int Port { get; }

    public string User => "root";

    /// <summary>What the programs of MariaDB need to reach it, before their other arguments.</summary>
    public string[] ClientOptions => ["--no-defaults", $"--socket={Socket}", $"--user={User}"];

    /// <summary>What the server has written to its error log.</summary>
    public string Log => process?.Log ?? "";

    /// <summary>Runs statements with the mariadb client; its output without headings, columns between tabs.</summary>
    public string Query(string statements, string? database = null) =>
        Shell.Run("mariadb", [.. ClientOptions, "--batch", "--skip-column-names", "--raw", .. database is null ? [] : new[] { database }, "-e", statements]);

    /// <summary>Feeds a file to the mariadb client, as a person loads a dump.</summary>
    public ShellResult Feed(string file, params string[] options) => Redirected("mariadb", $"<{Shell.Quote(file)}", options);

    /// <summary>Writes what mariadb-dump makes of these arguments to a file.</summary>
    public void Dump(string file, params string[] arguments)
    {
        ShellResult result = Redirected("mariadb-dump", $">{Shell.Quote(file)}", arguments);
        if (result.Status != 0)
            throw new InvalidOperationException($"mariadb-dump: {result.Errors}");
    }

    public void Dispose() => process?.Dispose();

    private ShellResult Redirected(string program, string redirection, string[] arguments) =>
        Shell.Try(TimeSpan.FromMinutes(3), "bash", ["-c", $"\"$@\" {redirection}", "bash", program, .. ClientOptions, .. arguments]);
}
