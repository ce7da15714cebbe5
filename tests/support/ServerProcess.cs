using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Jumpbag.Tests.Support;

/// <summary>
/// A database server on a folder of its own. It is gone when this is disposed, and also when the tests die in whatever way: a shell
/// beside it waits on a pipe that only the tests hold open, and kills it when the pipe closes.
/// </summary>
public sealed class ServerProcess : IDisposable
{
    // The folder is removed here, for tests that were killed can't do it.
    private const string Keeper = """
        folder=$1 log=$2; shift 2
        "$@" >>"$log" 2>&1 </dev/null &
        server=$!
        trap '' INT TERM HUP
        while IFS= read -r _; do :; done
        kill -QUIT $server 2>/dev/null
        for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 $server 2>/dev/null || break; sleep 0.05; done
        kill -KILL $server 2>/dev/null
        wait $server 2>/dev/null
        rm -rf -- "$folder"
        """;

    private readonly Process keeper;
    private readonly string log;

    private ServerProcess(Process keeper, string log)
    {
        this.keeper = keeper;
        this.log = log;
    }

    /// <param name="folder">Holds all that is the server's; removed at the end.</param>
    /// <param name="isReady">Asked until it says yes.</param>
    public static ServerProcess Start(string folder, string[] command, Func<bool> isReady)
    {
        string log = Path.Combine(folder, "server.log");
        var start = new ProcessStartInfo("bash", ["-c", Keeper, "bash", folder, log, .. command]) { RedirectStandardInput = true };
        start.Environment["LC_ALL"] = "C";
        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        var server = new ServerProcess(Process.Start(start)!, log);
        for (DateTime deadline = DateTime.UtcNow.AddSeconds(60); !isReady(); Thread.Sleep(50))
        {
            if (DateTime.UtcNow < deadline)
                continue;
            string said = File.Exists(log) ? File.ReadAllText(log) : "";
            server.Dispose();
            throw new InvalidOperationException($"{command[0]} did not start:\n{said}");
        }
        return server;
    }

    public string Log => File.ReadAllText(log);

    public void Dispose()
    {
        keeper.StandardInput.Close();
        if (!keeper.WaitForExit(TimeSpan.FromSeconds(20)))
            keeper.Kill(entireProcessTree: true);
        keeper.Dispose();
    }

    /// <summary>A port of this machine's own address that nobody listens on just now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A short path, since a socket's may have 107 bytes only; in memory where the machine allows that.</summary>
    public static string NewFolder(string kind)
    {
        string parent = Directory.Exists("/dev/shm") && new DriveInfo("/dev/shm").AvailableFreeSpace > 4L << 30 ? "/dev/shm" : "/tmp";
        string folder = Path.Combine(parent, $"jumpbag-{kind}-{Guid.NewGuid().ToString("N")[..12]}");
        Directory.CreateDirectory(folder);
        return folder;
    }
}
