using System.Text.Json.Serialization;

namespace Jumpbag.Incident.Notifying;

/// <summary>Who is told of which events.</summary>
/// <param name="Name">"N1".</param>
/// <param name="Webhook">An address that gets a POST of JSON; null of a command.</param>
/// <param name="Command">For a shell; its $1 is the sentence, its $2 the JSON.</param>
/// <param name="On">Types of events; empty means all.</param>
public sealed record Hook(string Name, IReadOnlyList<string> On, string? Webhook = null, string? Command = null)
{
    /// <summary>What those who aren't at the keyboard want to know.</summary>
    public static readonly string[] UsualEvents = ["open", "severity", "phase", "update", "handoff", "accept", "close", "reopen"];

    public bool Wants(string type) => On.Count == 0 || On.Contains(type);

    /// <summary>Without what may be a secret: of an address its host.</summary>
    public override string ToString() => Webhook is null ? $"command {Command}" : Uri.TryCreate(Webhook, UriKind.Absolute, out Uri? address) ? $"webhook {address.Scheme}://{address.Authority}/…" : "webhook";
}

public sealed record HookFile(IReadOnlyList<Hook> Hooks);

/// <summary>One message that waits to be sent.</summary>
/// <param name="Next">Not before.</param>
public sealed record SpooledMessage(Hook Hook, string Text, string Payload, DateTimeOffset Made, int Attempts, DateTimeOffset Next, string? LastError = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(HookFile))]
[JsonSerializable(typeof(SpooledMessage))]
internal sealed partial class NotifyJson : JsonSerializerContext;
