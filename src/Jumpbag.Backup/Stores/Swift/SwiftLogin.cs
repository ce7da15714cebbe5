using System.Text.Json;
using Jumpbag.Backup.Stores.Http;
using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.Swift;

/// <summary>Where the objects are, and what opens them for some hours.</summary>
internal sealed record SwiftSession(Uri Storage, string Token);

/// <summary>How one logs in, from the variables that OpenStack's own programs and restic use.</summary>
internal sealed class SwiftLogin
{
    private readonly Func<string, string?> variable;

    private SwiftLogin(Func<string, string?> variable) => this.variable = variable;

    /// <summary>Of the service that is asked first.</summary>
    public required Uri Address { get; init; }

    /// <summary>Keystone's version 3; else version 1, which Swift has by itself and Rackspace had.</summary>
    public required bool IsKeystone { get; init; }

    /// <summary>A token that was got otherwise, which cannot be renewed; else null.</summary>
    public SwiftSession? Given { get; private init; }

    /// <exception cref="FailedException">Something is missing.</exception>
    public static SwiftLogin Find(string place, Func<string, string?> variable)
    {
        string? Value(string name) => variable(name) is { Length: > 0 } value ? value : null;
        if (Value("OS_STORAGE_URL") is { } storage && Value("OS_AUTH_TOKEN") is { } token)
            return new(Value) { Address = Url("OS_STORAGE_URL", storage), IsKeystone = false, Given = new(Url("OS_STORAGE_URL", storage.TrimEnd('/') + "/"), token) };
        if (Value("ST_AUTH") is { } first)
            return Complete(new(Value) { Address = Url("ST_AUTH", first), IsKeystone = false }, "ST_USER", "ST_KEY");
        if (Value("OS_AUTH_URL") is not { } keystone)
            throw new FailedException($"{place}: the environment does not say where the service is", "OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME and their like, as an openrc file sets them; or ST_AUTH, ST_USER and ST_KEY");
        keystone = keystone.TrimEnd('/');
        if (keystone.EndsWith("/v2.0", StringComparison.Ordinal))
            throw new UnsupportedException($"{place}: OS_AUTH_URL names version 2 of Keystone, which OpenStack has given up", $"try {keystone[..^"/v2.0".Length]}/v3");
        var login = new SwiftLogin(Value) { Address = Url("OS_AUTH_URL", keystone + (keystone.EndsWith("/v3", StringComparison.Ordinal) ? "" : "/v3") + "/auth/tokens"), IsKeystone = true };
        return Value("OS_APPLICATION_CREDENTIAL_SECRET") is not null ? login : Complete(login, Value("OS_USER_ID") is null ? "OS_USERNAME" : "OS_USER_ID", "OS_PASSWORD");

        SwiftLogin Complete(SwiftLogin found, params string[] needed) =>
            needed.FirstOrDefault(name => Value(name) is null) is { } absent ? throw new FailedException($"{place}: {absent} is not set, which the login needs") : found;

        Uri Url(string name, string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" ? url : throw new FailedException($"{place}: {name} is no address");
    }

    public HttpRequestMessage Request()
    {
        if (IsKeystone)
            return new(HttpMethod.Post, Address);
        var request = new HttpRequestMessage(HttpMethod.Get, Address);
        request.Headers.TryAddWithoutValidation("X-Auth-User", variable("ST_USER"));
        request.Headers.TryAddWithoutValidation("X-Auth-Key", variable("ST_KEY"));
        return request;
    }

    /// <summary>What Keystone is sent; null where nothing is.</summary>
    /// <remarks>https://docs.openstack.org/api-ref/identity/v3/, "Authentication and token management"</remarks>
    public byte[]? Body()
    {
        if (!IsKeystone)
            return null;
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject("auth");
            json.WriteStartObject("identity");
            bool isApplication = variable("OS_APPLICATION_CREDENTIAL_SECRET") is not null;
            string method = isApplication ? "application_credential" : "password";
            json.WriteStartArray("methods");
            json.WriteStringValue(method);
            json.WriteEndArray();
            json.WriteStartObject(method);
            if (isApplication)
                WriteApplication(json);
            else
                WriteUser(json, variable("OS_PASSWORD"));
            json.WriteEndObject();
            json.WriteEndObject();
            // An application's has its project within.
            if (!isApplication)
                WriteScope(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    /// <exception cref="TransientException">The answer is none to a login.</exception>
    public SwiftSession Session(HttpAnswer answer)
    {
        if (answer.Header(IsKeystone ? "X-Subject-Token" : "X-Auth-Token") is not { Length: > 0 } token)
            throw new TransientException("what it answers to the login has no token");
        string? storage = IsKeystone ? InCatalog(answer.Body) : answer.Header("X-Storage-Url");
        return Uri.TryCreate(storage?.TrimEnd('/') + "/", UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" ? new(url, token)
            : throw new FailedException("the login does not say where the objects are", IsKeystone ? "OS_REGION_NAME chooses among regions; the project must have an object store" : null);
    }

    private string? InCatalog(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            string? region = variable("OS_REGION_NAME");
            return (from service in document.RootElement.GetProperty("token").GetProperty("catalog").EnumerateArray()
                    where service.GetProperty("type").GetString() == "object-store"
                    from endpoint in service.GetProperty("endpoints").EnumerateArray()
                    where endpoint.GetProperty("interface").GetString() == "public" && (region is null || (endpoint.TryGetProperty("region", out JsonElement at) && at.GetString() == region))
                    select endpoint.GetProperty("url").GetString()).FirstOrDefault();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new TransientException("what it answers to the login is no catalog", e);
        }
    }

    private void WriteApplication(Utf8JsonWriter json)
    {
        if (variable("OS_APPLICATION_CREDENTIAL_ID") is { } id)
        {
            json.WriteString("id", id);
        }
        else
        {
            json.WriteString("name", variable("OS_APPLICATION_CREDENTIAL_NAME"));
            WriteUser(json, null);
        }
        json.WriteString("secret", variable("OS_APPLICATION_CREDENTIAL_SECRET"));
    }

    private void WriteUser(Utf8JsonWriter json, string? password)
    {
        json.WriteStartObject("user");
        if (variable("OS_USER_ID") is { } id)
        {
            json.WriteString("id", id);
        }
        else
        {
            json.WriteString("name", variable("OS_USERNAME"));
            WriteDomain(json, "OS_USER_DOMAIN");
        }
        if (password is not null)
            json.WriteString("password", password);
        json.WriteEndObject();
    }

    private void WriteScope(Utf8JsonWriter json)
    {
        string? id = variable("OS_PROJECT_ID") ?? variable("OS_TENANT_ID"), name = variable("OS_PROJECT_NAME") ?? variable("OS_TENANT_NAME"), trust = variable("OS_TRUST_ID");
        if ((id ?? name ?? trust) is null)
            return;
        json.WriteStartObject("scope");
        json.WriteStartObject(trust is null ? "project" : "OS-TRUST:trust");
        if ((trust ?? id) is { } number)
        {
            json.WriteString("id", number);
        }
        else
        {
            json.WriteString("name", name);
            WriteDomain(json, "OS_PROJECT_DOMAIN");
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Where none is named it is the one that every Keystone begins with.</summary>
    private void WriteDomain(Utf8JsonWriter json, string prefix)
    {
        json.WriteStartObject("domain");
        if (variable(prefix + "_NAME") is { } name)
            json.WriteString("name", name);
        else
            json.WriteString("id", variable(prefix + "_ID") ?? "default");
        json.WriteEndObject();
    }
}
