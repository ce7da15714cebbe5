using System.Text;
using System.Text.Json;
using Jumpbag.Board.Access;
using Jumpbag.Board.Feed;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Microsoft.AspNetCore.Http;

namespace Jumpbag.Board.Web;

/// <summary>
/// GET /api/events: server-sent events. It keeps nothing but its place in the list of events, so that whoever reads slowly gets less often more.
/// </summary>
internal sealed class EventStream(BoardFeed feed, KeyRing keys, CancellationToken stopping)
{
    /// <summary>How many events a page begins with, and gets at a time of older ones.</summary>
    public const int Page = 100;

    /// <summary>Whoever is further behind begins anew.</summary>
    private const int MostBehind = 500;

    /// <summary>How soon a revoked key ends a stream.</summary>
    private static readonly TimeSpan LookAtKey = TimeSpan.FromSeconds(1);

    /// <summary>The page takes a stream that is silent for longer than three of these for dead.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    public async Task Send(HttpContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        context.Response.ContentType = "text/event-stream";
        // nginx would otherwise keep events until there are many.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        string secret = Gate.SecretOf(context)!;
        int? place = context.Request.Headers["Last-Event-ID"] is [{ Length: > 0 } last] ? feed.PlaceAfter(last) : null;
        long version = -1, running = -1;
        DateTimeOffset nextBeat = DateTimeOffset.UtcNow + Heartbeat;
        try
        {
            while (!ending.IsCancellationRequested)
            {
                Task changed = feed.Changed;
                Snapshot now = feed.Now;
                var message = new MemoryStream();
                if (now.Version != version)
                    Update(message, now, ref place);
                if (now.RunningVersion != running)
                    Running(message, now);
                if (message.Length == 0 && DateTimeOffset.UtcNow >= nextBeat)
                    message.Write(":\n\n"u8);
                (version, running) = (now.Version, now.RunningVersion);
                if (message.Length > 0)
                {
                    await context.Response.Body.WriteAsync(message.GetBuffer().AsMemory(0, (int)message.Length), ending.Token).ConfigureAwait(false);
                    await context.Response.Body.FlushAsync(ending.Token).ConfigureAwait(false);
                    nextBeat = DateTimeOffset.UtcNow + Heartbeat;
                }
                await Task.WhenAny(changed, Task.Delay(LookAtKey, ending.Token)).ConfigureAwait(false);
                if (keys.Find(secret) is null)
                    return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The page was closed, or the board is.
        }
    }

    private static void Update(MemoryStream message, Snapshot now, ref int? place)
    {
        bool reset = place is not { } from || now.Events.Count - from > MostBehind || from > now.Events.Count;
        IReadOnlyList<Entry> items = reset ? [.. now.Timeline.TakeLast(Page)] : WithCorrected(now, [.. now.Events.Skip(place!.Value)]);
        place = now.Events.Count;
        message.Write("event: update\nid: "u8);
        message.Write(Encoding.ASCII.GetBytes(now.Head));
        message.Write("\ndata: "u8);
        using (var json = new Utf8JsonWriter(message))
        {
            json.WriteStartObject();
            json.WriteString("now", UtcTime.Text(DateTimeOffset.UtcNow));
            json.WriteBoolean("reset", reset);
            json.WriteStartArray("items");
            foreach (Entry entry in items)
                ItemJson.Write(json, now.State, entry);
            json.WriteEndArray();
            json.WritePropertyName("state");
            json.WriteRawValue(now.Json);
            json.WriteEndObject();
        }
        message.Write("\n\n"u8);
    }

    private static void Running(MemoryStream message, Snapshot now)
    {
        message.Write("event: running\ndata: "u8);
        message.Write(now.Running);
        message.Write("\n\n"u8);
    }

    /// <summary>A correction changes how another event is shown.</summary>
    private static List<Entry> WithCorrected(Snapshot now, List<Entry> items)
    {
        var corrected = new HashSet<string>(items.Select(entry => entry.Data).OfType<Corrected>().Select(correction => correction.Event));
        return corrected.Count == 0 ? items : [.. now.Events.Where(entry => corrected.Contains(entry.Id)), .. items];
    }
}
