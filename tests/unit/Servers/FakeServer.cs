using System.Net;
using System.Net.Sockets;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Tests.Unit.Servers;

/// <summary>A server that says what a test tells it to, on TCP. Each connection runs the script once, and is then held open.</summary>
internal sealed class FakeServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> clients = [];
    private readonly Action<FakeServer, Stream> script;

    public FakeServer(Action<FakeServer, Stream> script)
    {
        this.script = script;
        listener.Start();
        new Thread(Accept) { IsBackground = true }.Start();
    }

    /// <summary>What went wrong in the script, other than the client's going away.</summary>
    public Exception? Failure { get; private set; }

    public ServerAddress Address(ServerKind kind, double timeout = 5, string? password = "secret") => new()
    {
        Kind = kind,
        Host = "127.0.0.1",
        Port = ((IPEndPoint)listener.LocalEndpoint).Port,
        User = "u",
        Password = password is null ? null : new(password),
        Tls = TlsMode.Disabled,
        ConnectTimeout = TimeSpan.FromSeconds(timeout),
    };

    /// <summary>One packet of MariaDB's protocol.</summary>
    public static void Send(Stream stream, int sequence, ReadOnlySpan<byte> payload) =>
        stream.Write([(byte)payload.Length, (byte)(payload.Length >> 8), (byte)(payload.Length >> 16), (byte)sequence, .. payload]);

    public static byte[] Receive(Stream stream)
    {
        var header = new byte[4];
        stream.ReadExactly(header);
        var payload = new byte[header[0] | header[1] << 8 | header[2] << 16];
        stream.ReadExactly(payload);
        return payload;
    }

    /// <summary>10, version, thread, scramble, capabilities of a MySQL 8 without TLS, plugin.</summary>
    public static byte[] Greeting(string plugin) =>
    [
        10, .. "8.0.36\0"u8, 7, 0, 0, 0, .. Scramble[..8], 0, 0x01 | 0x04 | 0x08, 0x82, 45, 2, 0, 0x38, 0, 21, .. new byte[10], .. Scramble[8..], 0,
        .. System.Text.Encoding.ASCII.GetBytes(plugin), 0,
    ];

    public static byte[] Scramble => [10, 47, 74, 111, 75, 73, 34, 48, 88, 76, 114, 74, 37, 13, 3, 80, 82, 2, 23, 21];

    public static byte[] Ok => [0, 0, 0, 2, 0, 0, 0];

    /// <summary>Greeting, login and the first question, each answered with OK.</summary>
    public static void LogIn(Stream stream, string plugin = "mysql_native_password")
    {
        Send(stream, 0, Greeting(plugin));
        Receive(stream);
        Send(stream, 2, Ok);
        Receive(stream);
        Send(stream, 1, Ok);
    }

    public void Dispose()
    {
        listener.Stop();
        lock (clients)
            clients.ForEach(client => client.Dispose());
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                TcpClient client = listener.AcceptTcpClient();
                lock (clients)
                    clients.Add(client);
                Serve(client.GetStream());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private void Serve(Stream stream)
    {
        try
        {
            script(this, stream);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The client went away, as many tests want it.
        }
        catch (Exception e)
        {
            Failure = e;
        }
    }
}
