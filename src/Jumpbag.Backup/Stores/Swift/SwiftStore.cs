using System.Net;
using System.Text;
using System.Text.Json;
using Jumpbag.Backup.Stores.Http;
using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.Swift;

/// <summary>A repository in a container of OpenStack Swift, which Rackspace calls Cloud Files.</summary>
/// <remarks>https://docs.openstack.org/api-ref/object-store/</remarks>
internal sealed class SwiftStore(SwiftAddress address, SwiftLogin login, StoreOptions options)
    : HttpStore(address.Place, login.Address.Scheme == Uri.UriSchemeHttps, options)
{
    private const string TokenHeader = "X-Auth-Token";

    /// <summary>What servers give at most.</summary>
    private const int PageSize = 10_000;

    private static readonly RepositoryLayout Layout = new(IsLegacy: false);

    private readonly Lock gate = new();
    private readonly Func<string, string?> variable = options.Variable;
    private SwiftSession? session = login.Given;

    public override IReadOnlyList<string> List(FileKind kind)
    {
        string what = $"{Place}: {Layout.Folder(kind)}", prefix = $"{address.Prefix}{Layout.Folder(kind)}/", marker = "";
        var names = new List<string>();
        while (true)
        {
            string after = marker;
            string[] page = Ask(what, () => new(HttpMethod.Get, new Uri(Container(), $"?limit={PageSize}&prefix={Uri.EscapeDataString(prefix)}&marker={Uri.EscapeDataString(after)}")),
                exchange => Page(exchange.Whole(), prefix), answer => answer.IsMissing ? [] : throw Refused(what, answer));
            if (page.Length == 0)
                return names;
            marker = page[^1];
            if (string.CompareOrdinal(marker, after) <= 0)
                throw new FailedException($"{what}: the server gives the same page of its listing again and again");
            names.AddRange(page.Select(name => name[(name.LastIndexOf('/') + 1)..]).Where(name => name.Length > 0));
        }
    }

    public override void Prepare()
    {
        HttpAnswer answer = Ask(Place, () =>
        {
            var request = new HttpRequestMessage(HttpMethod.Put, Container());
            if (variable("SWIFT_DEFAULT_CONTAINER_POLICY") is { Length: > 0 } policy)
                request.Headers.TryAddWithoutValidation("X-Storage-Policy", policy);
            return request;
        }, ReadOnlyMemory<byte>.Empty);
        if (!answer.Succeeded)
            throw Refused($"{Place}: the container cannot be made", answer);
    }

    /// <summary>The server compares what arrives with its hash, and gives back the one of what it has.</summary>
    public override void Save(FileKind kind, string name, ReadOnlyMemory<byte> content)
    {
        string hash = Convert.ToHexStringLower(Md5(content)), what = $"{Name(kind, name)}: cannot be written";
        Ask(what, () =>
        {
            var request = new HttpRequestMessage(HttpMethod.Put, AddressOf(kind, name));
            request.Headers.TryAddWithoutValidation("ETag", hash);
            return request;
        }, exchange => exchange.Whole().Header("ETag")?.Trim('"') is { } there && there == hash ? true : throw new TransientException("what arrived is not what was sent"),
            answer => throw (answer.Status == HttpStatusCode.UnprocessableEntity ? new TransientException("what arrived is not what was sent") : Refused(what, answer)), content);
    }

    /// <summary>A container without versions lists its objects; a server that knows none does too.</summary>
    public override IReadOnlyList<string> Versions(FileKind kind, string name)
    {
        string key = address.Prefix + Layout.PathOf(kind, name);
        return Ask(Name(kind, name), () => new(HttpMethod.Get, new Uri(Container(), $"?versions&format=json&prefix={Uri.EscapeDataString(key)}")), exchange => VersionsOf(exchange.Whole().Body, key),
            answer => answer.IsMissing ? [] : throw Refused($"{Name(kind, name)}: its versions cannot be listed", answer));
    }

    protected override Uri AddressOf(FileKind kind, string name, string version) => new(AddressOf(kind, name), $"?version-id={Uri.EscapeDataString(version)}");

    protected override Uri AddressOf(FileKind kind, string name) => new(Container(), S3.S3Address.Encode(address.Prefix + Layout.PathOf(kind, name)));

    protected override void Authorize(HttpRequestMessage request, ReadOnlyMemory<byte> content) => request.Headers.TryAddWithoutValidation(TokenHeader, Session().Token);

    /// <summary>A token lasts some hours; the first who is refused gets a new one for all.</summary>
    protected override bool Mend(HttpRequestMessage request, HttpAnswer answer)
    {
        if (answer.Status != HttpStatusCode.Unauthorized || login.Given is not null)
            return false;
        lock (gate)
            if (session is not null && request.Headers.GetValues(TokenHeader).First() == session.Token)
                session = null;
        return true;
    }

    protected override (string Why, string? Hint)? Explain(HttpAnswer answer) => answer.Status switch
    {
        HttpStatusCode.Unauthorized => ("the login is refused", login.Given is not null ? "OS_AUTH_TOKEN has run out: a login by OS_AUTH_URL, OS_USERNAME and OS_PASSWORD is renewed by itself"
            : login.IsKeystone ? "OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME and the domains (OS_USER_DOMAIN_NAME, OS_PROJECT_DOMAIN_NAME) make it, or an application credential" : "ST_USER and ST_KEY make it"),
        HttpStatusCode.Forbidden => ("access is denied", "the user's role must let it read and write this container"),
        _ => null,
    };

    private Uri Container() => new(Session().Storage, Uri.EscapeDataString(address.Container) + "/");

    /// <summary>The session that there is, else a new one.</summary>
    private SwiftSession Session()
    {
        lock (gate)
        {
            if (session is not null)
                return session;
            using HttpRequestMessage request = login.Request();
            byte[]? body = login.Body();
            if (body is not null)
                request.Content = new ByteArrayContent([]) { Headers = { ContentType = new("application/json") } };
            string what = $"{Place}: login at {login.Address.GetLeftPart(UriPartial.Path)}";
            HttpAnswer answer = Once(what, request, body);
            if (!answer.Succeeded)
                throw Refused(what, answer);
            return session = login.Session(answer);
        }
    }

    private static string[] Page(HttpAnswer answer, string prefix)
    {
        string[] names = Encoding.UTF8.GetString(answer.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return names.All(name => name.StartsWith(prefix, StringComparison.Ordinal)) ? names : throw new TransientException("what it answers is no listing");
    }

    /// <summary>Without the marks of a deletion.</summary>
    private static IReadOnlyList<string> VersionsOf(byte[] body, string key)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return [.. from one in document.RootElement.EnumerateArray()
                       where one.TryGetProperty("name", out JsonElement name) && name.GetString() == key && one.TryGetProperty("version_id", out _)
                       where !one.TryGetProperty("content_type", out JsonElement type) || type.GetString()?.StartsWith("application/x-deleted", StringComparison.Ordinal) != true
                       select one.GetProperty("version_id").GetString()!];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new TransientException("what it answers is no listing", e);
        }
    }
}
