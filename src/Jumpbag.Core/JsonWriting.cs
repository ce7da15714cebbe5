using System.Globalization;
using System.Text.Json;

namespace Jumpbag.Core;

/// <summary>What is written into JSON in one way everywhere.</summary>
public static class JsonWriting
{
    public static void WriteStrings(this Utf8JsonWriter json, string key, IEnumerable<string> values)
    {
        json.WriteStartArray(key);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    /// <summary>As <see cref="Time"/>, or null.</summary>
    public static void WriteTime(this Utf8JsonWriter json, string key, DateTimeOffset? time) => json.WriteString(key, time is { } known ? Time(known) : null);

    /// <summary>RFC 3339, in UTC with milliseconds: "2026-11-27T11:20:03.120Z".</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
