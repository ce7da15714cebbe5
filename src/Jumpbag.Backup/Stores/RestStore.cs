using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Jumpbag.Backup.Stores.Http;
using Jumpbag.Core;

namespace Jumpbag.Backup.Stores;

/// <summary>A repository behind restic's own protocol: rest-server, or rclone with whatever lies behind that.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/REST_backend.html</remarks>
internal sealed class RestStore : HttpStore
{
    private const string Listing = "application/vnd.x.restic.rest.v2";

    private const int MostToken = 64 << 10;

    private readonly Uri top;
    private readonly AuthenticationHeaderValue? login;

    /// <param name="top">Ends in a slash, and has no password in it.</param>
    public RestStore(Uri top, string? user, string? password, StoreOptions options) : base($"rest:{top}", top.Scheme == Uri.UriSchemeHttps, options)
    {
        this.top = top;
        login = user is null ? null : new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
    }

    public override IReadOnlyList<string> List(FileKind kind)
    {
        string what = $"{Place}: {Folder(kind)}";
        return Ask(what, () =>
        {
            var request = new HttpRequestMessage(HttpMethod.Get, new Uri(top, Folder(kind) + "/"));
            request.Headers.Accept.Add(new(Listing));
            return request;
        }, Names, answer => answer.IsMissing ? [] : throw Refused(what, answer));
    }

    public override void Prepare()
    {
        HttpAnswer answer = Ask(Place, () => new(HttpMethod.Post, new Uri(top, "?create=true")), ReadOnlyMemory<byte>.Empty);
        if (!answer.Succeeded)
            throw Refused($"{Place}: cannot be made", answer);
    }

    /// <summary>The protocol has no hash that would come back, so what is there is read again and compared.</summary>
    public override void Save(FileKind kind, string name, ReadOnlyMemory<byte> content)
    {
        HttpAnswer answer = Ask(HttpMethod.Post, kind, name, content);
        if (answer.Status is HttpStatusCode.Forbidden or HttpStatusCode.Conflict && IsThere(kind, name))
        {
            // rest-server replaces nothing. Mostly it is this very file, whose first sending broke off after it had arrived.
            if (Difference(kind, name, content) is null)
                return;
            Remove(kind, name);
            answer = Ask(HttpMethod.Post, kind, name, content);
        }
        if (!answer.Succeeded)
            throw Refused($"{Name(kind, name)}: cannot be written", answer);
        if (Difference(kind, name, content) is { } difference)
            throw new FailedException($"{Name(kind, name)}: was written, but what is there {difference}", "the server, or what lies between, alters what it is sent: look at it before the repository is trusted");
    }

    protected override Uri AddressOf(FileKind kind, string name) => new(top, kind == FileKind.Config ? "config" : $"{Folder(kind)}/{name}");

    protected override void Authorize(HttpRequestMessage request, ReadOnlyMemory<byte> content) => request.Headers.Authorization = login;

    protected override (string Why, string? Hint)? Explain(HttpAnswer answer) => answer.Status switch
    {
        HttpStatusCode.Unauthorized => (login is null ? "it wants a user and a password" : "it does not take this user and password", "RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD hold them, or the address: rest:https://USER:PASSWORD@HOST/PATH"),
        HttpStatusCode.Forbidden => ("the server forbids it", "a server that only appends neither replaces nor removes; one with private repositories wants the user's name as first part of the path"),
        _ => null,
    };

    /// <summary>Here packs lie in one folder, whatever the server makes of it.</summary>
    private static string Folder(FileKind kind) => new RepositoryLayout(IsLegacy: false).Folder(kind);

    private bool IsThere(FileKind kind, string name) => Ask(HttpMethod.Head, kind, name).Succeeded;

    /// <summary>Of version 2 of the protocol objects with name and size, of version 1 names. There may be millions, so they are read as they come.</summary>
    private static List<string> Names(HttpExchange exchange)
    {
        var names = new List<string>();
        var state = new JsonReaderState();
        string property = "";
        byte[] held = [];
        try
        {
            while (true)
            {
                ReadOnlySpan<byte> portion = exchange.Next(long.MaxValue);
                bool isLast = portion.IsEmpty;
                byte[] text = [.. held, .. portion];
                var json = new Utf8JsonReader(text, isLast, state);
                while (json.Read())
                    Take(ref json, names, ref property);
                if (isLast)
                    return names;
                state = json.CurrentState;
                held = text[(int)json.BytesConsumed..];
                if (held.Length > MostToken)
                    throw new TransientException("what it answers is no listing");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new TransientException("what it answers is no listing", e);
        }
    }

    private static void Take(ref Utf8JsonReader json, List<string> names, ref string property)
    {
        if (json.TokenType == JsonTokenType.PropertyName)
            property = json.GetString()!;
        else if (json.TokenType == JsonTokenType.String && (json.CurrentDepth == 1 || (json.CurrentDepth == 2 && property == "name")))
            names.Add(json.GetString()!);
        else if (json.CurrentDepth == 0 && json.TokenType is not (JsonTokenType.StartArray or JsonTokenType.EndArray or JsonTokenType.Null))
            throw new TransientException("what it answers is no listing");
    }
}
