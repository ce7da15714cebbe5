using System.CommandLine;
using System.Text;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Notifying;
using Jumpbag.Incident.Review;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident review</summary>
internal static class ReviewVerb
{
    private static readonly Argument<string> Which = new("id") { Arity = ArgumentArity.ZeroOrOne, Description = "an incident (the current one; where none is open, the one closed last)" };
    private static readonly Option<bool> Html = new("--html") { Description = "as an HTML page instead of Markdown" };
    private static readonly Option<bool> Public = new("--public") { Description = "for those outside: no people, machines, commands, assumptions" };
    private static readonly Option<bool> Names = new("--names") { Description = "logins instead of roles" };
    private static readonly Option<string> File = new("--output", "-o") { HelpName = "FILE", Description = "into this file" };

    public static Command Make() => IncidentOptions.Make("review", Run, Which, Html, Public, Names, File);

    private static int Run(Desk desk)
    {
        if (desk.Parsed.GetValue(Which) is { } which)
            desk.UseJournal(desk.Find(which));
        else if (!desk.HasJournal && PastIncidents.All(desk).Where(state => state.Closing is not null).MaxBy(state => state.Closing!.Id, StringComparer.Ordinal) is { } last)
            desk.UseJournal(desk.Find(last.Opened.Id));
        IReadOnlyList<Block> blocks = PostMortem.Of(desk.State, desk.Parsed.GetValue(Names), desk.Parsed.GetValue(Public));
        string text = desk.Parsed.GetValue(Html) ? HtmlWriter.Write(((Heading)blocks[0]).Text, blocks) : MarkdownWriter.Write(blocks);
        if (desk.Parsed.GetValue(File) is { } file)
        {
            WholeFile.Write(Path.GetFullPath(file), Encoding.UTF8.GetBytes(text));
            desk.Session.Events(new Status(file, "written"));
        }
        if (desk.Json)
            desk.Out.WriteJson(json => IncidentJson.WriteReview(json, desk.State, text, desk.Parsed.GetValue(Html), desk.Parsed.GetValue(File)));
        else if (desk.Parsed.GetValue(File) is null)
            desk.Out.Write(text);
        return desk.Session.Status;
    }
}
