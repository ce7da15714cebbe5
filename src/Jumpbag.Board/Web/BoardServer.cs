using System.Net;
using System.Net.Sockets;
using Jumpbag.Board.Access;
using Jumpbag.Board.Feed;
using Jumpbag.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jumpbag.Board.Web;

/// <param name="Names">Host names that the board answers to, beside addresses and localhost.</param>
public sealed record BoardOptions(IPEndPoint Listen, IReadOnlyList<string> Names);

/// <summary>The web server of one incident's board.</summary>
public sealed class BoardServer : IAsyncDisposable
{
    /// <summary>More pages than any room has; each stream takes some 50 KB.</summary>
    private const int MostConnections = 500;

    private const int MostBody = 64 << 10;
    private static readonly TimeSpan GoodBye = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource stopping = new();
    private readonly BoardFeed feed;
    private readonly WebApplication app;

    private BoardServer(BoardOptions options, BoardJournal journal, KeyRing keys)
    {
        var running = new RunningList(journal.Path);
        feed = new(journal, running);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestBodySize = MostBody;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(options.Listen, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = GoodBye);
        app = builder.Build();
        Route(new(keys, [Environment.MachineName, .. options.Names]), journal, keys, running);
    }

    /// <summary>Where it listens: with the port that it got.</summary>
    public IPEndPoint Listening { get; private set; } = new(0, 0);

    /// <exception cref="JumpbagException">The address is taken, or there is no journal.</exception>
    public static async Task<BoardServer> Start(BoardOptions options, BoardJournal journal, KeyRing keys)
    {
        var server = new BoardServer(options, journal, keys);
        try
        {
            server.feed.Start();
            await server.app.StartAsync().ConfigureAwait(false);
            var url = new Uri(server.app.Urls.First());
            server.Listening = new(IPAddress.Parse(url.Host.Trim('[', ']')), url.Port);
            return server;
        }
        catch (Exception e)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            if (e is IOException or SocketException)
                throw NotListening(options.Listen, e);
            throw;
        }
    }

    /// <summary>Streams end at once, then the rest.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await app.StopAsync().ConfigureAwait(false);
        feed.Dispose();
        await app.DisposeAsync().ConfigureAwait(false);
        stopping.Dispose();
    }

    private static FailedException NotListening(IPEndPoint address, Exception e) => (e as SocketException ?? e.InnerException?.InnerException as SocketException ?? e.InnerException as SocketException)?.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => new($"{address}: another program listens there already", $"--listen {new IPEndPoint(address.Address, address.Port + 1)} takes the next port; is a board running? 'jumpbag board link' lets you into it", e),
        SocketError.AccessDenied => new($"{address}: ports below 1024 are root's", "take a higher one with --listen ADDRESS:PORT", e),
        SocketError.AddressNotAvailable => new($"{address}: this machine does not have that address", "'ip address' shows those that it has", e),
        _ => new($"{address}: {e.Message}", null, e),
    };

    private void Route(Gate gate, BoardJournal journal, KeyRing keys, RunningList running)
    {
        app.Use(next => async context =>
        {
            try
            {
                await gate.Pass(context, next).ConfigureAwait(false);
            }
            catch (JumpbagException e) when (!context.Response.HasStarted)
            {
                await Answer.Failure(context, e).ConfigureAwait(false);
            }
            catch (Microsoft.AspNetCore.Http.BadHttpRequestException e) when (!context.Response.HasStarted)
            {
                await Answer.Refuse(context, e.StatusCode, "the request is too large or was broken off").ConfigureAwait(false);
            }
        });
        foreach ((string path, string file, string type) in PageFiles.All)
            app.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], PageFiles.Sender(file, type));
        var read = new ReadRoutes(feed);
        var write = new WriteRoutes(journal, keys, gate);
        app.MapGet("/api/me", read.Me);
        app.MapGet("/api/timeline", read.Timeline);
        app.MapGet("/api/events", new EventStream(feed, keys, stopping.Token).Send);
        app.MapPost(Gate.LoginPath, write.Login);
        app.MapPost("/api/note", Needs(write.Note, Right.Write));
        app.MapPost("/api/triage", Needs(write.Triage, Right.Write));
        app.MapPost("/api/vet", Needs(write.Vet, Right.Write));
        var sync = new SyncRoutes(journal, feed, running);
        app.MapPost("/api/sync", Needs(sync.Sync, Right.Write, Right.Host));
        app.MapPost("/api/running", Needs(sync.Running, Right.Write, Right.Host));
        app.MapFallback((RequestDelegate)(context => Answer.Refuse(context, StatusCodes.Status404NotFound, "nothing is here")));
    }

    private static RequestDelegate Needs(RequestDelegate act, params Right[] rights) => context => rights.Contains(Gate.KeyOf(context).Right) ? act(context)
        : Answer.Refuse(context, StatusCodes.Status403Forbidden, $"this token may only {(Gate.KeyOf(context).Right == Right.Host ? "report" : "read")}", "'jumpbag board token add NAME --write' makes one that writes");
}
