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

    /// <param name="times">How much faster waiting passes.</param>
    public RepositoryStore Open(string name, int? port = null, int times = 1, StoreOptions? options = null, bool wrong = false) =>
        StoreAddress.Parse(Address(name, port ?? Port)).Open((options ?? StoreOptions.Default) with
        {
            Variable = variable => (wrong ? Wrong : Variables).GetValueOrDefault(variable),
            Clock = times == 1 ? TimeProvider.System : new FastClock(times),
            Ssh = Ssh,
        });
}

/// <summary>The servers of all kinds of stores, each started when a test first asks for it.</summary>
[CollectionDefinition(nameof(StoreServers))]
public sealed partial class StoreServers : IDisposable, ICollectionFixture<StoreServers>
{
    public const string Password = "Geheim-7";

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

    /// <summary>A server that can be stopped and started again on its port; it is started.</summary>
    private (Action Start, Action Stop) Process(int port, params string[] command)
    {
        int slot = processes.Count;
        processes.Add(null);
        void Start() => processes[slot] = ServerProcess.Start(ServerProcess.NewFolder("store"), command, () => Listens(port));
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
