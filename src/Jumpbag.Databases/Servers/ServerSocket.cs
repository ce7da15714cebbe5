using System.ComponentModel;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Databases.Servers;

/// <summary>
/// The bytes to and from one server. Blocking, for one thread; only <see cref="Abort"/> may come from another. The socket is never made
/// non-blocking, so that a send is one system call; deadlines are kept by a timer that aborts.
/// </summary>
internal sealed class ServerSocket : IDisposable
{
    private readonly Socket socket;
    private readonly ServerAddress address;
    private readonly byte[] buffer = new byte[32 << 10];
    private SslStream? tls;
    private int start, end;
    private volatile string? aborted;

    private ServerSocket(ServerAddress address, Socket socket) => (this.address, this.socket) = (address, socket);

    public bool IsEncrypted => tls is not null;

    /// <summary>Nobody else can read along: TLS, or a socket of this machine.</summary>
    public bool IsPrivate => tls is not null || address.Socket is not null;

    /// <summary>Bytes that came and were not read yet.</summary>
    public int Buffered => end - start;

    /// <summary>Connects, then lets <paramref name="login"/> speak; all of it has the address's time.</summary>
    public static ServerSocket Connect(ServerAddress address, Action<ServerSocket> login)
    {
        long deadline = Environment.TickCount64 + (long)address.ConnectTimeout.TotalMilliseconds;
        Exception? last = null;
        foreach (EndPoint end in EndPoints(address))
        {
            Socket socket = end is UnixDomainSocketEndPoint
                ? new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            var connection = new ServerSocket(address, socket);
            try
            {
                using Timer timer = connection.AbortAfter(deadline - Environment.TickCount64);
                try
                {
                    if (end is not UnixDomainSocketEndPoint)
                        Tune(socket);
                    socket.Connect(end);
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    if (connection.aborted is not null)
                        throw connection.Lost(e);
                    last = e;
                    connection.Dispose();
                    continue;
                }
                login(connection);
                return connection;
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
        throw new FailedException($"{address.Place}: {Reason(last)}", Hint(address, last), last);
    }

    /// <summary>Encrypts from here on. What the server said before in the clear must have been read.</summary>
    public void StartTls()
    {
        if (Buffered > 0)
            throw Broken("it sent data before TLS began");
        OpenSsl.Require("TLS");
        var options = new TlsOptions(address);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: false), leaveInnerStreamOpen: false);
        try
        {
            stream.AuthenticateAsClient(options.Make());
        }
        catch (AuthenticationException e)
        {
            stream.Dispose();
            throw options.Explain(e);
        }
        catch (Exception e) when (IsNetwork(e))
        {
            stream.Dispose();
            throw Lost(e);
        }
        tls = stream;
    }

    public void Send(ReadOnlySpan<byte> data)
    {
        try
        {
            if (tls is not null)
                tls.Write(data);
            else
                while (!data.IsEmpty)
                    data = data[socket.Send(data)..];
        }
        catch (Exception e) when (IsNetwork(e))
        {
            throw Lost(e);
        }
    }

    public void ReadExactly(Span<byte> into)
    {
        while (!into.IsEmpty)
        {
            if (start == end)
            {
                // What is long needs no stay in the buffer.
                if (into.Length >= buffer.Length)
                {
                    into = into[Receive(into)..];
                    continue;
                }
                (start, end) = (0, Receive(buffer));
            }
            int count = Math.Min(into.Length, end - start);
            buffer.AsSpan(start, count).CopyTo(into);
            start += count;
            into = into[count..];
        }
    }

    /// <summary>Whether something can be read within that time, without waiting longer.</summary>
    public bool Poll(TimeSpan wait)
    {
        try
        {
            return Buffered > 0 || socket.Poll(wait, SelectMode.SelectRead);
        }
        catch (Exception e) when (IsNetwork(e))
        {
            throw Lost(e);
        }
    }

    /// <summary>How long a read may wait for the server; zero for ever.</summary>
    public TimeSpan ReadTimeout
    {
        set => socket.ReceiveTimeout = (int)value.TotalMilliseconds;
    }

    /// <summary>Ends whatever this connection is waiting for, from any thread.</summary>
    public void Abort(string reason)
    {
        aborted ??= reason;
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (IsNetwork(e))
        {
            // Not connected yet, or no longer.
        }
        socket.Dispose();
    }

    public ConnectionLostException Broken(string what) => new($"{address.Place}: the server's answer breaks the protocol: {what}",
        $"is it a {(address.Kind == ServerKind.MariaDb ? "MariaDB or MySQL" : "PostgreSQL")} server?");

    public void Dispose()
    {
        tls?.Dispose();
        socket.Dispose();
    }

    private int Receive(Span<byte> into)
    {
        int count;
        try
        {
            count = tls is null ? socket.Receive(into) : tls.Read(into);
        }
        catch (Exception e) when (IsNetwork(e))
        {
            throw Lost(e);
        }
        return count > 0 ? count : throw Lost(null);
    }

    private ConnectionLostException Lost(Exception? cause)
    {
        string why = aborted ?? (cause is null ? "the server closed the connection" : Reason(cause));
        return new($"{address.Place}: {why}", null, cause);
    }

    private Timer AbortAfter(long milliseconds) => new(
        _ => Abort($"no connection within {address.ConnectTimeout.TotalSeconds:0.#} s"), null, Math.Max(milliseconds, 1), Timeout.Infinite);

    private static void Tune(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 6);
    }

    private static IEnumerable<EndPoint> EndPoints(ServerAddress address)
    {
        if (address.Socket is { } path)
        {
            try
            {
                return [new UnixDomainSocketEndPoint(path)];
            }
            catch (ArgumentException e)
            {
                throw new UsageException($"{path}: is too long for the path of a socket", $"the kernel takes 107 bytes ({e.ParamName})");
            }
        }
        try
        {
            Task<IPAddress[]> found = Dns.GetHostAddressesAsync(address.Host);
            if (!found.Wait(address.ConnectTimeout))
                throw new FailedException($"{address.Host}: its name was not resolved within {address.ConnectTimeout.TotalSeconds:0.#} s");
            return found.Result.Select(number => new IPEndPoint(number, address.Port));
        }
        catch (AggregateException e) when (e.InnerException is SocketException)
        {
            throw new NotFoundException($"{address.Host}: the name cannot be resolved", "check the spelling, or give the address as a number");
        }
    }

    private static bool IsNetwork(Exception e) => e is SocketException or ObjectDisposedException or IOException or InvalidOperationException;

    private static string Reason(Exception? e) => e switch
    {
        SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock } => "no answer in time",
        // .NET's word for a socket's path that is not there.
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => "no such address or socket",
        SocketException known => Lower(new Win32Exception(known.NativeErrorCode).Message),
        IOException { InnerException: SocketException inner } => Reason(inner),
        null => "the name has no address",
        _ => Lower(e.Message),
    };

    private static string Lower(string text) =>
        text.Length > 1 && char.IsUpper(text[0]) && !char.IsUpper(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text;

    private static string? Hint(ServerAddress address, Exception? e) => e is not SocketException known ? null : known.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "is the server running, and does it listen there?",
        SocketError.AddressNotAvailable or SocketError.AccessDenied when address.Socket is not null =>
            "is the server running? its configuration names the socket",
        _ => null,
    };
}
