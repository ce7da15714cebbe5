using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Servers.MySql;

namespace Jumpbag.Databases.Servers;

/// <summary>
/// One session with a MariaDB or MySQL server, which takes statements as bytes. Blocking, for one thread at a time; only
/// <see cref="Abort"/> may come from another.
/// </summary>
public sealed class MySqlConnection : IDisposable
{
    private const byte Quit = 1, UseDatabase = 2, RunQuery = 3, PingServer = 14;

    /// <summary>Errors after which the server closes the connection.</summary>
    private const int ServerShutdown = 1053, ConnectionKilled = 1927, IdleTooLong = 4031;

    private readonly ServerSocket socket;
    private readonly PacketStream packets;
    private bool broken;
    private long sent;

    private MySqlConnection(ServerAddress address, ServerSocket socket, PacketStream packets, Greeting greeting)
    {
        (Address, this.socket, this.packets) = (address, socket, packets);
        ThreadId = greeting.ThreadId;
        Version = ServerVersion.Parse(greeting.Version);
        // What one statement may be long is known before the first.
        string? most = Query("SELECT @@max_allowed_packet").Scalar;
        MaxAllowedPacket = long.TryParse(most, CultureInfo.InvariantCulture, out long bytes) && bytes > 0 ? bytes : 1 << 20;
    }

    public ServerAddress Address { get; }

    /// <summary>By which the server's KILL and SHOW PROCESSLIST know this session.</summary>
    public long ThreadId { get; }

    public ServerVersion Version { get; }

    /// <summary>Bytes; a statement must be shorter by two.</summary>
    public long MaxAllowedPacket { get; }

    public bool IsEncrypted => socket.IsEncrypted;

    /// <summary>Told of how far a long statement is, from within Query. MariaDB only.</summary>
    public Action<StatementProgress>? Progress { get; set; }

    /// <summary>How long an answer may take; zero, the default, for ever: a statement of a dump may take hours.</summary>
    public TimeSpan ReadTimeout
    {
        set => socket.ReadTimeout = value;
    }

    /// <param name="multiStatements">Whether one Query may hold several statements. Off, the server refuses a second one.</param>
    public static MySqlConnection Connect(ServerAddress address, bool multiStatements = false)
    {
        PacketStream? packets = null;
        Greeting? greeting = null;
        MySqlConnection? connection = null;
        ServerSocket socket = ServerSocket.Connect(address, opened =>
        {
            packets = new(opened);
            greeting = Login.Run(address, packets, multiStatements);
            connection = new(address, opened, packets, greeting);
        });
        return connection!;
    }

    public QueryResult Query(string sql) => Query(Encoding.UTF8.GetBytes(sql));

    /// <summary>
    /// Runs one statement, which is these bytes one after the other: they are sent from where they lie, unaltered.
    /// </summary>
    /// <exception cref="ServerException">The server refused it; the connection can be used on.</exception>
    /// <exception cref="ConnectionLostException">It may have been carried out or not.</exception>
    public QueryResult Query(ReadOnlySpan<byte> sql, ReadOnlySpan<byte> second = default, ReadOnlySpan<byte> third = default)
    {
        long length = 1L + sql.Length + second.Length + third.Length;
        // The server would close the connection in the middle of it, often without a word.
        if (MaxAllowedPacket > 0 && length >= MaxAllowedPacket)
            throw TooLarge($"{length - 1}");
        return Run(RunQuery, sql, second, third);
    }

    /// <summary>Begins a statement that is given in parts, since it is too long to be held.</summary>
    public void BeginQuery()
    {
        Begin();
        packets.Begin(RunQuery);
        sent = 1;
    }

    /// <exception cref="ServerException">The statement becomes longer than the server takes: this connection is of no use any more.</exception>
    public void ContinueQuery(ReadOnlySpan<byte> part)
    {
        sent += part.Length;
        if (sent >= MaxAllowedPacket)
            throw TooLarge($"more than {sent - 1}");
        try
        {
            packets.More(part);
        }
        catch (ConnectionLostException lost)
        {
            throw LastWords(lost);
        }
    }

    /// <summary>All of it was given: the server's answer.</summary>
    public QueryResult EndQuery()
    {
        try
        {
            packets.End();
        }
        catch (ConnectionLostException lost)
        {
            throw LastWords(lost);
        }
        return Answer();
    }

    /// <summary>What USE does, for a name of any bytes.</summary>
    public void SelectDatabase(ReadOnlySpan<byte> name) => Run(UseDatabase, name);

    /// <summary>Asks for an answer, to learn whether the connection stands.</summary>
    public void Ping() => Run(PingServer);

    /// <summary>The character set in which the server reads statements now.</summary>
    public string SessionCharset() => Query("SELECT @@character_set_client").Scalar ?? "";

    /// <summary>Ends another session, or only the statement that it runs. One that is gone already is no error.</summary>
    public void Kill(long thread, bool statementOnly = false)
    {
        const int NoSuchThread = 1094;
        try
        {
            Query(string.Create(CultureInfo.InvariantCulture, $"KILL {(statementOnly ? "QUERY " : "")}{thread}"));
        }
        catch (ServerException e) when (e.Code == NoSuchThread)
        {
        }
    }

    /// <summary>Ends whatever this connection is waiting for; it cannot be used any more. From any thread.</summary>
    public void Abort(string reason = "aborted") => socket.Abort(reason);

    public void Dispose()
    {
        if (!broken)
        {
            try
            {
                packets.ResetSequence();
                packets.Send([Quit]);
            }
            catch (ConnectionLostException)
            {
                // Then it is closed already.
            }
        }
        socket.Dispose();
    }

    private ServerException TooLarge(string bytes) => ServerException.MySql(1153, "08S01", $"the statement has {bytes} bytes, and the server takes fewer than {MaxAllowedPacket}",
        "raise max_allowed_packet on the server: SET GLOBAL max_allowed_packet=1073741824, then connect anew");

    private QueryResult Run(byte command, ReadOnlySpan<byte> first = default, ReadOnlySpan<byte> second = default, ReadOnlySpan<byte> third = default)
    {
        Begin();
        try
        {
            packets.Send([command], first, second, third);
        }
        catch (ConnectionLostException lost)
        {
            throw LastWords(lost);
        }
        return Answer();
    }

    /// <summary>Until a command was sent whole, nothing else can be.</summary>
    private void Begin()
    {
        if (broken)
            throw new ConnectionLostException($"{Address.Place}: the connection is closed");
        broken = true;
        packets.ResetSequence();
    }

    private QueryResult Answer()
    {
        bool whole = false;
        broken = false;
        try
        {
            QueryResult result = new ResultReader(packets, Progress).Read();
            whole = true;
            return result;
        }
        catch (ServerException e) when (e.Code is ServerShutdown or ConnectionKilled or IdleTooLong)
        {
            throw new ConnectionLostException(e.Message, e.Hint, e);
        }
        catch (ServerException)
        {
            whole = true;
            throw;
        }
        catch (UnsupportedException)
        {
            whole = true;
            throw;
        }
        catch (AnswerTooLargeException)
        {
            throw AnswerLimits.Exceeded(Address);
        }
        finally
        {
            if (!whole)
            {
                broken = true;
                socket.Dispose();
            }
        }
    }

    /// <summary>A server that closes the connection while a statement is sent has often said why before.</summary>
    private ConnectionLostException LastWords(ConnectionLostException lost)
    {
        using ServerSocket closed = socket;
        try
        {
            if (!socket.Poll(TimeSpan.FromMilliseconds(200)))
                return lost;
            new ResultReader(packets, null).Read();
            return lost;
        }
        catch (ServerException e)
        {
            return new(e.Message, e.Hint, lost);
        }
        catch (Exception e) when (e is ConnectionLostException or AnswerTooLargeException or UnsupportedException)
        {
            return lost;
        }
    }
}
