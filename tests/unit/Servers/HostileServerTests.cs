using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Tests.Unit.Servers;

/// <summary>Whatever a server says, a client ends with an error of its own, soon, and with little memory.</summary>
public sealed class HostileServerTests
{
    public static TheoryData<string> Kinds => ["MariaDb", "Postgres"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void a_server_that_says_nothing_or_little_is_given_up_in_time(string kind)
    {
        foreach (bool dribbles in new[] { false, true })
        {
            using var server = new FakeServer((_, stream) =>
            {
                // A greeting, or parameters, so slowly that each read succeeds.
                byte[] greeting = kind == "MariaDb" ? [200, 0, 0, 0, 10, .. Enumerable.Repeat((byte)'x', 500)] : [(byte)'S', 0, 0, 1, 0, .. Enumerable.Repeat((byte)'x', 500)];
                for (int i = 0; dribbles && i < greeting.Length; i++, Thread.Sleep(100))
                    stream.WriteByte(greeting[i]);
            });
            var watch = Stopwatch.StartNew();
            Assert.Contains("no connection within 0.7 s", Assert.Throws<ConnectionLostException>(() => Connect(kind, server, 0.7)).Message, StringComparison.Ordinal);
            Assert.InRange(watch.Elapsed.TotalSeconds, 0.6, 5);
        }
    }

    /// <summary>A listener whose queue is full: the kernel drops what asks for a connection, as a firewall does.</summary>
    [Fact]
    public void a_host_that_does_not_answer_is_given_up_in_time()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var queued = new List<Socket>();
        for (int i = 0; i < 4; i++)
        {
            queued.Add(new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false });
            Assert.ThrowsAny<SocketException>(() => queued[^1].Connect(IPAddress.Loopback, port));
        }
        var watch = Stopwatch.StartNew();
        var address = new ServerAddress { Kind = ServerKind.MariaDb, Host = "127.0.0.1", Port = port, User = "u", ConnectTimeout = TimeSpan.FromSeconds(0.7) };
        Assert.Contains("no connection within 0.7 s", Assert.Throws<ConnectionLostException>(() => MySqlConnection.Connect(address)).Message, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.6, 5);
        queued.ForEach(socket => socket.Dispose());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void what_is_no_database_server_is_told_so(string kind)
    {
        foreach (string text in new[] { "SSH-2.0-OpenSSH_9.2p1\r\n", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "* OK IMAP4rev1\r\n", "\0\0\0\0\0\0\0\0\0\0\0\0" })
        {
            using var server = new FakeServer((_, stream) => stream.Write(Encoding.ASCII.GetBytes(text)));
            JumpbagException e = Assert.ThrowsAny<JumpbagException>(() => Connect(kind, server, 2));
            Assert.NotNull(e.Message);
        }
    }

    [Fact]
    public void a_port_where_nobody_listens_is_refused_with_a_hint()
    {
        using var server = new FakeServer((_, _) => { });
        ServerAddress address = server.Address(ServerKind.MariaDb);
        server.Dispose();
        FailedException e = Assert.Throws<FailedException>(() => MySqlConnection.Connect(address));
        Assert.EndsWith("connection refused", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
    }

    /// <summary>After the login, in answer to a statement.</summary>
    [Theory]
    [InlineData("FE FF FF FF FF FF FF FF 7F")]
    [InlineData("FF")]
    [InlineData("00 FF")]
    [InlineData("00 FC 01")]
    [InlineData("FC 00 10")]
    [InlineData("00")]
    [InlineData("01|03 64 65 66 FE FF FF FF FF 00 00 00 00")]
    [InlineData("01|03 64 65 66 00 00 00 01 61|03")]
    [InlineData("01|03 64 65 66 00 00 00 01 61|FE 00 00 02 00|FD FF FF FF 61")]
    [InlineData("01|03 64 65 66 00 00 00 01 61|FE 00 00 02 00|FE")]
    [InlineData("FF FF FF 01 01 01 FF FF FF FF")]
    [InlineData("")]
    public void a_hostile_answer_is_a_lost_connection(string packets)
    {
        using var server = new FakeServer((_, stream) =>
        {
            FakeServer.LogIn(stream);
            FakeServer.Receive(stream);
            int sequence = 1;
            foreach (string packet in packets.Split('|'))
                FakeServer.Send(stream, sequence++, Convert.FromHexString(packet.Replace(" ", "", StringComparison.Ordinal)));
            stream.Close();
        });
        using var connection = MySqlConnection.Connect(server.Address(ServerKind.MariaDb));
        Assert.Throws<ConnectionLostException>(() => connection.Query("SELECT 1"));
        Assert.Throws<ConnectionLostException>(() => connection.Query("SELECT 1"));
    }

    [Fact]
    public void a_server_that_asks_for_a_file_gets_nothing()
    {
        byte[]? given = null;
        using var server = new FakeServer((_, stream) =>
        {
            FakeServer.LogIn(stream);
            FakeServer.Receive(stream);
            FakeServer.Send(stream, 1, [0xFB, .. "/etc/passwd"u8]);
            given = FakeServer.Receive(stream);
            FakeServer.Send(stream, 3, FakeServer.Ok);
            FakeServer.Receive(stream);
            FakeServer.Send(stream, 1, FakeServer.Ok);
        });
        using var connection = MySqlConnection.Connect(server.Address(ServerKind.MariaDb));
        Assert.Contains("LOCAL INFILE", Assert.Throws<UnsupportedException>(() => connection.Query("SELECT 1")).Message, StringComparison.Ordinal);
        Assert.Equal(0, given?.Length);
        connection.Ping();
        Assert.Null(server.Failure);
    }

    [Fact]
    public void an_answer_that_claims_gigabytes_takes_no_memory()
    {
        using var server = new FakeServer((_, stream) =>
        {
            FakeServer.LogIn(stream);
            FakeServer.Receive(stream);
            FakeServer.Send(stream, 1, [1]);
            FakeServer.Send(stream, 2, [3, .. "def"u8, 0, 0, 0, 1, 97]);
            FakeServer.Send(stream, 3, [0xFE, 0, 0, 2, 0]);
            var chunk = new byte[4 + 0xFFFFFF];
            for (int sequence = 4; ; sequence++)
            {
                (chunk[0], chunk[1], chunk[2], chunk[3]) = (0xFF, 0xFF, 0xFF, (byte)sequence);
                stream.Write(chunk);
            }
        });
        using var connection = MySqlConnection.Connect(server.Address(ServerKind.MariaDb));
        long before = GC.GetTotalAllocatedBytes();
        Assert.Contains("64 MiB", Assert.Throws<FailedException>(() => connection.Query("SELECT 1")).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 400L << 20);
    }

    [Fact]
    public void a_login_that_never_ends_is_given_up()
    {
        using var server = new FakeServer((_, stream) =>
        {
            FakeServer.Send(stream, 0, FakeServer.Greeting("mysql_native_password"));
            for (int i = 0; ; i++)
            {
                FakeServer.Receive(stream);
                FakeServer.Send(stream, 2 + 2 * i, [0xFE, .. "mysql_native_password\0"u8, .. FakeServer.Scramble, 0]);
            }
        });
        Assert.Contains("does not end", Assert.Throws<ConnectionLostException>(() => Connect("MariaDb", server, 10)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void a_password_is_not_given_in_the_clear()
    {
        using var server = new FakeServer((_, stream) =>
        {
            FakeServer.Send(stream, 0, FakeServer.Greeting("mysql_clear_password"));
            Assert.DoesNotContain("secret", Encoding.Latin1.GetString(FakeServer.Receive(stream)), StringComparison.Ordinal);
            FakeServer.Send(stream, 2, [0xFE, .. "mysql_clear_password\0"u8]);
        });
        Assert.Throws<UnsupportedException>(() => Connect("MariaDb", server, 5));
        using var postgres = new FakeServer((_, stream) =>
        {
            stream.ReadExactly(new byte[8]);
            stream.Write([(byte)'R', 0, 0, 0, 8, 0, 0, 0, 3]);
        });
        Assert.Throws<UnsupportedException>(() => Connect("Postgres", postgres, 5));
        Assert.Null(server.Failure);
    }

    /// <summary>A server that does not know the password, and one that has us compute for ever.</summary>
    [Theory]
    [InlineData(4096, true, "does not know the password")]
    [InlineData(4096, false, "without proving")]
    [InlineData(2_000_000_000, true, "iterations")]
    public void a_postgresql_server_must_prove_that_it_knows_the_password(int iterations, bool claims, string why)
    {
        using var server = new FakeServer((_, stream) =>
        {
            stream.ReadExactly(new byte[8]);
            Message(stream, 'R', [0, 0, 0, 10, .. "SCRAM-SHA-256\0\0"u8]);
            var buffer = new byte[4096];
            // Start-up message and the first SCRAM message may come together.
            string said = "";
            while (!said.Contains(",r=", StringComparison.Ordinal))
                said += Encoding.Latin1.GetString(buffer, 0, stream.Read(buffer));
            string nonce = said[(said.IndexOf(",r=", StringComparison.Ordinal) + 3)..];
            Message(stream, 'R', [0, 0, 0, 11, .. Encoding.ASCII.GetBytes($"r={nonce}more,s=c2FsdA==,i={iterations}")]);
            if (claims)
                Message(stream, 'R', [0, 0, 0, 12, .. "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="u8]);
            Message(stream, 'R', [0, 0, 0, 0]);
            Message(stream, 'Z', [(byte)'I']);
        });
        Assert.Contains(why, Assert.Throws<ConnectionLostException>(() => Connect("Postgres", server, 10)).Message, StringComparison.Ordinal);
    }

    /// <summary>A whole exchange with bytes changed, cut and added: every seed ends, and with an error that is ours or none.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void a_damaged_exchange_ends_with_an_error_of_ours(string kind)
    {
        byte[] whole = kind == "MariaDb" ? MariaDbExchange() : PostgresExchange();
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            byte[] damaged = [.. whole];
            for (int i = random.Next(4); i >= 0; i--)
                damaged[random.Next(damaged.Length)] = random.Next(3) switch { 0 => 0xFF, 1 => 0, _ => (byte)random.Next(256) };
            if (random.Next(4) == 0)
                damaged = damaged[..random.Next(damaged.Length)];
            using var server = new FakeServer((_, stream) =>
            {
                stream.Write(damaged);
                stream.Close();
            });
            try
            {
                using IDisposable connection = Connect(kind, server, 5);
                _ = connection is MySqlConnection mysql ? mysql.Query("SELECT 1") : ((PostgresConnection)connection).Query("SELECT 1");
            }
            catch (JumpbagException)
            {
            }
        }
    }

    private static byte[] MariaDbExchange()
    {
        var stream = new MemoryStream();
        FakeServer.Send(stream, 0, FakeServer.Greeting("mysql_native_password"));
        FakeServer.Send(stream, 2, FakeServer.Ok);
        for (int i = 0; i < 2; i++)
        {
            FakeServer.Send(stream, 1, [1]);
            FakeServer.Send(stream, 2, [3, .. "def"u8, 0, 0, 0, 1, 97]);
            FakeServer.Send(stream, 3, [0xFE, 0, 0, 2, 0]);
            FakeServer.Send(stream, 4, [4, .. "1000"u8]);
            FakeServer.Send(stream, 5, [0xFE, 0, 0, 2, 0]);
        }
        return stream.ToArray();
    }

    private static byte[] PostgresExchange()
    {
        var stream = new MemoryStream();
        Message(stream, 'R', [0, 0, 0, 0]);
        Message(stream, 'S', "server_version\015.6\0"u8);
        Message(stream, 'K', [0, 0, 0, 1, 0, 0, 0, 2]);
        Message(stream, 'Z', [(byte)'I']);
        Message(stream, 'T', [0, 1, .. "a\0"u8, .. new byte[18]]);
        Message(stream, 'D', [0, 1, 0, 0, 0, 2, .. "ab"u8]);
        Message(stream, 'C', "SELECT 1\0"u8);
        Message(stream, 'Z', [(byte)'I']);
        return stream.ToArray();
    }

    private static void Message(Stream stream, char type, ReadOnlySpan<byte> content) =>
        stream.Write([(byte)type, 0, 0, (byte)((content.Length + 4) >> 8), (byte)(content.Length + 4), .. content]);

    private static IDisposable Connect(string kind, FakeServer server, double timeout) => kind == "MariaDb"
        ? MySqlConnection.Connect(server.Address(ServerKind.MariaDb, timeout)) : PostgresConnection.Connect(server.Address(ServerKind.Postgres, timeout));
}
