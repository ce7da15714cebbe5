using Jumpbag.Board.Access;
using Jumpbag.Board.Feed;
using Jumpbag.Incident.Journal;
using Microsoft.AspNetCore.Http;

namespace Jumpbag.Board.Web;

/// <summary>GET /api/me, /api/timeline</summary>
internal sealed class ReadRoutes(BoardFeed feed)
{
    /// <summary>Who the key is, and of which incident this board is.</summary>
    public Task Me(HttpContext context)
    {
        AccessKey key = Gate.KeyOf(context);
        return Answer.Json(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("name", key.Name);
            json.WriteString("right", key.Right.ToString().ToLowerInvariant());
            json.WriteString("identity", key.Identity);
            json.WriteString("incident", feed.Now.State.Opened.Id);
            json.WriteString("host", Environment.MachineName);
            json.WriteEndObject();
        });
    }

    /// <summary>?before=MARK: the items before that one, the latest last.</summary>
    public Task Timeline(HttpContext context)
    {
        string before = context.Request.Query["before"].ToString();
        Snapshot now = feed.Now;
        int end = now.Timeline.Count;
        // Marks go as the timeline goes.
        while (before.Length > 0 && end > 0 && string.CompareOrdinal(ItemJson.Mark(now.State, now.Timeline[end - 1]), before) >= 0)
            end--;
        int start = Math.Max(0, end - EventStream.Page);
        return Answer.Json(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("items");
            foreach (Entry entry in now.Timeline.Skip(start).Take(end - start))
                ItemJson.Write(json, now.State, entry);
            json.WriteEndArray();
            json.WriteBoolean("more", start > 0);
            json.WriteEndObject();
        });
    }
}
