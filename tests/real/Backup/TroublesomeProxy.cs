using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>What a proxy does to those who come through it.</summary>
public enum Trouble
{
    None,

    /// <summary>At random: cuts a connection after some bytes, answers 503, answers no HTTP at all.</summary>
    Random,

    /// <summary>Takes what is sent and never answers.</summary>
    Silence,

    /// <summary>Answers bytes that are no HTTP, or no SFTP.</summary>
    Garbage,

    /// <summary>Answers 200 with a page, as a hotel's network does.</summary>
    Page,

    /// <summary>Sends on to another place.</summary>
    Redirect,

    /// <summary>A byte now and then.</summary>
    Trickle,

    /// <summary>Forwards all but the deletion of a version, which it refuses as a bucket with object lock does.</summary>
    Lock,
}

/// <summary>Stands between a store and its server.</summary>
public sealed partial class TroublesomeProxy : IDisposable
{
    [GeneratedRegex(@"^DELETE \S*[?&](versionId|version-id)=")]
    private static partial Regex Deletion();

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private CancellationTokenSource epoch = new();
    private readonly int server;
    private readonly Random random;
    private readonly Lock gate = new();
    private int troubled;

    public TroublesomeProxy(int server, int seed)
    {
        this.server = server;
        random = new(seed);
        listener.Start();
        _ = Accept();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Connections that are there are cut when it changes.</summary>
    public Trouble Trouble
    {
        get;
        set
        {
            field = value;
            epoch.Cancel();
            epoch = new();
        }
    }

    /// <summary>How many connections were spoiled.</summary>
    public int Troubled => troubled;

    public void Dispose()
    {
        epoch.Cancel();
        listener.Dispose();
    }

    private async Task Accept()
    {
        try
        {
            while (true)
                _ = Serve(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                Trouble trouble = Trouble;
                CancellationToken end = epoch.Token;
                long cut = long.MaxValue;
                if (trouble == Trouble.Random)
                {
                    lock (gate)
                    {
                        int kind = random.Next(8);
                        trouble = kind == 0 ? Trouble.Garbage : Trouble.None;
                        // The others are cut sooner or later.
                        cut = kind == 1 ? -1 : kind < 6 ? (long)Math.Pow(2, random.NextDouble() * 19) : 1_400_000;
                    }
                }
                if (trouble is not (Trouble.None or Trouble.Lock) || cut < long.MaxValue)
                    Interlocked.Increment(ref troubled);
                if (trouble is Trouble.None or Trouble.Lock && cut >= 0)
                    await Forward(client, cut, trouble == Trouble.Lock, end);
                else
                    await Answer(client, trouble, end);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
            {
            }
        }
    }

    private async Task Answer(TcpClient client, Trouble trouble, CancellationToken end)
    {
        NetworkStream stream = client.GetStream();
        _ = await stream.ReadAsync(new byte[64 << 10], end);
        string answer = trouble switch
        {
            Trouble.Garbage => "\0\u0001\u0002 this is no answer\r\n\r\n\u007f and goes on",
            Trouble.Page => "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 25\r\n\r\n<html>Please log in</html",
            Trouble.Redirect => "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.invalid/x?token=secret\r\nContent-Length: 0\r\n\r\n",
            Trouble.Silence or Trouble.Trickle => "",
            _ => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        };
        await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), end);
        if (trouble == Trouble.Trickle)
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"), end);
            while (true)
            {
                await Task.Delay(20, end);
                await stream.WriteAsync(new byte[1], end);
            }
        }
        // What was not read would make the kernel reset the connection, and the answer be lost.
        client.Client.Shutdown(SocketShutdown.Send);
        await stream.CopyToAsync(Stream.Null, end);
    }

    private async Task Forward(TcpClient client, long cut, bool isLocked, CancellationToken end)
    {
        using var onward = new TcpClient();
        await onward.ConnectAsync(IPAddress.Loopback, server, end);
        onward.NoDelay = true;
        NetworkStream near = client.GetStream(), far = onward.GetStream();
        await Task.WhenAny(Move(near, far), Move(far, near));
        if (cut <= 0)
            client.Client.LingerState = new(true, 0);

        async Task Move(NetworkStream from, NetworkStream to)
        {
            var buffer = new byte[16 << 10];
            for (int count; (count = await from.ReadAsync(buffer, end)) > 0;)
            {
                // A request arrives whole.
                if (isLocked && from == near && Deletion().IsMatch(Encoding.Latin1.GetString(buffer, 0, count)))
                {
                    Interlocked.Increment(ref troubled);
                    const string Denied = "<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied because object protected by object lock.</Message></Error>";
                    await near.WriteAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: {Denied.Length}\r\n\r\n{Denied}"), end);
                    continue;
                }
                if (Interlocked.Add(ref cut, -count) < 0)
                {
                    // A piece of it still arrives.
                    await to.WriteAsync(buffer.AsMemory(0, count / 2), end);
                    cut = 0;
                    return;
                }
                await to.WriteAsync(buffer.AsMemory(0, count), end);
            }
        }
    }
}
