using System.Buffers.Binary;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.MySql;

/// <summary>
/// From the greeting to the server's OK: TLS, the account, its password by whatever plugin the server asks for.
/// </summary>
/// <remarks>https://mariadb.com/kb/en/connection/</remarks>
internal sealed class Login
{
    /// <summary>No packet of a login is longer; who claims more speaks another protocol.</summary>
    private const int MostPacket = 64 << 10;

    /// <summary>Whatever a server asks for, a login ends.</summary>
    private const int MostExchanges = 10;

    /// <summary>utf8mb4_general_ci. Dumps set what they want themselves.</summary>
    private const byte Utf8Mb4 = 45;

    private readonly ServerAddress address;
    private readonly PacketStream packets;
    private readonly ServerSocket socket;
    private readonly string password;

    private Login(ServerAddress address, PacketStream packets) =>
        (this.address, this.packets, socket, password) = (address, packets, packets.Socket, address.Password?.Reveal() ?? "");

    public static Greeting Run(ServerAddress address, PacketStream packets, bool multiStatements)
    {
        try
        {
            return new Login(address, packets).Run(multiStatements);
        }
        catch (AnswerTooLargeException)
        {
            throw packets.Socket.Broken("a packet of the login is too long");
        }
    }

    private Greeting Run(bool multiStatements)
    {
        ReadOnlySpan<byte> first = packets.Read(MostPacket);
        if (first.IsEmpty)
            throw socket.Broken("its first packet is empty");
        if (first[0] == ErrorPacket.Mark)
            throw ErrorPacket.Parse(first, socket);
        Greeting greeting = Greeting.Parse(first, socket);
        Capability capabilities = Wanted(greeting, multiStatements);
        if (capabilities.HasFlag(Capability.Tls))
        {
            packets.Send(Opening(capabilities));
            socket.StartTls();
        }
        string plugin = greeting.Plugin;
        byte[] answer;
        // The server names the plugin that most of its accounts use; for one that we lack or may not use it names the account's own.
        try
        {
            answer = plugin is "" ? Authentication.NativeAnswer(greeting.Scramble, Encoding.UTF8.GetBytes(password))
                : plugin is Authentication.Clear ? [] : Authentication.Answer(plugin, greeting.Scramble, password, socket);
        }
        catch (UnsupportedException)
        {
            answer = [];
        }
        packets.Send(Response(capabilities, plugin, answer));
        Finish(plugin, greeting.Scramble);
        return greeting;
    }

    private Capability Wanted(Greeting greeting, bool multiStatements)
    {
        Capability wanted = Capability.LongFlag | Capability.Protocol41 | Capability.Transactions | Capability.SecureConnection
            | Capability.MultiResults | Capability.PluginAuthentication | Capability.LongAuthentication | Capability.Progress;
        if (address.Database is not null)
            wanted |= Capability.ConnectWithDatabase;
        if (multiStatements)
            wanted |= Capability.MultiStatements;
        if (address.Tls >= TlsMode.Required || (address.Tls == TlsMode.Preferred && address.Socket is null))
            wanted |= Capability.Tls;
        Capability common = wanted & greeting.Capabilities;
        if (address.Tls >= TlsMode.Required && !common.HasFlag(Capability.Tls))
            throw new FailedException($"{address.Place}: the server offers no TLS, which was asked for",
                "set up TLS on the server, or connect with ssl-mode=preferred");
        // Without MariaDB's bits the first one says that we are no MariaDB client.
        return greeting.Capabilities.HasFlag(Capability.MySql) ? common | Capability.MySql : common;
    }

    /// <summary>4 capabilities, 4 longest packet, 1 collation, 19 reserved, 4 MariaDB's capabilities.</summary>
    private static byte[] Opening(Capability capabilities)
    {
        var packet = new byte[32];
        BinaryPrimitives.WriteUInt32LittleEndian(packet, (uint)capabilities);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(4), 1 << 30);
        packet[8] = Utf8Mb4;
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(28), (uint)((ulong)capabilities >> 32));
        return packet;
    }

    private byte[] Response(Capability capabilities, string plugin, byte[] answer)
    {
        List<byte> packet = [.. Opening(capabilities), .. Encoding.UTF8.GetBytes(address.User), 0];
        if (answer.Length > (capabilities.HasFlag(Capability.LongAuthentication) ? 250 : 255))
            throw new UsageException("the password is too long for this login");
        packet.Add((byte)answer.Length);
        packet.AddRange(answer);
        if (capabilities.HasFlag(Capability.ConnectWithDatabase))
            packet.AddRange([.. Encoding.UTF8.GetBytes(address.Database!), 0]);
        if (capabilities.HasFlag(Capability.PluginAuthentication))
            packet.AddRange([.. Encoding.Latin1.GetBytes(plugin), 0]);
        return [.. packet];
    }

    private void Finish(string plugin, byte[] scramble)
    {
        for (int exchange = 0; exchange < MostExchanges; exchange++)
        {
            ReadOnlySpan<byte> packet = packets.Read(MostPacket);
            switch (packet.IsEmpty ? -1 : packet[0])
            {
                case 0x00:
                    return;
                case ErrorPacket.Mark:
                    throw ErrorPacket.Parse(packet, socket, Hint(packet));
                case 0xFE when packet.Length == 1:
                    throw new UnsupportedException("the account has a password of before MySQL 4.1, which protects nothing",
                        "give it a new one with SET PASSWORD");
                case 0xFE:
                    (plugin, scramble) = Switch(packet[1..]);
                    packets.Send(Authentication.Answer(plugin, scramble, password, socket));
                    break;
                case 0x01:
                    More(plugin, scramble, packet[1..]);
                    break;
                default:
                    throw socket.Broken("an answer to the login that is none of its kinds");
            }
        }
        throw socket.Broken("the login does not end");
    }

    /// <summary>Another plugin's name, NUL, its scramble, NUL.</summary>
    private static (string Plugin, byte[] Scramble) Switch(ReadOnlySpan<byte> packet)
    {
        int end = packet.IndexOf((byte)0);
        string plugin = Encoding.Latin1.GetString(end < 0 ? packet : packet[..end]);
        ReadOnlySpan<byte> rest = end < 0 ? [] : packet[(end + 1)..];
        // ed25519 signs 32 bytes without a NUL; the others mix 20, which a NUL follows.
        if (plugin == Authentication.Ed25519)
            return (plugin, rest.ToArray());
        var scramble = new byte[20];
        rest[..Math.Min(rest.Length, 20)].CopyTo(scramble);
        return (plugin, scramble);
    }

    /// <summary>What caching_sha2_password and sha256_password say between: the cache's answer, or the server's key.</summary>
    private void More(string plugin, byte[] scramble, ReadOnlySpan<byte> data)
    {
        const byte FastOk = 3, Full = 4;
        switch (plugin)
        {
            case Authentication.CachingSha2 when data.Length == 1 && data[0] == FastOk:
                break;
            case Authentication.CachingSha2 when data.Length == 1 && data[0] == Full:
                if (socket.IsPrivate)
                    packets.Send(Encoding.UTF8.GetBytes(password), [0]);
                else
                    packets.Send([Authentication.RequestKeyCachingSha2]);
                break;
            case Authentication.CachingSha2 or Authentication.Sha256 when data.StartsWith("-----BEGIN"u8):
                packets.Send(Authentication.Encrypt(password, scramble, data, socket));
                break;
            default:
                throw socket.Broken("a question of the login that its plugin does not ask");
        }
    }

    private string? Hint(ReadOnlySpan<byte> packet) => (packet.Length > 2 ? packet[1] | packet[2] << 8 : 0) switch
    {
        1045 or 1698 when address.Password is null => "no password was given: name a user and password in an option file (~/.my.cnf, group [client])",
        1045 or 1698 => "check user and password; accounts depend on the host that one comes from",
        1044 => "the account has no rights on that database, or there is none of that name",
        1049 => "create the database first, or leave it out of the address",
        _ => null,
    };
}
