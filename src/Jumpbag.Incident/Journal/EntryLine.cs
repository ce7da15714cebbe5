using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Jumpbag.Core;
using Jumpbag.Incident.Events;

namespace Jumpbag.Incident.Journal;

/// <summary>
/// One line of a journal:
/// {"id":…,"prev":…,"time":…,"at":…,"author":…,"uid":…,"identity":…,"host":…,"type":…,"data":{…},"hash":"…"}
/// where the hash is SHA-256, in small hexadecimal, of the bytes before ,"hash":
/// </summary>
public static class EntryLine
{
    /// <summary>Longer lines are none of ours; the text of an event is far shorter.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>The prev of the first event.</summary>
    public static readonly string Genesis = new('0', 2 * Sha256.Size);

    private const int HashLength = 2 * Sha256.Size;
    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static ReadOnlySpan<byte> HashKey => ",\"hash\":\""u8;

    private static int SuffixLength => HashKey.Length + HashLength + 2;

    /// <summary>A whole line, without the newline.</summary>
    public static Entry Make(string id, string prev, DateTimeOffset time, DateTimeOffset? at, Author author, string host, EventData data)
    {
        // What is shown later is what was written: to the millisecond.
        time = DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, Writing))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("prev", prev);
            json.WriteString("time", UtcTime.Text(time));
            if (at is { } happened)
                json.WriteString("at", UtcTime.Text(happened));
            json.WriteString("author", author.Name);
            if (author.Uid is { } uid)
                json.WriteNumber("uid", uid);
            json.WriteString("identity", author.Identity);
            json.WriteString("host", host);
            json.WriteString("type", data.Type);
            json.WritePropertyName("data");
            JsonSerializer.Serialize(json, data, EventJson.Of(data.Type) ?? throw new InvalidOperationException(data.Type));
            json.WriteEndObject();
        }
        memory.SetLength(memory.Length - 1);
        string hash = Hex(memory.GetBuffer().AsSpan(0, (int)memory.Length));
        memory.Position = memory.Length;
        memory.Write(HashKey);
        memory.Write(Encoding.ASCII.GetBytes(hash));
        memory.Write("\"}"u8);
        if (memory.Length > MostBytes)
            throw new UsageException($"an event of {memory.Length} bytes is too long", "name a file that holds it");
        return new(id, prev, time, at, author, host, data, hash, memory.ToArray());
    }

    /// <summary>The line that follows another, or begins a journal.</summary>
    public static Entry After(Entry? last, DateTimeOffset? at, Author author, string host, EventData data)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return Make(EventId.Next(last?.Id, now), last?.Hash ?? Genesis, now, at, author, host, data);
    }

    /// <summary>The hash that a line bears; null where it bears none, so is no whole event.</summary>
    public static string? HashOf(ReadOnlySpan<byte> line)
    {
        if (line.Length <= SuffixLength || line.Length > MostBytes || !line.EndsWith("\"}"u8) || !line[^SuffixLength..].StartsWith(HashKey))
            return null;
        ReadOnlySpan<byte> hash = line.Slice(line.Length - HashLength - 2, HashLength);
        return hash.ContainsAnyExcept(HexDigits) ? null : Encoding.ASCII.GetString(hash);
    }

    /// <summary>The hash that a line of this content has to bear.</summary>
    public static string ContentHash(ReadOnlySpan<byte> line) => Hex(line[..^SuffixLength]);

    /// <summary>Null where the line is no event.</summary>
    public static Entry? Parse(ReadOnlyMemory<byte> line)
    {
        // The reader of JSON looks only at those texts that are asked for.
        if (HashOf(line.Span) is not { } hash || !Utf8.IsValid(line.Span))
            return null;
        try
        {
            return Parse(line, hash);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static Entry? Parse(ReadOnlyMemory<byte> line, string hash)
    {
        var reader = new Utf8JsonReader(line.Span);
        string? id = null, prev = null, author = null, identity = null, host = null, type = null;
        DateTimeOffset? time = null, at = null;
        uint? uid = null;
        Range data = default;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            switch (key)
            {
                case "id": id = reader.GetString(); break;
                case "prev": prev = reader.GetString(); break;
                case "time": time = reader.GetDateTimeOffset(); break;
                case "at": at = reader.GetDateTimeOffset(); break;
                case "author": author = reader.GetString(); break;
                case "uid": uid = reader.GetUInt32(); break;
                case "identity": identity = reader.GetString(); break;
                case "host": host = reader.GetString(); break;
                case "type": type = reader.GetString(); break;
                case "data":
                    int start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    data = start..(int)reader.BytesConsumed;
                    break;
                default: reader.Skip(); break;
            }
        }
        return id is null || EventId.Parse(id) is null || prev is null || time is null || author is null || identity is null || host is null || type is null ? null
            : new(id, prev, time.Value, at, new(author, uid, identity), host, Data(type, line.Span[data]), hash, line);
    }

    private static EventData Data(string type, ReadOnlySpan<byte> json)
    {
        if (EventJson.Of(type) is not { } info)
            return new UnknownData(type, "a newer version's");
        try
        {
            return JsonSerializer.Deserialize(json, info) as EventData ?? new UnknownData(type, "without data");
        }
        catch (JsonException)
        {
            return new UnknownData(type, "cannot be read");
        }
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(Sha256.Hash(bytes));
}
