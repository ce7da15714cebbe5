using System.CommandLine;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident timeline</summary>
internal static class TimelineVerb
{
    private static readonly Option<int?> Last = new("--last", "-n") { HelpName = "N", Description = "only the last N" };
    private static readonly Option<bool> Ids = new("--ids") { Description = "with the id of each event" };

    public static Command Make() => IncidentOptions.Make("timeline", Run, Last, Ids);

    private static int Run(Desk desk)
    {
        Entry[] entries = [.. desk.State.Entries.OrderBy(entry => (desk.State.Corrections.Apply(entry) ?? entry).When)];
        if (desk.Parsed.GetValue(Last) is { } last)
            entries = [.. entries.TakeLast(Math.Max(0, last))];
        foreach (Entry entry in entries)
        {
            if (desk.Json)
            {
                desk.Out.Write(entry.Line.Span);
                desk.Out.WriteLine();
            }
            else
            {
                desk.Out.WriteLine((desk.Parsed.GetValue(Ids) ? entry.Id + " " : "") + Line(desk.State, entry));
            }
        }
        return desk.Session.Status;
    }

    /// <summary>"04:10:00 (04:32:10) anna@db3 note…", as it counts now; what was written first stands behind.</summary>
    public static string Line(IncidentState state, Entry written)
    {
        Entry? now = written.Data is Corrected ? written : state.Corrections.Apply(written);
        Entry shown = now ?? written;
        string text = shown.Data.Sentence;
        if (now is null)
            text += " (withdrawn)";
        else if (text != written.Data.Sentence)
            text += $" (first written: {written.Data.Sentence})";
        bool backdated = (written.Time - shown.When).Duration() > TimeSpan.FromSeconds(1);
        return $"{ScreenTime.Of(shown.When)}{(backdated ? $" (written {ScreenTime.Of(written.Time)})" : "")} {Printable.Line(written.Author.Name)}@{Printable.Line(written.Host)}  {Printable.Line(text)}";
    }
}
