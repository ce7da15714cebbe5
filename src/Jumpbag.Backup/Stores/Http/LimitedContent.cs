using System.Net;

namespace Jumpbag.Backup.Stores.Http;

/// <summary>What is uploaded, in portions that the limit lets through; each that was taken shows that the server is alive.</summary>
internal sealed class LimitedContent(ReadOnlyMemory<byte> content, TokenBucket limit, TimeProvider clock, Watchdog watch) : HttpContent
{
    private const int MostPortion = 128 << 10;

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        int portion = limit.Portion(MostPortion);
        for (int done = 0; done < content.Length;)
        {
            int count = Math.Min(portion, content.Length - done);
            if (limit.Reserve(count) is var wait && wait > TimeSpan.Zero)
            {
                watch.Stop();
                await Task.Delay(wait, clock).ConfigureAwait(false);
            }
            watch.Start();
            await stream.WriteAsync(content.Slice(done, count), watch.Token).ConfigureAwait(false);
            done += count;
        }
        // The server now looks at it, writes it down, and answers.
        watch.Start();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = content.Length;
        return true;
    }
}
