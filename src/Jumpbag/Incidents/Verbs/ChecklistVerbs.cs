using System.CommandLine;
using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident checklist, check</summary>
internal static class ChecklistVerbs
{
    private const int MostBytes = 1 << 20;

    private static readonly Argument<string> File = new("file") { Arity = ArgumentArity.ZeroOrOne, Description = "a runbook: Markdown with list items, or lines" };
    private static readonly Argument<string> Label = new("item") { Description = "such as C3" };
    private static readonly Argument<string[]> Text = IncidentOptions.Words("text", "what was seen", required: false);

    public static Command Checklist() => IncidentOptions.Make("checklist", desk =>
    {
        if (desk.Parsed.GetValue(File) is not { } file)
            return Show(desk);
        IReadOnlyList<RunbookStep> steps = Runbook.Parse(Read(file));
        if (steps.Count == 0)
            throw new UsageException($"{Printable.Line(file)}: no steps are in it");
        desk.Recorder.Append(state =>
        {
            int next = state.Checklists.Lines.Count + 1;
            return new ChecklistBrought(Desk.Clean(Path.GetFileName(file)), [.. steps.Select((step, i) => new ChecklistItem(string.Create(CultureInfo.InvariantCulture, $"C{next + i}"), Redaction.Text(step.Text), step.Command is null ? null : Redaction.Text(step.Command)))]);
        });
        return Show(desk);
    }, File);

    public static Command Check() => IncidentOptions.Make("check", desk => desk.Write(state =>
    {
        string label = desk.Parsed.GetRequiredValue(Label);
        ChecklistLine[] found = [.. state.Checklists.Lines.Where(line => line.Item.Label.Equals(label, StringComparison.OrdinalIgnoreCase))];
        // After a merge two machines' lists may count alike: the one still open is meant.
        ChecklistLine line = found.FirstOrDefault(line => line.Check is null) ?? found.FirstOrDefault() ?? throw new NotFoundException($"{Printable.Line(label)}: no such item", "'jumpbag incident checklist' shows them");
        return line.Check is null ? new Checked(new(line.List.Id, line.File), line.Item.Label, desk.Text(Text)) : throw new FailedException($"{line.Item.Label} is checked already, by {line.Check.Author.Name}");
    }, desk.At), Label, Text, IncidentOptions.At);

    private static int Show(Desk desk)
    {
        IncidentState state = Desk.Read(desk.Journal);
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WriteChecklist(json, state.Checklists.Lines));
            return desk.Session.Status;
        }
        foreach (ChecklistLine line in state.Checklists.Lines)
        {
            desk.Out.WriteLine($"{(line.Check is null ? "[ ]" : "[x]")} {line.Item.Label} {Printable.Line(line.Item.Text)}{(line.Check is { } check ? $"   {Printable.Line(check.Author.Name)}, {ScreenTime.Of(check.When)}" : "")}");
            foreach (string command in line.Item.Command?.Split('\n') ?? [])
                desk.Out.WriteLine($"       $ {Printable.Line(command)}");
        }
        return desk.Session.Status;
    }

    private static string Read(string file)
    {
        try
        {
            using FileStream stream = System.IO.File.OpenRead(file);
            var bytes = new byte[MostBytes + 1];
            int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return count <= MostBytes ? Encoding.UTF8.GetString(bytes, 0, count) : throw new UnsupportedException($"{Printable.Line(file)}: too long for a runbook", "cut out the part that is meant");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{Printable.Line(file)}: {(e is FileNotFoundException or DirectoryNotFoundException ? "no such file" : e.Message)}", null, e);
        }
    }
}
