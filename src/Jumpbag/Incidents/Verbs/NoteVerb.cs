using System.CommandLine;
using Jumpbag.Incident.Events;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident note TEXT</summary>
internal static class NoteVerb
{
    private static readonly Argument<string[]> Text = IncidentOptions.Words("text", "what happened");
    private static readonly Option<string> As = new("--as") { HelpName = "impact|well|badly|lucky", Description = "for the review: who and what is hit, what went well, what could go better, luck" };

    static NoteVerb() => As.AcceptOnlyFromAmong("impact", "well", "badly", "lucky");

    public static Command Make() => IncidentOptions.Make("note", Run, Text, As, IncidentOptions.At);

    private static int Run(Desk desk)
    {
        NoteKind? kind = desk.Parsed.GetValue(As) is { } word ? Enum.Parse<NoteKind>(word, ignoreCase: true) : null;
        string text = desk.Text(Text)!;
        return desk.Show(desk.Recorder.Append(new Noted(text, kind), desk.At));
    }
}
