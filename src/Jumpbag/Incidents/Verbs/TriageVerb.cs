using System.CommandLine;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident triage [PATIENT [TAG]]</summary>
internal static class TriageVerb
{
    private static readonly Argument<string> Patient = new("patient") { Arity = ArgumentArity.ZeroOrOne, Description = "a host, service or volume" };
    private static readonly Argument<string> Tag = new("tag") { Arity = ArgumentArity.ZeroOrOne, Description = "red (losing now, can be saved), yellow, green, grey (beyond repair with what is at hand), black (rebuild)" };
    private static readonly Option<string> Why = new("--why") { HelpName = "TEXT", Description = "what is seen" };
    private static readonly Option<string> Revisit = new("--revisit") { HelpName = "TIME", Description = "when to look again (grey: +1h)" };

    static TriageVerb() => Tag.AcceptOnlyFromAmong("red", "yellow", "green", "grey", "gray", "black");

    public static Command Make() => IncidentOptions.Make("triage", Run, Patient, Tag, Why, Revisit, IncidentOptions.At);

    private static int Run(Desk desk)
    {
        string? patient = desk.Parsed.GetValue(Patient) is { } name ? Desk.Clean(name) : null;
        if (patient is null || desk.Parsed.GetValue(Tag) is not { } word)
            return Show(desk, patient);
        TriageTag tag = Enum.Parse<TriageTag>(word == "gray" ? "grey" : word, ignoreCase: true);
        string why = Desk.Required(desk.Text(Why), "--why");
        DateTimeOffset? revisit = desk.Parsed.GetValue(Revisit) is { } time ? desk.Time("--revisit", time) : tag == TriageTag.Grey ? desk.Now + TimeSpan.FromHours(1) : null;
        return desk.Write(_ => new Triaged(patient, tag, why, revisit), desk.At);
    }

    private static int Show(Desk desk, string? name)
    {
        if (name is not null && desk.State.Triage.Find(name) is null)
            throw new NotFoundException($"{Printable.Line(name)}: no such patient", "jumpbag incident triage PATIENT TAG --why TEXT");
        IReadOnlyList<Patient> patients = name is null ? desk.State.Triage.Sorted(desk.Now) : [desk.State.Triage.Find(name)!];
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WritePatients(json, patients, desk.Now));
            return desk.Session.Status;
        }
        var table = new Table(("Tag", false), ("Patient", false), ("Since", false), ("Look again", false), ("By", false), ("Why", false));
        foreach (Patient patient in patients)
            foreach (var (entry, triaged) in (name is null ? patient.History.TakeLast(1) : patient.History).Select(entry => (entry, (Triaged)entry.Data)))
                table.Add(triaged.Tag.ToString().ToLowerInvariant(), Printable.Line(triaged.Patient), ScreenTime.Of(name is null ? patient.Since : entry.When), triaged.Revisit is { } time ? ScreenTime.Of(time) : "", Printable.Line(entry.Author.Name), Printable.Line(triaged.Why));
        foreach (string line in table.Lines(Screen.Width()))
            desk.Out.WriteLine(line);
        return desk.Session.Status;
    }
}
