using System.CommandLine;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident correct EVENT [TEXT]</summary>
internal static class CorrectVerb
{
    /// <summary>So much of an id says which is meant; the first ten characters are only the time.</summary>
    private const int ShortestId = 12;

    private static readonly Argument<string> Which = new("event") { Description = "its id or the beginning of that, a label such as A1, or 'last': the last that you wrote" };
    private static readonly Argument<string[]> Text = IncidentOptions.Words("text", "what it should say", required: false);
    private static readonly Option<bool> Withdraw = new("--withdraw") { Description = "it counts no more; the text says why" };

    public static Command Make() => IncidentOptions.Make("correct", Run, Which, Text, Withdraw, IncidentOptions.At);

    private static int Run(Desk desk)
    {
        string? text = desk.Text(Text);
        bool withdraw = desk.Parsed.GetValue(Withdraw);
        DateTimeOffset? at = desk.At;
        if (text is null && at is null && !withdraw)
            throw new UsageException("nothing is corrected", "give a text, --at TIME or --withdraw");
        return desk.Write(state =>
        {
            Entry entry = Find(state, desk.Parsed.GetRequiredValue(Which));
            if (!entry.Author.IsSamePersonAs(Recorder.Me))
                throw new UnsupportedException($"{entry.Id} is {Printable.Line(entry.Author.Name)}'s; you are {Recorder.Me}", "people put right what they wrote; a note says what you see");
            if (entry.Data is Corrected or Merged or Recovered || (withdraw && entry.Data is Opened))
                throw new UnsupportedException($"{entry.Id} can't be {(withdraw ? "withdrawn" : "corrected")}", "correct the event itself, or write a note");
            if (!withdraw && text is not null && entry.Data.WithText(text) is null)
                throw new UnsupportedException($"{entry.Id} ({entry.Data.Type}) has no text of yours", "its time can be put right with --at; a note says the rest");
            return new Corrected(entry.Id, Shortened(entry.Data.Sentence), withdraw, text, at);
        });
    }

    private static Entry Find(IncidentState state, string which)
    {
        if (which == "last")
            return state.Entries.LastOrDefault(entry => entry.Author.IsSamePersonAs(Recorder.Me) && entry.Data is not (Corrected or CommandStarted or CommandEnded or Merged or Recovered)
                && state.Corrections.Apply(entry) is not null) ?? throw new NotFoundException("you wrote nothing yet");
        Entry[] found = which.Length < ShortestId ? [] : [.. state.Entries.Where(entry => entry.Id.StartsWith(which, StringComparison.OrdinalIgnoreCase))];
        return found.Length switch
        {
            1 => found[0],
            0 => state.Labels.Find(which, char.ToUpperInvariant(which[0]), "event"),
            _ => throw new UsageException($"{which}: several events begin so", "'jumpbag incident timeline --ids' shows the ids"),
        };
    }

    private static string Shortened(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
