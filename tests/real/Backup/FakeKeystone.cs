using System.Net;
using System.Text;
using System.Text.Json;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>Answers logins as Keystone does, with tokens and the address of a Swift that has logins of its own.</summary>
internal sealed class FakeKeystone : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly StoreServer swift;
    private readonly HttpClient client = new();
    private int logins;

    public FakeKeystone(StoreServer swift)
    {
        this.swift = swift;
        int port = ServerProcess.FreePort();
        Address = $"http://127.0.0.1:{port}/v3";
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        _ = Serve();
    }

    public string Address { get; }

    public int Logins => logins;

    public void Dispose()
    {
        listener.Close();
        client.Dispose();
    }

    private async Task Serve()
    {
        try
        {
            while (true)
                await Answer(await listener.GetContextAsync());
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
        }
    }

    private async Task Answer(HttpListenerContext context)
    {
        using JsonDocument asked = await JsonDocument.ParseAsync(context.Request.InputStream);
        JsonElement auth = asked.RootElement.GetProperty("auth"), identity = auth.GetProperty("identity");
        bool isRight = context.Request.HttpMethod == "POST" && context.Request.RawUrl == "/v3/auth/tokens" && identity.GetProperty("methods")[0].GetString() switch
        {
            "password" => identity.GetProperty("password").GetProperty("user") is var user && user.GetProperty("name").GetString() == "anna" && user.GetProperty("domain").GetProperty("name").GetString() == "Default"
                && user.GetProperty("password").GetString() == StoreServers.SwiftKey && auth.GetProperty("scope").GetProperty("project") is var project && project.GetProperty("name").GetString() == "shop"
                && project.GetProperty("domain").GetProperty("name").GetString() == "Default",
            "application_credential" => identity.GetProperty("application_credential") is var credential && credential.GetProperty("id").GetString() == "app"
                && credential.GetProperty("secret").GetString() == StoreServers.SwiftKey && !auth.TryGetProperty("scope", out _),
            _ => false,
        };
        context.Response.StatusCode = isRight ? 201 : 401;
        context.Response.ContentType = "application/json";
        string body = "{}";
        if (isRight)
        {
            Interlocked.Increment(ref logins);
            using var request = new HttpRequestMessage(HttpMethod.Get, swift.Variables["ST_AUTH"]);
            request.Headers.Add("X-Auth-User", swift.Variables["ST_USER"]);
            request.Headers.Add("X-Auth-Key", swift.Variables["ST_KEY"]);
            using HttpResponseMessage session = await client.SendAsync(request);
            context.Response.Headers["X-Subject-Token"] = session.Headers.GetValues("X-Auth-Token").First();
            string storage = session.Headers.GetValues("X-Storage-Url").First();
            body = $$$"""
                {"token": {"methods": ["password"], "expires_at": "2099-01-01T00:00:00.000000Z", "issued_at": "2026-01-01T00:00:00.000000Z", "catalog": [
                  {"type": "compute", "id": "1", "name": "nova", "endpoints": []},
                  {"type": "object-store", "id": "2", "name": "swift", "endpoints": [
                    {"id": "3", "interface": "admin", "region": "dallas", "region_id": "dallas", "url": "http://127.0.0.1:1/"},
                    {"id": "4", "interface": "public", "region": "tokyo", "region_id": "tokyo", "url": "http://127.0.0.1:2/"},
                    {"id": "5", "interface": "public", "region": "dallas", "region_id": "dallas", "url": "{{{storage}}}"}]}]}}
                """;
        }
        await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
        context.Response.Close();
    }
}
