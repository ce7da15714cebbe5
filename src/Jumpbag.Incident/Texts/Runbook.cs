using System.Text.RegularExpressions;

namespace Jumpbag.Incident.Texts;

/// <param name="Command">What stands in a code block below it, or is all of it in backticks.</param>
public sealed record RunbookStep(string Text, string? Command);

/// <summary>
/// The steps in a runbook that people wrote: list items of Markdown ("1.", "-", "*", "- [ ]") with the code blocks that follow them;
/// in a file without any, each line that isn't a heading or a comment.
/// </summary>
public static partial class Runbook
{
    /// <summary>More is no checklist that a person works through.</summary>
    public const int MostSteps = 500;

    public static IReadOnlyList<RunbookStep> Parse(string text)
    {
        var items = new List<(string Text, List<string> Code)>();
        bool inCode = false;
        foreach (string line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            if (Fence().IsMatch(line))
            {
                inCode = !inCode;
                continue;
            }
            Match item = Item().Match(line);
            if (inCode && items.Count > 0)
                items[^1].Code.Add(line.Trim());
            else if (!inCode && item.Success)
                items.Add((item.Groups["text"].Value.Trim(), []));
            else if (!inCode && items.Count > 0 && items[^1].Code.Count == 0 && line.StartsWith("  ", StringComparison.Ordinal) && line.Trim().Length > 0)
                items[^1] = ($"{items[^1].Text} {line.Trim()}", items[^1].Code);
        }
        if (items.Count == 0)
            items.AddRange(text.ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').Select(line => (line, new List<string>())));
        return [.. items.Where(item => item.Text.Length > 0).Take(MostSteps).Select(item => new RunbookStep(item.Text, Command(item.Text, item.Code)))];
    }

    private static string? Command(string text, List<string> code)
    {
        string[] lines = [.. code.Select(line => line.StartsWith("$ ", StringComparison.Ordinal) ? line[2..] : line).Where(line => line.Length > 0)];
        return lines.Length > 0 ? string.Join('\n', lines) : text.Length > 2 && text[0] == '`' && text.IndexOf('`', 1) == text.Length - 1 ? text[1..^1] : null;
    }

    [GeneratedRegex(@"^\s*(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(?<text>\S.*)$")]
    private static partial Regex Item();

    [GeneratedRegex(@"^\s*(```|~~~)")]
    private static partial Regex Fence();
}
