using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.MySql;

/// <summary>
/// <code>
/// 1  0xFF
/// 2  error code; 0xFFFF for a report of progress
/// 1  '#' and 5 bytes of SQL state, not during the greeting
/// .. message, in the session's character set
/// </code>
/// </summary>
/// <remarks>https://mariadb.com/kb/en/err_packet/</remarks>
internal static class ErrorPacket
{
    public const byte Mark = 0xFF;

    public const ushort ProgressCode = 0xFFFF;

    public static ServerException Parse(ReadOnlySpan<byte> packet, ServerSocket socket, string? hint = null)
    {
        var reader = new WireReader(packet, socket);
        reader.Byte();
        int code = reader.UInt16();
        string state = "HY000";
        if (reader.Left >= 6 && reader.Peek == '#')
            state = Encoding.Latin1.GetString(reader.Take(6)[1..]);
        ReadOnlySpan<byte> text = reader.Rest();
        return ServerException.MySql(code, new ByteString(Encoding.Latin1.GetBytes(state)).ToString(), Shown(text), hint);
    }

    /// <summary>Messages quote pieces of statements: whatever these are, one line of at most two thousand characters.</summary>
    private static string Shown(ReadOnlySpan<byte> text) => new ByteString(text[..Math.Min(text.Length, 2000)]).ToString();
}
