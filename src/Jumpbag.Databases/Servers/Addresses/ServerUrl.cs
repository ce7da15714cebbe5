using System.Globalization;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.Addresses;

/// <summary>
/// <code>SCHEME://[USER[:PASSWORD]@][HOST][:PORT][/DATABASE][?NAME=VALUE[&amp;…]]</code>
/// Each part may be percent-encoded, as libpq has it: a "+" is no space, and the first "@" ends user and password. What is absent is
/// null; the text of an error never holds the password.
/// </summary>
/// <remarks>https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS</remarks>
internal sealed class ServerUrl
{
    private readonly Dictionary<string, string> parameters = new(StringComparer.Ordinal);

    private ServerUrl(string scheme, string shown, string withoutPassword) => (Scheme, Shown, WithoutPassword) = (scheme, shown, withoutPassword);

    public string Scheme { get; }

    /// <summary>The URL without its password.</summary>
    public string Shown { get; }

    /// <summary>The URL that means the same but for the password, which it leaves to be found elsewhere.</summary>
    public string WithoutPassword { get; }

    public string? User { get; private set; }

    public string? Password { get; private set; }

    public string? Host { get; private set; }

    public int? Port { get; private set; }

    public string? Database { get; private set; }

    public IReadOnlyDictionary<string, string> Parameters => parameters;

    public static ServerUrl Parse(string text)
    {
        int end = text.IndexOf("://", StringComparison.Ordinal);
        string shown = Redact(text);
        if (end < 0)
            throw new UsageException($"{shown}: is no server's address", "write mysql://USER@HOST/DATABASE or postgresql://USER@HOST/DATABASE");
        var url = new ServerUrl(text[..end].ToLowerInvariant(), shown, CutPassword(text, end + 3));
        string rest = text[(end + 3)..];
        if (rest.IndexOf('?', StringComparison.Ordinal) is var query and >= 0)
        {
            url.ReadParameters(rest[(query + 1)..]);
            rest = rest[..query];
        }
        string authority = rest.Split('/', 2)[0];
        if (rest.Length > authority.Length + 1)
            url.Database = url.Decode(rest[(authority.Length + 1)..]);
        if (authority.IndexOf('@', StringComparison.Ordinal) is var at and >= 0)
        {
            url.ReadAccount(authority[..at]);
            authority = authority[(at + 1)..];
        }
        url.ReadHost(authority);
        return url;
    }

    /// <summary>The failure of a part of this URL, with no more of it than is safe to show.</summary>
    public UsageException Wrong(string what, string? hint = null) => new($"{Shown}: {what}", hint);

    /// <summary>Whatever stands between the first colon and the last "@" may be the password of somebody who encoded nothing.</summary>
    private static string Redact(string text)
    {
        int start = text.IndexOf("://", StringComparison.Ordinal);
        start = start < 0 ? 0 : start + 3;
        int at = text.LastIndexOf('@'), colon = text.IndexOf(':', start);
        if (colon >= 0 && at > colon)
            text = $"{text[..colon]}:…{text[at..]}";
        int query = text.IndexOf('?', StringComparison.Ordinal);
        if (query >= 0 && text.IndexOf("password", query, StringComparison.OrdinalIgnoreCase) >= 0)
            text = $"{text[..query]}?…";
        return ByteString.FromText(text).ToString();
    }

    private static string CutPassword(string text, int start)
    {
        int query = text.IndexOf('?', StringComparison.Ordinal), end = query < 0 ? text.Length : query;
        string[] parameters = query < 0 ? [] : [.. text[(query + 1)..].Split('&').Where(one => Uri.UnescapeDataString(one.Split('=')[0]) != "password")];
        string rest = text[start..end], authority = rest.Split('/', 2)[0];
        int at = authority.IndexOf('@', StringComparison.Ordinal), colon = authority.IndexOf(':', StringComparison.Ordinal);
        if (at >= 0 && colon >= 0 && colon < at)
            rest = rest[..colon] + rest[at..];
        return text[..start] + rest + (parameters.Length == 0 ? "" : "?" + string.Join('&', parameters));
    }

    private void ReadAccount(string account)
    {
        string[] parts = account.Split(':', 2);
        User = parts[0].Length == 0 ? null : Decode(parts[0]);
        if (parts.Length == 2)
            Password = Decode(parts[1]);
    }

    private void ReadHost(string authority)
    {
        string host, port;
        if (authority.StartsWith('['))
        {
            int close = authority.IndexOf(']', StringComparison.Ordinal);
            if (close < 0)
                throw Wrong("an IPv6 address has no closing bracket");
            (host, port) = (authority[1..close], authority[(close + 1)..]);
            if (port.Length > 0 && port[0] != ':')
                throw Wrong("something other than a port follows the IPv6 address");
        }
        else
        {
            if (authority.Contains(',', StringComparison.Ordinal))
                throw Wrong("names several hosts", "name the one that can be written to");
            int colon = authority.IndexOf(':', StringComparison.Ordinal);
            (host, port) = colon < 0 ? (authority, "") : (authority[..colon], authority[colon..]);
        }
        Host = host.Length == 0 ? null : Decode(host);
        if (port.Length > 1)
            Port = Numbers.Port(Decode(port[1..])) ?? throw Wrong("the port is no number from 1 to 65535",
                Password is null ? null : "an '@', ':' or '/' in user or password is written %40, %3A, %2F");
    }

    private void ReadParameters(string query)
    {
        foreach (string parameter in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = parameter.Split('=');
            if (parts.Length != 2 || parts[0].Length == 0)
                throw Wrong("a parameter is not of the form NAME=VALUE");
            parameters[Decode(parts[0])] = Decode(parts[1]);
        }
    }

    private string Decode(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
            return text;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int length = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            byte value = bytes[i];
            if (value == '%')
            {
                // Two digits: a third of the possible signs would be let through by a parser of numbers.
                if (i + 2 >= bytes.Length || !char.IsAsciiHexDigit((char)bytes[i + 1]) || !char.IsAsciiHexDigit((char)bytes[i + 2])
                    || !byte.TryParse(bytes.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value) || value == 0)
                    throw Wrong("a '%' is not followed by two hexadecimal digits of a character", "a '%' itself is written %25");
                i += 2;
            }
            bytes[length++] = value;
        }
        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}

internal static class Numbers
{
    public static int? Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= 65535 ? port : null;

    /// <summary>Seconds as the clients have them: 0 is for ever, which here is a day.</summary>
    public static TimeSpan? Timeout(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            ? TimeSpan.FromSeconds(seconds is 0 or > 86400 ? 86400 : seconds) : null;
}
