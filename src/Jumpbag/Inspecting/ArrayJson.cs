using System.Text.Json;
using Jumpbag.Storage.Md;

namespace Jumpbag.Inspecting;

/// <summary>What inspect's JSON says of an MD array. The keys are contract.</summary>
internal static class ArrayJson
{
    public static void Write(Utf8JsonWriter json, MdArray array)
    {
        json.WriteStartObject("array");
        json.WriteString("uuid", array.Uuid);
        json.WriteString("fullName", array.FullName);
        json.WriteString("level", array.Level);
        json.WriteNumber("layout", array.Layout);
        json.WriteNumber("chunkSize", array.ChunkSize);
        json.WriteString("metadata", array.Version);
        json.WriteString("state", array.State);
        json.WriteNumber("places", array.PlaceCount);
        json.WriteNumber("active", array.ActiveCount);
        json.WriteStartArray("members");
        foreach (MdMember member in array.Members)
        {
            json.WriteStartObject();
            json.WriteString("locator", member.Locator);
            if (member.Place is { } place)
                json.WriteNumber("place", place);
            else
                json.WriteNull("place");
            json.WriteString("state", StateOf(member));
            json.WriteNumber("events", member.Events);
            json.WriteString("reason", member.Reason.Length > 0 ? member.Reason : null);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>"active", "rebuilding", "spare", "stale", "duplicate", "journal".</summary>
    public static string StateOf(MdMember member) => member.State.ToString().ToLowerInvariant();
}
