using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Databases.Servers.Postgres;

/// <summary>From the first byte to the server's readiness: TLS, the start-up message, the password.</summary>
/// <remarks>https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP</remarks>
internal sealed class StartUp
{
    public const int CancelCode = 80877102;

    private const int Protocol3 = 196608, TlsCode = 80877103;
    private const int MostMessage = 64 << 10, MostMessages = 1000;

    private readonly ServerAddress address;
    private readonly MessageStream messages;
    private readonly ServerSocket socket;
    private readonly Dictionary<string, string> parameters;
    private ScramClient? scram;
    private bool verified;

    private StartUp(ServerAddress address, MessageStream messages, Dictionary<string, string> parameters) =>
        (this.address, this.messages, socket, this.parameters) = (address, messages, messages.Socket, parameters);

    public int ProcessId { get; private set; }

    public int CancelKey { get; private set; }

    public static StartUp Run(ServerAddress address, MessageStream messages, Dictionary<string, string> parameters)
    {
        var startUp = new StartUp(address, messages, parameters);
        try
        {
            startUp.Run();
            return startUp;
        }
        catch (AnswerTooLargeException)
        {
            throw messages.Socket.Broken("a message of the login is too long");
        }
    }

    private void Run()
    {
        // The server has no TLS on a Unix socket.
        if (address.Tls >= TlsMode.Required || (address.Tls == TlsMode.Preferred && address.Socket is null))
            Encrypt();
        messages.SendUntyped([.. BigEndian(Protocol3), .. Pair("user", address.User), .. Pair("database", address.Database ?? address.User),
            .. Pair("application_name", address.ApplicationName ?? "jumpbag"), .. address.SessionOptions is { } options ? Pair("options", options) : [], 0]);
        for (int i = 0; i < MostMessages; i++)
        {
            char type = messages.Read(MostMessage, out ReadOnlySpan<byte> content);
            var reader = new MessageReader(content, socket);
            switch (type)
            {
                case 'R':
                    Authenticate(ref reader);
                    break;
                case 'K':
                    (ProcessId, CancelKey) = (reader.Int32(), reader.Int32());
                    break;
                case 'S':
                    ReadParameter(content, parameters, socket);
                    break;
                case 'E':
                    ErrorMessage refused = ErrorMessage.Parse(content, socket);
                    throw refused.ToException(Hint(refused.ToException().SqlState));
                case 'Z':
                    return;
                case 'N' or 'v':
                    break;
                default:
                    throw socket.Broken("a message that has no place in a login");
            }
        }
        throw socket.Broken("the login does not end");
    }

    public static void ReadParameter(ReadOnlySpan<byte> content, Dictionary<string, string> parameters, ServerSocket socket)
    {
        const int MostParameters = 200;
        var reader = new MessageReader(content, socket);
        string name = Encoding.UTF8.GetString(reader.NulTerminated());
        if (parameters.Count < MostParameters || parameters.ContainsKey(name))
            parameters[name] = Encoding.UTF8.GetString(reader.NulTerminated());
    }

    private void Encrypt()
    {
        messages.SendUntyped(BigEndian(TlsCode));
        Span<byte> answer = stackalloc byte[1];
        socket.ReadExactly(answer);
        switch ((char)answer[0])
        {
            case 'S':
                socket.StartTls();
                break;
            case 'N' when address.Tls < TlsMode.Required:
                break;
            case 'N':
                throw new FailedException($"{address.Place}: the server offers no TLS, which was asked for",
                    "set up TLS on the server, or connect with sslmode=prefer");
            default:
                throw socket.Broken("its answer to the request for TLS is none");
        }
    }

    private void Authenticate(ref MessageReader reader)
    {
        const int Ok = 0, ClearText = 3, Md5 = 5, Sasl = 10, SaslContinue = 11, SaslFinal = 12;
        int kind = reader.Int32();
        string password = kind is Ok or SaslContinue or SaslFinal ? "" : address.Password?.Reveal()
            ?? throw new ServerException($"{address}: the server wants a password", 0, "28000", "name it in ~/.pgpass (chmod 600), or in a file with --password-file");
        switch (kind)
        {
            case Ok:
                // Who began SCRAM and does not prove that it knows the password is not the server.
                if (scram is not null && !verified)
                    throw socket.Broken("it ends the login without proving that it knows the password");
                break;
            case ClearText when !socket.IsPrivate:
                throw new UnsupportedException("the server wants the password in the clear, and the connection is not encrypted",
                    "connect with sslmode=verify-full, or through the server's Unix socket");
            case ClearText:
                messages.Send('p', [.. Encoding.UTF8.GetBytes(password), 0]);
                break;
            case Md5:
                OpenSsl.Require("the login by MD5");
                messages.Send('p', [.. Md5Answer(address.User, password, reader.Take(4)), 0]);
                break;
            case Sasl:
                OpenSsl.Require("the login by SCRAM");
                bool offered = false;
                while (reader.Left > 1)
                    offered |= reader.NulTerminated().SequenceEqual(Encoding.ASCII.GetBytes(ScramClient.Mechanism));
                if (!offered)
                    throw Unsupported("a SASL mechanism other than SCRAM-SHA-256");
                scram = new(password, socket);
                byte[] first = scram.First();
                messages.Send('p', [.. Encoding.ASCII.GetBytes(ScramClient.Mechanism), 0], BigEndian(first.Length), first);
                break;
            case SaslContinue when scram is not null:
                messages.Send('p', scram.Final(reader.Rest()));
                break;
            case SaslFinal when scram is not null:
                scram.Verify(reader.Rest());
                verified = true;
                break;
            default:
                throw Unsupported($"method {kind} (Kerberos, SSPI or another)");
        }
    }

    private string? Hint(string state) => state switch
    {
        "3D000" => $"createdb {address.Database ?? address.User}, or name another database in the address",
        "28P01" or "28000" when address.Password is null => "no password was given: name it in ~/.pgpass",
        "28P01" or "28000" => "check user, password and database",
        _ => null,
    };

    private static UnsupportedException Unsupported(string what) =>
        new($"the server wants a login by {what}, which is not supported", "use an account that logs in by scram-sha-256, or by peer through the Unix socket");

#pragma warning disable CA5351 // MD5 is what the protocol says.
    /// <summary>"md5" and MD5(MD5(password, user), salt), each in hexadecimal digits.</summary>
    private static byte[] Md5Answer(string user, string password, ReadOnlySpan<byte> salt)
    {
        string inner = Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(password + user)));
        return Encoding.ASCII.GetBytes("md5" + Convert.ToHexStringLower(MD5.HashData([.. Encoding.ASCII.GetBytes(inner), .. salt])));
    }
#pragma warning restore CA5351

    private static byte[] BigEndian(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    private static byte[] Pair(string name, string value) => [.. Encoding.UTF8.GetBytes(name), 0, .. Encoding.UTF8.GetBytes(value), 0];
}
