using System.Net;
using Jumpbag.Board.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Jumpbag.Board.Web;

/// <summary>Who may: looks at each request before anything else does. docs/design/board.md says why it is as it is.</summary>
/// <param name="names">Host names that the board answers to, beside addresses and localhost.</param>
internal sealed class Gate(KeyRing keys, IReadOnlyList<string> names)
{
    public const string LoginPath = "/api/login";

    private const string KeyItem = "jumpbag.key";
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    private readonly WrongKeys wrong = new();

    public static AccessKey KeyOf(HttpContext context) => (AccessKey)context.Items[KeyItem]!;

    /// <summary>What was shown as key; null where nothing was.</summary>
    public static string? SecretOf(HttpContext context) =>
        context.Request.Headers.Authorization is [{ } header] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim() : null;

    public async Task Pass(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        HttpRequest request = context.Request;
        if (!IsOurName(request.Host))
        {
            await Answer.Refuse(context, StatusCodes.Status421MisdirectedRequest, "this board does not go by that name", "start it with --name NAME").ConfigureAwait(false);
            return;
        }
        if (!request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
        {
            await next(context).ConfigureAwait(false);
            return;
        }
        if (IsFromElsewhere(request))
        {
            await Answer.Refuse(context, StatusCodes.Status403Forbidden, "another site's request").ConfigureAwait(false);
            return;
        }
        if (request.Path == LoginPath)
        {
            await next(context).ConfigureAwait(false);
            return;
        }
        if (SecretOf(context) is not { } secret)
        {
            headers.WWWAuthenticate = "Bearer";
            await Answer.Refuse(context, StatusCodes.Status401Unauthorized, "a token is needed", "'jumpbag board token add NAME' makes one; on this machine 'jumpbag board link' lets you in").ConfigureAwait(false);
            return;
        }
        if (keys.Find(secret) is not { } key)
        {
            await RefuseKey(context).ConfigureAwait(false);
            return;
        }
        context.Items[KeyItem] = key;
        await next(context).ConfigureAwait(false);
    }

    /// <summary>Tells that a key is wrong, slowly where its address has come with many.</summary>
    public async Task RefuseKey(HttpContext context)
    {
        if (wrong.Add(AddressOf(context), DateTimeOffset.UtcNow))
        {
            await Task.Delay(Slow, context.RequestAborted).ConfigureAwait(false);
            context.Response.Headers.RetryAfter = "60";
            await Answer.Refuse(context, StatusCodes.Status429TooManyRequests, "too many wrong tokens from this address", "a right one is taken at once").ConfigureAwait(false);
            return;
        }
        context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
        await Answer.Refuse(context, StatusCodes.Status401Unauthorized, "the token is wrong, was revoked, or is over", "'jumpbag board token add NAME' makes one; on this machine 'jumpbag board link' lets you in").ConfigureAwait(false);
    }

    private bool IsOurName(HostString host)
    {
        string name = host.Host;
        return IPAddress.TryParse(name.Trim('[', ']'), out _) || name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || names.Contains(name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Programs say neither; browsers say both, and a page can't change them.</summary>
    private static bool IsFromElsewhere(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"] is [{ } site] && site is not ("same-origin" or "none"))
            return true;
        StringValues origin = request.Headers.Origin;
        return origin.Count > 0 && !(origin is [{ } one] && Uri.TryCreate(one, UriKind.Absolute, out Uri? uri)
            && uri.Authority.Equals(Normal(request.Host, uri.Scheme), StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>As a Uri writes it: without the usual port.</summary>
    private static string Normal(HostString host, string scheme) => Uri.TryCreate($"{scheme}://{host.Value}", UriKind.Absolute, out Uri? uri) ? uri.Authority : "";

    /// <summary>Behind a proxy on this machine everyone comes from here; it says for whom.</summary>
    private static string AddressOf(HttpContext context)
    {
        IPAddress? peer = context.Connection.RemoteIpAddress;
        return peer is not null && IPAddress.IsLoopback(peer) && context.Request.Headers["X-Forwarded-For"] is [.., { Length: > 0 } forwarded]
            ? forwarded.Split(',')[^1].Trim() : peer?.ToString() ?? "";
    }
}
