using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.Sftp;

/// <summary>Why ssh made no connection, from what it said.</summary>
internal static class SshFailure
{
    public static Exception Of(string said, SftpAddress address)
    {
        string login = address.User is null ? address.Host : $"{address.User}@{address.Host}", port = address.Port is { } number ? $"-p {number} " : "";
        string known = address.Port is { } other and not 22 ? $"'[{address.Host}]:{other}'" : address.Host;
        if (Has("HOST IDENTIFICATION HAS CHANGED"))
            return new FailedException("its host key is not the one that is known of it: nothing was sent",
                $"either it was set up anew, or someone stands in between; ask who runs it for the fingerprint, and only then: ssh-keygen -R {known}, ssh {port}{login}");
        if (Has("Host key verification failed"))
            return new FailedException("its host key is not known here: nothing was sent", $"'ssh {port}{login}' once, as the same user, shows its fingerprint and, if it is right, remembers it");
        if (Has("Permission denied") || Has("Too many authentication failures"))
            return new FailedException($"the login is refused: {Short(said)}", $"only keys that need no question are used: 'ssh -o BatchMode=yes {port}{login}' must work; ssh-copy-id puts a key there, ssh-add unlocks it");
        if (Has("subsystem request failed"))
            return new FailedException("it has no SFTP", "its sshd_config wants a line: Subsystem sftp internal-sftp");
        return new TransientException(Short(said));

        bool Has(string words) => said.Contains(words, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The last line that ssh wrote, which tells it best.</summary>
    public static string Short(string said)
    {
        string? line = said.Split('\n').Select(part => part.Trim()).LastOrDefault(part => part.Length > 0);
        return line is null ? "the connection was closed" : ByteString.FromText(line.Length > 200 ? line[..200] : line).ToString();
    }
}
