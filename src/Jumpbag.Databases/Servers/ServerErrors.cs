using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers;

/// <summary>A server's refusal of one statement or of the login. The connection can be used on, unless it was the login.</summary>
public sealed class ServerException(string message, int code, string sqlState, string? hint = null) : JumpbagException(message, hint)
{
    /// <summary>MariaDB's and MySQL's number; 0 from PostgreSQL, which has only states.</summary>
    public int Code { get; } = code;

    /// <summary>Five characters of the SQL standard and the server's own, or "".</summary>
    public string SqlState { get; } = sqlState;

    /// <summary>PostgreSQL: 1 for the first character of the statement; 0 where it names none.</summary>
    public int Position { get; init; }

    /// <summary>PostgreSQL: its further explanation, or null.</summary>
    public string? Detail { get; init; }

    /// <summary>PostgreSQL: where it happened, such as "COPY orders, line 3, column id: …", in the server's language; empty where it doesn't say. Bytes, for names in it are in the session's encoding.</summary>
    public ByteString Where { get; init; }

    /// <summary>Another transaction was in the way: the same statement may succeed when it is tried again.</summary>
    public bool IsDeadlock => Code == 1213 || SqlState is "40P01" or "40001";

    public bool IsLockTimeout => Code == 1205 || SqlState == "55P03";

    /// <summary>A statement longer than the server's max_allowed_packet. Known before it is sent, so the connection is whole.</summary>
    public bool IsTooLarge => Code is 1153 or 1301;

    public bool IsAccessDenied => Code is 1044 or 1045 or 1698 || SqlState.StartsWith("28", StringComparison.Ordinal);

    internal static ServerException MySql(int code, string state, string text, string? hint = null) =>
        new(string.Create(CultureInfo.InvariantCulture, $"error {code} ({state}): {text}"), code, state, hint);
}

/// <summary>
/// The connection is gone: closed by the server or the network, aborted by us, or no longer to be trusted after an answer that breaks
/// the protocol. Whether the last statement was carried out is not known.
/// </summary>
public sealed class ConnectionLostException(string message, string? hint = null, Exception? cause = null)
    : JumpbagException(message, hint, cause);
