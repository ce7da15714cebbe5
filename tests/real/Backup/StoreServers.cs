using System.Net.Sockets;
using Jumpbag.Backup.Stores;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>A real server with stores on it.</summary>
/// <param name="Address">Of a store there by its name, at a port: the server's own, or a proxy's before it.</param>
/// <param name="ResticAddress">The same as restic writes it.</param>
/// <param name="Variables">The keys to it.</param>
/// <param name="Wrong">The same with a wrong one; null where addresses have it.</param>
/// <param name="FolderOf">Where the server keeps a store's files as they are; null where it has its own ways.</param>
public sealed record StoreServer(int Port, Func<string, int, string> Address, Func<string, string> ResticAddress,
    IReadOnlyDictionary<string, string> Variables, IReadOnlyDictionary<string, string> Wrong, Func<string, string>? FolderOf = null)
{
    public required Action Stop { get; init; }

    public required Action Start { get; init; }

    /// <summary>What must never be in a message.</summary>
    public required string Secret { get; init; }

    public string Ssh { get; init; } = "ssh";

    /// <summary>By which restic writes into a store, where that is another way than one reads from it.</summary>
    public Func<string, string>? WrittenBy { get; init; }

    /// <param name="times">How much faster waiting passes.</param>
    public RepositoryStore Open(string name, int? port = null, int times = 1, StoreOptions? options = null, bool wrong = false) =>
        StoreAddress.Parse(Address(name, port ?? Port)).Open((options ?? StoreOptions.Default) with
        {
            // Swift's address is a variable, and its answer names the host by which it was asked.
            Variable = variable => (wrong ? Wrong : Variables).GetValueOrDefault(variable) is { } value ? value.Replace($":{Port}/", $":{port ?? Port}/", StringComparison.Ordinal) : null,
            Clock = times == 1 ? TimeProvider.System : new FastClock(times),
            Ssh = Ssh,
        });
}

/// <summary>The servers of all kinds of stores, each started when a test first asks for it.</summary>
[CollectionDefinition(nameof(StoreServers))]
public sealed partial class StoreServers : IDisposable, ICollectionFixture<StoreServers>
{
    public const string Password = "Geheim-7", SwiftKey = "testing-Geheim";

    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, StoreServer> started = [];
    private readonly List<ServerProcess?> processes = [];

    public StoreServer this[string kind]
    {
        get
        {
            if (!started.TryGetValue(kind, out StoreServer? server))
                started.Add(kind, server = kind switch
                {
                    "rest" => Rest(appendOnly: false),
                    "rest-append" => Rest(appendOnly: true),
                    "rest-tls" => RestWithTls(),
                    "sftp" => Sftp(),
                    "swift" => Swift(),
                    "s3" => S3(),
                    _ => throw new ArgumentException(kind),
                });
            return server;
        }
    }

    public void Dispose()
    {
        foreach (ServerProcess? process in processes)
            process?.Dispose();
        folder.Dispose();
    }

    private StoreServer Rest(bool appendOnly)
    {
        Require.Tool("rclone");
        int port = ServerProcess.FreePort();
        string data = Directory.CreateDirectory(folder.File($"rest{port}")).FullName;
        (Action start, Action stop) = Process(port, "rclone", "serve", "restic", "--config", "/dev/null", "--addr", $"127.0.0.1:{port}", "--user", "anna", "--pass", Password, appendOnly ? "--append-only" : "--append-only=false", data);
        return new(port, (name, at) => $"rest:http://anna:{Password}@127.0.0.1:{at}/{name}/", name => $"rest:http://anna:{Password}@127.0.0.1:{port}/{name}/",
            new Dictionary<string, string>(), new Dictionary<string, string>(), name => Path.Combine(data, name))
        { Start = start, Stop = stop, Secret = Password };
    }

    /// <summary>Its certificate is its own, known to those whose SSL_CERT_FILE names it.</summary>
    private StoreServer RestWithTls()
    {
        Require.Tool("rclone");
        Require.Tool("openssl");
        int port = ServerProcess.FreePort();
        string data = Directory.CreateDirectory(folder.File("tls")).FullName, certificate = $"{data}.pem", key = $"{data}.key";
        Shell.Run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=box", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate);
        (Action start, Action stop) = Process(port, "rclone", "serve", "restic", "--config", "/dev/null", "--addr", $"127.0.0.1:{port}", "--cert", certificate, "--key", key, "--user", "anna", "--pass", Password, data);
        return new(port, (name, at) => $"rest:https://anna:{Password}@127.0.0.1:{at}/{name}/", name => $"rest:https://anna:{Password}@127.0.0.1:{port}/{name}/",
            new Dictionary<string, string> { ["SSL_CERT_FILE"] = certificate }, new Dictionary<string, string>(), name => Path.Combine(data, name))
        { Start = start, Stop = stop, Secret = Password };
    }

    /// <summary>sshd with keys of its own, and an ssh that knows them from a configuration of its own.</summary>
    private StoreServer Sftp()
    {
        Require.Tool("ssh");
        Require.Tool("sshd");
        int port = ServerProcess.FreePort();
        string data = Directory.CreateDirectory(folder.File("sftp")).FullName;
        Shell.Run("bash", "-c", """
            cd "$1"; mkdir -p repos bin; [ $EUID != 0 ] || mkdir -p /run/sshd
            ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ed25519 -N '' -f other; ssh-keygen -q -t ed25519 -N '' -f key; ssh-keygen -q -t ed25519 -N '' -f stranger; cp key.pub authorized
            printf '%s\n' "Port $2" 'ListenAddress 127.0.0.1' "HostKey $1/host" "AuthorizedKeysFile $1/authorized" 'StrictModes no' 'UsePAM no' "PidFile $1/pid" 'PermitRootLogin prohibit-password' 'Subsystem sftp internal-sftp' 'MaxStartups 100' >sshd_config
            cut -d' ' -f1,2 host.pub | sed 's/^/box /' >known; cut -d' ' -f1,2 other.pub | sed 's/^/changed /' >>known
            for name in box changed unknown stranger; do
              printf '%s\n' "Host $name" 'HostName 127.0.0.1' "HostKeyAlias ${name/stranger/box}" "IdentityFile $1/$([ $name = stranger ] && echo stranger || echo key)" 'IdentitiesOnly yes' "UserKnownHostsFile $1/known" "Port $2"
            done >ssh_config
            printf '#!/bin/sh\nexec /usr/bin/ssh -F %s/ssh_config "$@"\n' "$1" >bin/ssh; chmod +x bin/ssh
            """, "bash", data, $"{port}");
        (Action start, Action stop) = Process(port, Shell.Find("sshd")!, "-D", "-e", "-f", $"{data}/sshd_config");
        return new(port, (name, at) => $"sftp://box{(at == port ? "" : $":{at}")}{data}/repos/{name}", name => $"sftp:box:{data}/repos/{name}",
            new Dictionary<string, string>(), new Dictionary<string, string>(), name => $"{data}/repos/{name}")
        { Start = start, Stop = stop, Secret = "-none-", Ssh = $"{data}/bin/ssh" };
    }

    private StoreServer Swift()
    {
        Require.Tool("swift-proxy-server");
        Require.Tool("memcached");
        int port = 20_000 + Random.Shared.Next(2000) * 5;
        string data = Directory.CreateDirectory(folder.File("swift")).FullName;
        (Action start, Action stop) = Process(Enumerable.Range(port, 5), "bash", Path.Combine(VirtualMachine.Repository, "tests", "real", "Backup", "swift-all-in-one.sh"), data, $"{port}");
        Dictionary<string, string> Login(string key) => new() { ["ST_AUTH"] = $"http://127.0.0.1:{port}/auth/v1.0", ["ST_USER"] = "test:tester", ["ST_KEY"] = key };
        return new(port, (name, _) => $"swift://jumpbag-{name}/deep", name => $"swift:jumpbag-{name}:/deep", Login(SwiftKey), Login("wrong")) { Start = start, Stop = stop, Secret = SwiftKey };
    }

    /// <summary>Of the same server.</summary>
    private StoreServer S3()
    {
        StoreServer swift = this["swift"];
        // restic sends its uploads in signed chunks where there is no TLS, which this server refuses; but a bucket is a container.
        Dictionary<string, string> Keys(string secret) => new(swift.Variables) { ["AWS_ACCESS_KEY_ID"] = "test:tester", ["AWS_SECRET_ACCESS_KEY"] = secret };
        return new(swift.Port, (name, at) => $"s3:http://127.0.0.1:{at}/jumpbag-s3-{name}/deep", name => $"s3:http://127.0.0.1:{swift.Port}/jumpbag-s3-{name}/deep", Keys(SwiftKey), Keys("wrong"))
        { Start = swift.Start, Stop = swift.Stop, Secret = SwiftKey, WrittenBy = name => $"swift:jumpbag-s3-{name}:/deep" };
    }

    /// <summary>A server that can be stopped and started again on its port; it is started.</summary>
    private (Action Start, Action Stop) Process(int port, params string[] command) => Process([port], command);

    private (Action Start, Action Stop) Process(IEnumerable<int> ports, params string[] command)
    {
        int slot = processes.Count;
        processes.Add(null);
        void Start() => processes[slot] = ServerProcess.Start(ServerProcess.NewFolder("store"), command, () => ports.All(Listens));
        Start();
        return (Start, () => processes[slot]!.Dispose());
    }

    private static bool Listens(int port)
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
