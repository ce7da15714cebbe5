using System.Text;
using System.Text.Json;
using Jumpbag.Board.Access;
using Jumpbag.Board.Feed;
using Jumpbag.Board.Reporting;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Jumpbag.Board.Web;

/// <summary>POST /api/sync, /api/running: what other hosts report.</summary>
internal sealed class SyncRoutes(BoardJournal journal, BoardFeed feed, RunningList running)
{
    /// <summary>So much is held for each of the few that are looked at at once.</summary>
    public const int MostBody = 8 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly SemaphoreSlim Turns = new(2);

    /// <summary>
    /// The body is lines that the host has. The answer is lines that it lacks: those behind the one whose hash is ?after=, or all where that is
    /// not known here; at most so many that there may be more.
    /// </summary>
    public async Task Sync(HttpContext context)
    {
        await Turns.WaitAsync(context.RequestAborted).ConfigureAwait(false);
        try
        {
            byte[] body = await Body(context, MostBody).ConfigureAwait(false);
            Entry[] theirs = Look(body, Gate.KeyOf(context));
            if (theirs.Length > 0)
            {
                await Task.Run(() => journal.Merge(theirs, Gate.KeyOf(context).Author)).ConfigureAwait(false);
                await Followed(theirs[^1].Hash, context.RequestAborted).ConfigureAwait(false);
            }
            await feed.Fresh(context.RequestAborted).ConfigureAwait(false);
            await Send(context, context.Request.Query["after"].ToString()).ConfigureAwait(false);
        }
        finally
        {
            Turns.Release();
        }
    }

    /// <summary>The body is {"EVENT":{progress},…}.</summary>
    public async Task Running(HttpContext context)
    {
        byte[] body = await Body(context, 256 << 10).ConfigureAwait(false);
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            foreach (JsonProperty one in document.RootElement.EnumerateObject())
                if (EventId.Parse(one.Name) is not null && ProgressFile.Parse(Encoding.UTF8.GetBytes(one.Value.GetRawText())) is { } progress)
                    running.Tell(one.Name, progress);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UsageException("the body is not as it must be");
        }
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private Entry[] Look(byte[] body, AccessKey key)
    {
        JournalLines lines = JournalLines.Split(body);
        if (!lines.Tail.IsEmpty)
            throw new UsageException("the last line is not whole");
        var known = new HashSet<string> { EntryLine.Genesis };
        var entries = new List<Entry>(lines.Whole.Count);
        foreach (ReadOnlyMemory<byte> line in lines.Whole)
        {
            if (EntryLine.Parse(line) is not { } entry || EntryLine.ContentHash(line.Span) != entry.Hash)
                throw new UsageException($"line {entries.Count + 1} is no event, or was changed");
            if (entry.Data is Opened && entry.Hash != feed.Now.Events[0].Hash)
                throw new UnsupportedException($"this board is of another incident: {feed.Now.State.Opened.Id}", "join it anew: 'jumpbag board join URL'");
            if (!known.Contains(entry.Prev) && feed.PlaceAfter(entry.Prev) is null)
                throw new NotFoundException(SyncAnswer.Missing);
            if (key.Right != Right.Host && CountsByAuthor(entry.Data) && !entry.Author.IsSamePersonAs(key.Author) && feed.PlaceAfter(entry.Hash) is null)
                throw new UnsupportedException($"a {entry.Data.Type} of {entry.Author.Name}'s comes only with {entry.Author.Name}'s token, or a host's", "'jumpbag board token add HOST --host' makes one for a machine");
            known.Add(entry.Hash);
            entries.Add(entry);
        }
        return [.. entries];
    }

    /// <summary>Whose it is decides what it does: who made a plan may not vet it, who corrects must be the author.</summary>
    private static bool CountsByAuthor(EventData data) => data is PlanMade or StepSet or StepRemoved or Vetted or Accepted or Corrected;

    private async Task Followed(string hash, CancellationToken cancelled)
    {
        DateTimeOffset end = DateTimeOffset.UtcNow + Patience;
        while (feed.PlaceAfter(hash) is null && DateTimeOffset.UtcNow < end)
            await Task.Delay(20, cancelled).ConfigureAwait(false);
    }

    private async Task Send(HttpContext context, string after)
    {
        IReadOnlyList<Entry> all = feed.Now.Events;
        int start = feed.PlaceAfter(after) is { } place && place <= all.Count ? place : 0;
        int end = start;
        for (long bytes = 0; end < all.Count && (bytes += all[end].Line.Length + 1) <= MostBody / 2 || end == start && end < all.Count;)
            end++;
        context.Response.ContentType = "application/x-ndjson";
        context.Response.Headers[SyncAnswer.MoreHeader] = end < all.Count ? "1" : "0";
        for (int i = start; i < end; i++)
        {
            await context.Response.Body.WriteAsync(all[i].Line, context.RequestAborted).ConfigureAwait(false);
            await context.Response.Body.WriteAsync("\n"u8.ToArray(), context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static async Task<byte[]> Body(HttpContext context, int most)
    {
        // Another site can send neither without being asked first.
        if (context.Request.ContentType is not ("application/x-ndjson" or "application/json"))
            throw new UsageException("the body must be NDJSON");
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = most;
        using var memory = new MemoryStream();
        await context.Request.Body.CopyToAsync(memory, context.RequestAborted).ConfigureAwait(false);
        return memory.ToArray();
    }
}
