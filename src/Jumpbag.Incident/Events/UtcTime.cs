using System.Text.Json;
using System.Text.Json.Serialization;
using Jumpbag.Core;

namespace Jumpbag.Incident.Events;

/// <summary>Times as RFC 3339 has them, in UTC with milliseconds: "2026-11-27T11:20:03.120Z".</summary>
public sealed class UtcTime : JsonConverter<DateTimeOffset>
{
    public static string Text(DateTimeOffset time) => JsonWriting.Time(time);

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(Text(value));
}
