using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Jumpbag.Incident.Events;

/// <summary>How event data is written and read: one line here for each type.</summary>
[JsonSerializable(typeof(Opened))]
[JsonSerializable(typeof(Closed))]
[JsonSerializable(typeof(Reopened))]
[JsonSerializable(typeof(SeveritySet))]
[JsonSerializable(typeof(RoleSet))]
[JsonSerializable(typeof(Updated))]
[JsonSerializable(typeof(Noted))]
[JsonSerializable(typeof(Corrected))]
[JsonSerializable(typeof(FactFound))]
[JsonSerializable(typeof(Assumed))]
[JsonSerializable(typeof(Confirmed))]
[JsonSerializable(typeof(Refuted))]
[JsonSerializable(typeof(Triaged))]
[JsonSerializable(typeof(PhaseStamped))]
[JsonSerializable(typeof(TaskSet))]
[JsonSerializable(typeof(TaskMoved))]
[JsonSerializable(typeof(TaskDone))]
[JsonSerializable(typeof(PlanMade))]
[JsonSerializable(typeof(StepSet))]
[JsonSerializable(typeof(StepRemoved))]
[JsonSerializable(typeof(Vetted))]
[JsonSerializable(typeof(StepStarted))]
[JsonSerializable(typeof(StepEnded))]
[JsonSerializable(typeof(CommandStarted))]
[JsonSerializable(typeof(CommandEnded))]
[JsonSerializable(typeof(Monitored))]
[JsonSerializable(typeof(MonitorEnded))]
[JsonSerializable(typeof(HandedOff))]
[JsonSerializable(typeof(Accepted))]
[JsonSerializable(typeof(ChecklistBrought))]
[JsonSerializable(typeof(Checked))]
[JsonSerializable(typeof(BackupsSeen))]
[JsonSerializable(typeof(Merged))]
[JsonSerializable(typeof(Recovered))]
internal sealed partial class EventJson : JsonSerializerContext
{
    /// <summary>Letters of all scripts stay readable with less; control characters are escaped.</summary>
    public static EventJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // What follows from the data (type, sentence) is not written.
        IgnoreReadOnlyProperties = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new UtcTime() },
    });

    /// <summary>Null of a type that this version does not know. A switch, so that only those that occur are set up.</summary>
    public static JsonTypeInfo? Of(string type) => type switch
    {
        "open" => Readable.Opened,
        "close" => Readable.Closed,
        "reopen" => Readable.Reopened,
        "severity" => Readable.SeveritySet,
        "role" => Readable.RoleSet,
        "update" => Readable.Updated,
        "note" => Readable.Noted,
        "correct" => Readable.Corrected,
        "fact" => Readable.FactFound,
        "backups" => Readable.BackupsSeen,
        "assume" => Readable.Assumed,
        "confirm" => Readable.Confirmed,
        "refute" => Readable.Refuted,
        "triage" => Readable.Triaged,
        "phase" => Readable.PhaseStamped,
        "task" => Readable.TaskSet,
        "taskMove" => Readable.TaskMoved,
        "taskDone" => Readable.TaskDone,
        "plan" => Readable.PlanMade,
        "stepSet" => Readable.StepSet,
        "stepRemove" => Readable.StepRemoved,
        "vet" => Readable.Vetted,
        "step" => Readable.StepStarted,
        "stepEnd" => Readable.StepEnded,
        "command" => Readable.CommandStarted,
        "commandEnd" => Readable.CommandEnded,
        "monitor" => Readable.Monitored,
        "monitorEnd" => Readable.MonitorEnded,
        "handoff" => Readable.HandedOff,
        "accept" => Readable.Accepted,
        "checklist" => Readable.ChecklistBrought,
        "check" => Readable.Checked,
        "merge" => Readable.Merged,
        "recovered" => Readable.Recovered,
        _ => null,
    };
}
