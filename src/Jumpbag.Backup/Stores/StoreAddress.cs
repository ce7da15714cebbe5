using Jumpbag.Backup.Stores.S3;
using Jumpbag.Backup.Stores.Sftp;
using Jumpbag.Backup.Stores.Swift;
using Jumpbag.Core;

namespace Jumpbag.Backup.Stores;

/// <summary>Where a repository is, as a person writes it: a folder, or an address in URL form or in restic's own.</summary>
public sealed class StoreAddress
{
    private const string FileScheme = "file://";

    /// <summary>What begins an address, how the rest of it looks, and who reads it.</summary>
    private static readonly (string Prefix, string Example, Func<string, Target> Read)[] Kinds =
    [
        (FileScheme, "file:///srv/backup", text => Folder(text[FileScheme.Length..])),
        (RestAddress.Scheme, "rest:https://USER@HOST:8000/PATH/", RestAddress.Read),
        ("sftp:", "sftp://USER@HOST/PATH", SftpAddress.Read),
        ("s3:", "s3://ENDPOINT/BUCKET/PREFIX", S3Address.Read),
        ("swift:", "swift://CONTAINER/PREFIX", SwiftAddress.Read),
    ];

    /// <summary>restic has these, and we do not.</summary>
    private static readonly string[] BehindRclone = ["azure", "b2", "gs", "rclone"];

    private readonly Target target;

    private StoreAddress(Target target) => this.target = target;

    /// <summary>As it may be shown: it has no password in it.</summary>
    public string Place => target.Place;

    /// <exception cref="UsageException">It is no address.</exception>
    /// <exception cref="UnsupportedException">Of a kind that cannot be read.</exception>
    public static StoreAddress Parse(string text)
    {
        if (text.Length == 0)
            throw new UsageException("where the repository is, is empty", $"such as {string.Join(", ", Kinds.Select(known => known.Example))}");
        if (KindOf(text) is { } kind)
            return new(kind.Read(text));
        int colon = text.IndexOf(':', StringComparison.Ordinal), slash = text.IndexOf('/', StringComparison.Ordinal);
        if (colon <= 0 || (slash >= 0 && slash < colon) || Directory.Exists(text))
            return new(Folder(text));
        string scheme = text[..colon];
        throw BehindRclone.Contains(scheme)
            ? new UnsupportedException($"{scheme}: repositories behind '{scheme}:' cannot be reached directly", "rclone can: 'rclone serve restic REMOTE:PATH' on this machine, and rest:http://localhost:8080/ as the address")
            : new UsageException($"{WithoutPassword(text)}: what kind of address is that?", scheme is "http" or "https" ? $"of a rest-server write rest:{WithoutPassword(text)}" : $"such as {string.Join(", ", Kinds.Select(known => known.Example))}; of a folder write ./{WithoutPassword(text)}");
    }

    /// <summary>Whether it is an address in the network, which only being asked tells whether a repository is there.</summary>
    public static bool IsRemote(string text) => KindOf(text) is { Prefix: not FileScheme };

    /// <summary>Takes ADDRESS:SNAPSHOT[:/PATH] of a repository in the network apart. The address has colons too, so a snapshot is what looks like one.</summary>
    /// <returns>The address, and what stands behind the colon after it; null of the latter where there is no snapshot.</returns>
    public static (string Address, string? SnapshotAndPath) Split(string text)
    {
        for (int colon = text.IndexOf(':', HeadLength(text)); colon >= 0; colon = text.IndexOf(':', colon + 1))
        {
            int end = text.IndexOf(':', colon + 1);
            string word = end < 0 ? text[(colon + 1)..] : text[(colon + 1)..end];
            if (word == "latest" || (word.Length is >= 1 and <= 64 && word.All(char.IsAsciiHexDigit)))
                return (text[..colon], text[(colon + 1)..]);
        }
        return (text, null);
    }

    /// <summary>Takes the password out of an address, or of what begins with one, that others will see: in the list of mounts or of processes.</summary>
    /// <param name="variable">NAME=PASSWORD, which makes up for it; null where there was none.</param>
    public static string WithoutPassword(string text, out string? variable)
    {
        variable = null;
        if (!text.StartsWith(RestAddress.Scheme, StringComparison.Ordinal) || PasswordIn(text) is not ( > 0 and var colon, var at))
            return text;
        variable = $"{RestAddress.PasswordVariable}={Uri.UnescapeDataString(text[(colon + 1)..at])}";
        return text[..colon] + text[at..];
    }

    public RepositoryStore Open(StoreOptions options) => target.Open(options);

    /// <summary>An address for a message about it that could not be read.</summary>
    internal static string WithoutPassword(string text) => PasswordIn(text) is ( > 0 and var colon, var at) ? $"{text[..colon]}:***{text[at..]}" : text;

    /// <summary>The colon before it and the @ behind it; the former negative where there is none.</summary>
    private static (int Colon, int At) PasswordIn(string text)
    {
        int from = text.IndexOf("://", StringComparison.Ordinal);
        from = from < 0 ? text.IndexOf(':', StringComparison.Ordinal) + 1 : from + 3;
        int end = text.IndexOf('/', from), at = text.LastIndexOf('@', (end < 0 ? text.Length : end) - 1);
        return (at < from ? -1 : text.IndexOf(':', from, at - from), at);
    }

    private static (string Prefix, string Example, Func<string, Target> Read)? KindOf(string text)
    {
        foreach ((string Prefix, string Example, Func<string, Target> Read) kind in Kinds)
            if (text.StartsWith(kind.Prefix, StringComparison.Ordinal))
                return kind;
        return null;
    }

    /// <summary>As far as host and port reach, or what stands in their place: colons in there begin no snapshot.</summary>
    private static int HeadLength(string text)
    {
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        int from = scheme >= 0 ? scheme + 3 : text.IndexOf(':', StringComparison.Ordinal) + 1;
        int slash = text.IndexOf('/', from), authority = slash < 0 ? text.Length : slash;
        // A login and an IPv6 address have colons of their own.
        from = Math.Max(from, text.LastIndexOfAny(['@', ']'], authority - 1, authority - from) + 1);
        int colon = text.IndexOf(':', from, authority - from);
        if (colon < 0)
            return authority;
        int end = colon + 1;
        if (scheme < 0)
            return end;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;
        return end == text.Length || text[end] is ':' or '/' ? end : colon;
    }

    private static Target Folder(string folder) => new(folder, options => new FolderStore(folder, options));

    /// <param name="Place">Without any password.</param>
    internal sealed record Target(string Place, Func<StoreOptions, RepositoryStore> Open);
}
