using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.Swift;

/// <summary>swift://CONTAINER[/PREFIX], or restic's swift:CONTAINER:/[PREFIX]; where the service is, the environment says.</summary>
/// <param name="Prefix">Empty, or ends in a slash.</param>
internal sealed record SwiftAddress(string Place, string Container, string Prefix)
{
    public static StoreAddress.Target Read(string text)
    {
        bool isUrl = text.StartsWith("swift://", StringComparison.Ordinal);
        string rest = text[(isUrl ? "swift://".Length : "swift:".Length)..];
        int end = rest.IndexOf(isUrl ? "/" : ":/", StringComparison.Ordinal);
        string container = end < 0 ? rest : rest[..end], prefix = end < 0 ? "" : rest[end..].TrimStart(':').Trim('/');
        if (container.Length == 0 || container.AsSpan().ContainsAny('/', ':', '@') || (!isUrl && end < 0))
            throw new UsageException($"{StoreAddress.WithoutPassword(text)}: is no address of a Swift container", "such as swift://CONTAINER/PREFIX; OS_AUTH_URL and its like say where the service is, as openrc files set them, or ST_AUTH, ST_USER, ST_KEY");
        var address = new SwiftAddress(text, container, prefix.Length == 0 ? "" : prefix + "/");
        return new(text, options => new SwiftStore(address, SwiftLogin.Find(text, options.Variable), options));
    }
}
