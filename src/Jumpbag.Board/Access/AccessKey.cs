using System.Text.Json.Serialization;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Board.Access;

[JsonConverter(typeof(JsonStringEnumConverter<KeyKind>))]
public enum KeyKind
{
    /// <summary>A person's or a host's, until it is revoked.</summary>
    [JsonStringEnumMemberName("token")]
    Token,

    /// <summary>Behind the # of a printed address: good once, for a session.</summary>
    [JsonStringEnumMemberName("link")]
    Link,

    [JsonStringEnumMemberName("session")]
    Session,
}

[JsonConverter(typeof(JsonStringEnumConverter<Right>))]
public enum Right
{
    [JsonStringEnumMemberName("read")]
    Read,

    /// <summary>Notes, triages, vets, and reports.</summary>
    [JsonStringEnumMemberName("write")]
    Write,

    /// <summary>A machine's, which reports what any of its users did.</summary>
    [JsonStringEnumMemberName("host")]
    Host,
}

/// <param name="Hash">SHA-256 of the secret, which is written nowhere.</param>
/// <param name="Identity">Of a link and its session how it is known who made it: "login", "sudo" or "uid"; of a token "token".</param>
/// <param name="MadeBy">Who ran the command.</param>
public sealed record AccessKey(
    string Name, KeyKind Kind, Right Right, string Hash, string Identity, uint? Uid, string MadeBy, DateTimeOffset Made, DateTimeOffset? Expires = null)
{
    public Author Author => new(Name, Uid, Identity);

    public bool IsGood(DateTimeOffset now) => Expires is null || now < Expires;
}

public sealed record KeyFile(IReadOnlyList<AccessKey> Keys);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(KeyFile))]
internal sealed partial class KeyJson : JsonSerializerContext;
