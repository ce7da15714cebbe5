using System.Globalization;
using System.Text.RegularExpressions;
using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.Sftp;

/// <summary>sftp://[USER@]HOST[:PORT]/PATH, or restic's sftp:[USER@]HOST:PATH.</summary>
/// <param name="User">Null where ssh knows.</param>
/// <param name="Path">From the root, or of the home where it has no slash at its beginning.</param>
/// <param name="OtherPath">Where restic would look for it: to it a path behind one slash belongs to the home. Null where that is the same.</param>
internal sealed partial record SftpAddress(string Place, string? User, string Host, int? Port, string Path, string? OtherPath)
{
    private const string Example = "such as sftp://USER@HOST/srv/backup";

    public static StoreAddress.Target Read(string text)
    {
        SftpAddress address = text.StartsWith("sftp://", StringComparison.Ordinal) ? Url(text) : Short(text);
        return new(address.Place, options => new SftpStore(address, options));
    }

    /// <summary>What ssh is told: its own files say the rest, as for everything else that a person does over ssh.</summary>
    public IEnumerable<string> SshArguments()
    {
        string[] settings = ["BatchMode=yes", "ConnectTimeout=15", "ServerAliveInterval=15", "ServerAliveCountMax=3", "ClearAllForwardings=yes", "ForwardX11=no", "ForwardAgent=no", "PermitLocalCommand=no", "RemoteCommand=none", "RequestTTY=no"];
        return ["ssh", .. settings.SelectMany(setting => new[] { "-o", setting }), .. User is null ? Array.Empty<string>() : ["-l", User],
            .. Port is { } port ? ["-p", port.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>(), "-s", "--", Host, "sftp"];
    }

    private static SftpAddress Url(string text)
    {
        if (UrlForm().Match(text) is not { Success: true } match)
            throw Wrong(text);
        string user = match.Groups["user"].Value, path = Uri.UnescapeDataString(match.Groups["path"].Value), port = match.Groups["port"].Value;
        if (user.Contains(':', StringComparison.Ordinal))
            throw new UsageException($"{StoreAddress.WithoutPassword(text)}: ssh takes no password from an address", "a key does: ssh-copy-id puts it there, ssh-add holds it; leave the password out");
        (string first, string? other) = path.StartsWith("//", StringComparison.Ordinal) ? (path[1..], null)
            : path.StartsWith("/~/", StringComparison.Ordinal) ? (path[3..], null)
            : (path, path.Length > 1 ? path[1..] : null);
        return Checked(text, new(text, user.Length == 0 ? null : Uri.UnescapeDataString(user), match.Groups["host"].Value.Trim('[', ']'), port.Length == 0 ? null : int.Parse(port, CultureInfo.InvariantCulture), first, other));
    }

    private static SftpAddress Short(string text)
    {
        string rest = text["sftp:".Length..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal), at = rest.LastIndexOf('@', slash < 0 ? rest.Length - 1 : slash);
        int colon = rest.IndexOf(':', at + 1);
        if (colon <= at + 1 || colon == rest.Length - 1)
            throw Wrong(text);
        return Checked(text, new(text, at < 0 ? null : rest[..at], rest[(at + 1)..colon], null, rest[(colon + 1)..], null));
    }

    /// <summary>A name that ssh would take for an option, or hand to a shell, is none.</summary>
    private static SftpAddress Checked(string text, SftpAddress address) =>
        HostForm().IsMatch(address.Host) && (address.User is null || UserForm().IsMatch(address.User)) && address.Port is null or (> 0 and < 65536)
            && address.Path.Length > 0 && !address.Path.Contains('\0', StringComparison.Ordinal)
            ? address with { Path = address.Path.Length > 1 ? address.Path.TrimEnd('/') : address.Path, OtherPath = address.OtherPath?.TrimEnd('/') } : throw Wrong(text);

    private static UsageException Wrong(string text) => new($"{StoreAddress.WithoutPassword(text)}: is no address of an SFTP server", Example);

    [GeneratedRegex(@"^sftp://(?:(?<user>[^/]*)@)?(?<host>\[[^\]/]*\]|[^:/@]*)(?::(?<port>\d{1,5}))?(?<path>/.*)$")]
    private static partial Regex UrlForm();

    [GeneratedRegex(@"^[A-Za-z0-9_:][A-Za-z0-9_.:%-]*\z")]
    private static partial Regex HostForm();

    [GeneratedRegex(@"^[^-\s'""`$;&|<>(){}\\][^\s'""`$;&|<>(){}]*\z")]
    private static partial Regex UserForm();
}
