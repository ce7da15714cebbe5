using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.MySql;

/// <summary>
/// The server's first packet.
/// <code>
/// 1       protocol version, 10
/// string  server version, NUL
/// 4       thread id
/// 8       first part of the scramble, 1 byte NUL
/// 2       capabilities, lower half
/// 1 2     collation, status
/// 2       capabilities, upper half
/// 1       length of the whole scramble, its NUL included
/// 6       reserved
/// 4       MariaDB's further capabilities
/// 12..    second part of the scramble, NUL
/// string  authentication plugin, NUL
/// </code>
/// </summary>
/// <remarks>https://mariadb.com/kb/en/connection/#initial-handshake-packet</remarks>
internal sealed class Greeting
{
    private Greeting(string version, uint threadId, byte[] scramble, Capability capabilities, string plugin) =>
        (Version, ThreadId, Scramble, Capabilities, Plugin) = (version, threadId, scramble, capabilities, plugin);

    public string Version { get; }

    public uint ThreadId { get; }

    /// <summary>20 bytes.</summary>
    public byte[] Scramble { get; }

    public Capability Capabilities { get; }

    public string Plugin { get; }

    public static Greeting Parse(ReadOnlySpan<byte> packet, ServerSocket socket)
    {
        var reader = new WireReader(packet, socket);
        if (reader.Byte() is var protocol && protocol != 10)
            throw socket.Broken($"its first packet is of version {protocol}, not 10");
        string version = new ByteString(reader.NulTerminated()).ToString();
        uint threadId = reader.UInt32();
        byte[] first = reader.Take(8).ToArray();
        reader.Byte();
        ulong capabilities = reader.UInt16();
        reader.Take(3);
        capabilities |= (ulong)reader.UInt16() << 16;
        int length = reader.Byte();
        reader.Take(6);
        uint further = reader.UInt32();
        if ((capabilities & (ulong)Capability.MySql) == 0)
            capabilities |= (ulong)further << 32;
        const Capability Needed = Capability.Protocol41 | Capability.SecureConnection;
        if (((Capability)capabilities & Needed) != Needed)
            throw new UnsupportedException($"{version}: the server is too old: it lacks the protocol of MySQL 4.1");
        ReadOnlySpan<byte> second = reader.Take(Math.Max(12, length - 9));
        if (reader.Left > 0 && reader.Peek == 0)
            reader.Byte();
        string plugin = "";
        if (((Capability)capabilities).HasFlag(Capability.PluginAuthentication) && reader.Left > 0)
        {
            ReadOnlySpan<byte> name = reader.Rest();
            int end = name.IndexOf((byte)0);
            plugin = Encoding.Latin1.GetString(end < 0 ? name : name[..end]);
        }
        return new(version, threadId, [.. first, .. second[..12]], (Capability)capabilities, plugin);
    }
}
