using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.Http;

/// <summary>An answer that has begun.</summary>
internal sealed class HttpExchange(HttpResponseMessage response, Watchdog watch, TokenBucket limit, StoreOptions options) : IDisposable
{
    /// <summary>A page of a listing that comes in pages, or an error's words.</summary>
    private const int MostBody = 16 << 20;

    private readonly byte[] buffer = new byte[limit.Portion(64 << 10)];
    private Stream? stream;

    public HttpResponseMessage Response => response;

    /// <summary>The next bytes of the body, at most so many; none at its end. They last until the next call.</summary>
    /// <exception cref="TransientException">It broke off.</exception>
    public ReadOnlySpan<byte> Next(long most)
    {
        int count = HttpFailure.Told(options, () =>
        {
            stream ??= response.Content.ReadAsStream(watch.Token);
            return stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(most, buffer.Length)), watch.Token).AsTask().GetAwaiter().GetResult();
        });
        watch.Stop();
        limit.Take(count);
        watch.Came(count);
        return buffer.AsSpan(0, count);
    }

    /// <summary>All of it.</summary>
    public HttpAnswer Whole()
    {
        using var body = new MemoryStream();
        for (ReadOnlySpan<byte> portion; !(portion = Next(buffer.Length)).IsEmpty;)
        {
            if (body.Length > MostBody)
                throw new TransientException($"its answer has more than {ByteSize.Format(MostBody)}");
            body.Write(portion);
        }
        return new(response.StatusCode, response.ReasonPhrase, response.Headers, response.Content.Headers.ContentType?.MediaType, response.Content.Headers.ContentLength, body.ToArray());
    }

    public void Dispose()
    {
        stream?.Dispose();
        response.Dispose();
        watch.Dispose();
    }
}
