using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Jumpbag.Board.Access;
using Jumpbag.Board.Feed;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;
using Microsoft.AspNetCore.Http;

namespace Jumpbag.Board.Web;

internal sealed record LoginBody(string Code);

internal sealed record NoteBody(string Text);

/// <param name="RevisitMinutes">When to look again; null: never, of a grey one in an hour.</param>
internal sealed record TriageBody(string Patient, TriageTag Tag, string Why, int? RevisitMinutes = null);

/// <param name="Plan">The id of the event that made it.</param>
internal sealed record VetBody(string Plan, string Hash, string? Text = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LoginBody))]
[JsonSerializable(typeof(NoteBody))]
[JsonSerializable(typeof(TriageBody))]
[JsonSerializable(typeof(VetBody))]
internal sealed partial class BodyJson : JsonSerializerContext;

/// <summary>POST /api/login, note, triage, vet: what the page writes.</summary>
internal sealed class WriteRoutes(BoardJournal journal, KeyRing keys, Gate gate)
{
    private const int MostText = 10_000, MostName = 200, MostRevisitMinutes = 60 * 24 * 30;

    /// <summary>The code of a link against a session.</summary>
    public async Task Login(HttpContext context)
    {
        LoginBody body = await Read(context, BodyJson.Default.LoginBody).ConfigureAwait(false);
        if (keys.Exchange(body.Code) is { } key)
            await Answer.Json(context, json =>
            {
                json.WriteStartObject();
                json.WriteString("key", key);
                json.WriteEndObject();
            }).ConfigureAwait(false);
        else
            await gate.RefuseKey(context).ConfigureAwait(false);
    }

    public async Task Note(HttpContext context)
    {
        NoteBody body = await Read(context, BodyJson.Default.NoteBody).ConfigureAwait(false);
        string text = Text(body.Text, "the text", MostText);
        await Append(context, _ => new Noted(text)).ConfigureAwait(false);
    }

    public async Task Triage(HttpContext context)
    {
        TriageBody body = await Read(context, BodyJson.Default.TriageBody).ConfigureAwait(false);
        string patient = Text(body.Patient, "the patient", MostName), why = Text(body.Why, "why", MostText);
        if (!Enum.IsDefined(body.Tag) || body.RevisitMinutes is < 1 or > MostRevisitMinutes)
            throw new UsageException("the tag or the time to look again is none");
        DateTimeOffset? revisit = body.RevisitMinutes is { } minutes ? DateTimeOffset.UtcNow.AddMinutes(minutes) : body.Tag == TriageTag.Grey ? DateTimeOffset.UtcNow.AddHours(1) : null;
        await Append(context, _ => new Triaged(patient, body.Tag, why, revisit)).ConfigureAwait(false);
    }

    public async Task Vet(HttpContext context)
    {
        VetBody body = await Read(context, BodyJson.Default.VetBody).ConfigureAwait(false);
        string? remark = string.IsNullOrWhiteSpace(body.Text) ? null : Text(body.Text, "the remark", MostText);
        Author person = Gate.KeyOf(context).Author;
        await Append(context, state => Vetting.Of(state, body.Plan, body.Hash, person, remark)).ConfigureAwait(false);
    }

    private async Task Append(HttpContext context, Func<IncidentState, EventData> make)
    {
        // It waits for a lock and a disk.
        Entry entry = await Task.Run(() => journal.Append(Gate.KeyOf(context).Author, make)).ConfigureAwait(false);
        await Answer.Json(context, json => json.WriteRawValue(entry.Line.Span), StatusCodes.Status201Created).ConfigureAwait(false);
    }

    private static async Task<T> Read<T>(HttpContext context, JsonTypeInfo<T> type) where T : class
    {
        // Another site can send other types without being asked first.
        if (!context.Request.HasJsonContentType())
            throw new UsageException("the body must be JSON");
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted).ConfigureAwait(false) ?? throw new UsageException("the body is empty");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second where a text is half of a character.
            throw new UsageException("the body is not as it must be");
        }
    }

    private static string Text(string text, string what, int most)
    {
        string clean = Redaction.Text(text).Trim();
        return clean.Length == 0 ? throw new UsageException($"{what} is empty")
            : clean.Length > most ? throw new UsageException($"{what} is longer than {most} characters") : clean;
    }
}
