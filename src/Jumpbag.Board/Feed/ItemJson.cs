using System.Text.Json;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Board.Feed;

/// <summary>An event as the page's timeline shows it: as it counts now, with what was written first.</summary>
internal static class ItemJson
{
    /// <summary>A command's output may be thousands of characters; the journal has all of it.</summary>
    private const int MostText = 2000;

    /// <summary>The order of the timeline, and the mark from which older ones are asked for.</summary>
    public static string Mark(IncidentState state, Entry entry) => UtcTime.Text((state.Corrections.Apply(entry) ?? entry).When) + entry.Id;

    public static void Write(Utf8JsonWriter json, IncidentState state, Entry written)
    {
        Entry? now = written.Data is Corrected ? written : state.Corrections.Apply(written);
        Entry shown = now ?? written;
        string text = shown.Data.Sentence;
        json.WriteStartObject();
        json.WriteString("id", written.Id);
        json.WriteString("mark", Mark(state, written));
        json.WriteString("when", UtcTime.Text(shown.When));
        if ((written.Time - shown.When).Duration() > TimeSpan.FromSeconds(1))
            json.WriteString("written", UtcTime.Text(written.Time));
        json.WriteString("author", written.Author.Name);
        json.WriteString("identity", written.Author.Identity);
        json.WriteString("host", written.Host);
        json.WriteString("type", written.Data.Type);
        if (written.Data is Triaged triaged)
            json.WriteString("tag", triaged.Tag.ToString().ToLowerInvariant());
        json.WriteString("text", Short(text));
        if (now is null)
            json.WriteBoolean("withdrawn", true);
        else if (text != written.Data.Sentence)
            json.WriteString("first", Short(written.Data.Sentence));
        json.WriteEndObject();
    }

    private static string Short(string text) => text.Length <= MostText ? text : text[..MostText] + "…";
}
