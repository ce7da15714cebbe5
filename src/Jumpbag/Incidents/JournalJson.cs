using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incidents;

/// <summary>What verify and merge print with --json. The keys are contract.</summary>
internal static class JournalJson
{
    public static void WriteCheck(Utf8JsonWriter json, string path, ChainCheck check, IReadOnlyList<string> heads, IEventStore? store, StoreCheck? stored)
    {
        json.WriteStartObject();
        json.WriteString("journal", path);
        json.WriteBoolean("intact", check.Problems.Count == 0);
        json.WriteNumber("events", check.Events);
        json.WriteString("head", check.Head);
        json.WriteStartArray("problems");
        foreach (ChainProblem problem in check.Problems)
        {
            json.WriteStartObject();
            if (problem.Line is { } line)
                json.WriteNumber("line", line);
            json.WriteString("text", problem.Text);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("heads");
        foreach (string head in heads)
        {
            json.WriteStartObject();
            json.WriteString("head", head);
            if (check.EventsSince(head) is { } since)
                json.WriteNumber("eventsSince", since);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (store is not null)
            WriteStoreCheck(json, store, stored);
        json.WriteEndObject();
    }

    private static void WriteStoreCheck(Utf8JsonWriter json, IEventStore store, StoreCheck? check)
    {
        json.WriteStartObject("store");
        json.WriteString("place", store.Place);
        json.WriteBoolean("read", check is not null);
        if (check is not null)
        {
            json.WriteBoolean("intact", check.Problems.Count == 0);
            json.WriteNumber("events", check.Chain.Events);
            json.WriteNumber("unsent", check.Unsent);
            json.WriteString("head", check.Chain.Head);
            json.WriteStrings("problems", check.Problems);
        }
        json.WriteEndObject();
    }

    public static void WriteMerge(Utf8JsonWriter json, string path, int count)
    {
        json.WriteStartObject();
        json.WriteString("journal", path);
        json.WriteNumber("newEvents", count);
        json.WriteEndObject();
    }
}
