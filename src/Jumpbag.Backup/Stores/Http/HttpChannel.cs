using System.Net.Http.Headers;

namespace Jumpbag.Backup.Stores.Http;

/// <summary>Single exchanges with a store over HTTP, by connections that are kept, within the store's limits.</summary>
internal sealed class HttpChannel : IDisposable
{
    /// <summary>At once; more wait for their turn.</summary>
    private const int MostConnections = 16;

    private static readonly TimeSpan ConnectDeadline = TimeSpan.FromSeconds(15);

    private readonly HttpClient client;
    private readonly StoreOptions options;
    private readonly TokenBucket upload, download;

    public HttpChannel(StoreOptions options)
    {
        this.options = options;
        upload = new(options.Limits.Upload, options.Clock);
        download = new(options.Limits.Download, options.Clock);
        // A redirect would carry passwords elsewhere. The watchdog knows whether something moves; a deadline for all of an upload does not.
        client = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = options.Silence < ConnectDeadline ? options.Silence : ConnectDeadline,
            MaxConnectionsPerServer = MostConnections,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            MaxResponseDrainSize = 64 << 10,
        })
        { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends a request and waits until the answer begins.</summary>
    /// <param name="content">What is uploaded; null for nothing.</param>
    /// <exception cref="TransientException">It may go at the next attempt.</exception>
    public HttpExchange Send(HttpRequestMessage request, ReadOnlyMemory<byte>? content)
    {
        var watch = new Watchdog(options);
        try
        {
            if (content is { } bytes)
                SetContent(request, bytes, watch);
            return HttpFailure.Told(options, () => new HttpExchange(client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, watch.Token).GetAwaiter().GetResult(), watch, download, options));
        }
        catch
        {
            watch.Dispose();
            throw;
        }
    }

    public void Dispose() => client.Dispose();

    /// <summary>Headers of the content that the request has already are kept.</summary>
    private void SetContent(HttpRequestMessage request, ReadOnlyMemory<byte> bytes, Watchdog watch)
    {
        var content = new LimitedContent(bytes, upload, options.Clock, watch);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        if (request.Content is { } before)
        {
            foreach ((string name, IEnumerable<string> values) in before.Headers.Where(header => header.Key != "Content-Length"))
            {
                content.Headers.Remove(name);
                content.Headers.TryAddWithoutValidation(name, values);
            }
            before.Dispose();
        }
        request.Content = content;
    }
}
