using System.Buffers.Binary;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Servers.Postgres;

namespace Jumpbag.Databases.Servers;

/// <summary>
/// One session with a PostgreSQL server, which takes statements and the lines of COPY as bytes, in whatever encoding the session is in.
/// Blocking, for one thread at a time; only <see cref="Abort"/> and <see cref="Cancel"/> may come from another.
/// </summary>
public sealed class PostgresConnection : IDisposable
{
    /// <summary>The server takes a message of less than a gigabyte.</summary>
    private const long MostStatement = 0x3FFFFFFF - 64;

    /// <summary>One message of COPY; the server holds it whole.</summary>
    private const int CopyMessage = 256 << 10;

    /// <summary>So little always fits into the socket, so nothing need be read meanwhile.</summary>
    private const int FitsSocket = 32 << 10;

    private readonly ServerSocket socket;
    private readonly MessageStream messages;
    private readonly Dictionary<string, string> parameters;
    private readonly int cancelKey;
    private bool broken;

    private PostgresConnection(ServerAddress address, MessageStream messages, StartUp startUp, Dictionary<string, string> parameters)
    {
        (Address, this.messages, this.parameters, socket) = (address, messages, parameters, messages.Socket);
        (ProcessId, cancelKey) = (startUp.ProcessId, startUp.CancelKey);
        Version = ServerVersion.Parse(parameters.GetValueOrDefault("server_version") ?? "");
    }

    public ServerAddress Address { get; }

    /// <summary>By which pg_stat_activity and pg_terminate_backend know this session.</summary>
    public int ProcessId { get; }

    public ServerVersion Version { get; }

    public bool IsEncrypted => socket.IsEncrypted;

    /// <summary>The encoding in which the server reads what is sent now, by its own name: "UTF8", "LATIN1", "SQL_ASCII".</summary>
    public string ClientEncoding => parameters.GetValueOrDefault("client_encoding") ?? "";

    /// <summary>'I' for none, 'T' in a transaction, 'E' in one that failed and waits for ROLLBACK.</summary>
    public char TransactionStatus { get; private set; } = 'I';

    /// <summary>Notices and warnings that the server sent since the connection was made; they are not kept.</summary>
    public long Notices { get; private set; }

    /// <summary>How long an answer may take; zero, the default, for ever.</summary>
    public TimeSpan ReadTimeout
    {
        set => socket.ReadTimeout = value;
    }

    public static PostgresConnection Connect(ServerAddress address)
    {
        PostgresConnection? connection = null;
        ServerSocket.Connect(address, opened =>
        {
            var messages = new MessageStream(opened);
            var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
            connection = new(address, messages, StartUp.Run(address, messages, parameters), parameters);
        });
        return connection!;
    }

    public QueryResult Query(string sql) => Query(Encoding.UTF8.GetBytes(sql));

    /// <summary>
    /// Runs a statement, which is these bytes one after the other, unaltered. Several in one are one transaction, as the server has it.
    /// </summary>
    /// <exception cref="ServerException">The server refused it; the connection can be used on.</exception>
    /// <exception cref="ConnectionLostException">It may have been carried out or not.</exception>
    public QueryResult Query(ReadOnlySpan<byte> sql, ReadOnlySpan<byte> second = default)
    {
        Check((long)sql.Length + second.Length);
        ResponseReader response = Begin();
        try
        {
            messages.Send('Q', sql, second, [0]);
            response.ReadToEnd();
            return Ended(response).Result();
        }
        catch (Exception e) when (Breaks(e))
        {
            throw Break(e);
        }
    }

    /// <summary>The same of a statement that nobody holds whole.</summary>
    /// <param name="length">Of all parts, bytes.</param>
    public QueryResult Query(long length, IEnumerable<ReadOnlyMemory<byte>> parts)
    {
        Check(length);
        ResponseReader response = Begin();
        try
        {
            messages.Send('Q', (int)length, parts, [0]);
            response.ReadToEnd();
            return Ended(response).Result();
        }
        catch (Exception e) when (Breaks(e))
        {
            throw Break(e);
        }
    }

    /// <summary>Runs COPY … FROM stdin and sends these lines as they are.</summary>
    /// <param name="command">The statement; the lines are in the format that it names.</param>
    /// <param name="lines">Whole lines with their ends, without the closing "\.".</param>
    public QueryResult Copy(ReadOnlySpan<byte> command, ReadOnlyMemory<byte> lines) => Copy(command, lines.Length <= FitsSocket, [lines]);

    /// <summary>The same of lines that come in parts, cut anywhere: of a row that nobody holds whole.</summary>
    public QueryResult Copy(ReadOnlySpan<byte> command, IEnumerable<ReadOnlyMemory<byte>> parts) => Copy(command, false, parts);

    private QueryResult Copy(ReadOnlySpan<byte> command, bool isShort, IEnumerable<ReadOnlyMemory<byte>> parts)
    {
        Check(command.Length);
        ResponseReader response = Begin();
        try
        {
            messages.Send('Q', command, [0]);
            if (!response.ReadToCopy())
            {
                Ended(response).Result();
                throw new UsageException("the statement is no COPY … FROM stdin");
            }
            Send(parts, isShort, response);
            return Ended(response).Result();
        }
        catch (Exception e) when (Breaks(e))
        {
            throw Break(e);
        }
    }

    /// <summary>Waits until the server tells what LISTEN asked for (true), or that time is over.</summary>
    public bool WaitForNotification(TimeSpan most)
    {
        const long MostMessage = 64 << 10;
        _ = Begin();
        long end = Environment.TickCount64 + (long)most.TotalMilliseconds;
        try
        {
            while (Environment.TickCount64 is var now && socket.Poll(TimeSpan.FromMilliseconds(Math.Max(0, end - now))))
                switch (messages.Read(MostMessage, out ReadOnlySpan<byte> content))
                {
                    case 'A':
                        return true;
                    case 'E':
                        throw new ConnectionLostException($"the server ended the connection: {ErrorMessage.Parse(content, socket)}");
                    case 'S':
                        StartUp.ReadParameter(content, parameters, socket);
                        break;
                    case 'N':
                        Notices++;
                        break;
                    default:
                        throw socket.Broken("a message that answers no statement");
                }
            return false;
        }
        catch (Exception e) when (Breaks(e))
        {
            throw Break(e);
        }
    }

    /// <summary>Asks the server to end the statement that runs now: it fails with state 57014. From any thread.</summary>
    public void Cancel()
    {
        var request = new byte[12];
        BinaryPrimitives.WriteInt32BigEndian(request, StartUp.CancelCode);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(4), ProcessId);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(8), cancelKey);
        using ServerSocket second = ServerSocket.Connect(Address, opened => new MessageStream(opened).SendUntyped(request));
        // The server closes it once the request is carried out.
        second.Poll(Address.ConnectTimeout);
    }

    /// <summary>Ends whatever this connection is waiting for; it cannot be used any more. From any thread.</summary>
    public void Abort(string reason = "aborted") => socket.Abort(reason);

    public void Dispose()
    {
        if (!broken)
        {
            try
            {
                messages.Send('X', []);
            }
            catch (ConnectionLostException)
            {
                // Then it is closed already.
            }
        }
        socket.Dispose();
    }

    /// <summary>
    /// Triggers may say something of every row, and a server that nobody listens to stops reading: where the lines don't fit into the
    /// socket, another thread listens while they are sent. What it hears first may be the error that ends the COPY.
    /// </summary>
    private void Send(IEnumerable<ReadOnlyMemory<byte>> parts, bool isShort, ResponseReader response)
    {
        if (isShort)
        {
            foreach (ReadOnlyMemory<byte> lines in parts.Where(lines => !lines.IsEmpty))
                messages.Send('d', lines.Span);
            messages.Send('c', []);
            response.ReadToEnd();
            return;
        }
        Exception? heard = null;
        bool done = false;
        var listener = new Thread(() =>
        {
            try
            {
                response.ReadToEnd();
            }
            catch (Exception e)
            {
                heard = e;
                if (e is not ConnectionLostException)
                    socket.Abort("the server's answer cannot be used");
            }
            Volatile.Write(ref done, true);
        }, 256 << 10)
        { IsBackground = true, Name = "COPY's answer" };
        listener.Start();
        try
        {
            foreach (ReadOnlyMemory<byte> lines in parts)
                for (int at = 0; at < lines.Length && !Volatile.Read(ref done); at += CopyMessage)
                    messages.Send('d', lines.Span.Slice(at, Math.Min(CopyMessage, lines.Length - at)));
            messages.Send('c', []);
        }
        catch (ConnectionLostException lost)
        {
            // The server may have said why before it closed the connection.
            if (!listener.Join(1000))
                socket.Abort(lost.Message);
            listener.Join();
            throw heard ?? lost;
        }
        listener.Join();
        if (heard is not null)
            throw heard;
    }

    private ResponseReader Begin() =>
        broken ? throw new ConnectionLostException($"{Address.Place}: the connection is closed") : new(messages, parameters);

    private ResponseReader Ended(ResponseReader response)
    {
        TransactionStatus = response.TransactionStatus;
        Notices += response.Notices;
        return response;
    }

    private static void Check(long length)
    {
        if (length > MostStatement)
            throw new ServerException($"error 54000: the statement has {length} bytes, and the server takes less than 1 GiB", 0, "54000");
    }

    private static bool Breaks(Exception e) => e is not (ServerException or UsageException);

    private Exception Break(Exception e)
    {
        broken = true;
        socket.Dispose();
        return e is AnswerTooLargeException ? AnswerLimits.Exceeded(Address) : e;
    }
}
