using System.Text;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incident.Review;

/// <summary>Blocks as Markdown (CommonMark with GitHub's tables). What people typed stays text.</summary>
public static class MarkdownWriter
{
    /// <summary>The characters that mean something somewhere in a line; "&amp;" and "&lt;" would begin HTML.</summary>
    private const string Meaningful = "\\`*_[]<>|~&!#";

    public static string Write(IEnumerable<Block> blocks)
    {
        var text = new StringBuilder();
        foreach (Block block in blocks)
        {
            if (text.Length > 0)
                text.Append('\n');
            switch (block)
            {
                case Heading heading:
                    text.Append('#', heading.Level).Append(' ').Append(Safe(heading.Text)).Append('\n');
                    break;
                case Paragraph paragraph:
                    text.Append(AtStart(Safe(paragraph.Text))).Append('\n');
                    break;
                case Bullets bullets:
                    foreach (string item in bullets.Items)
                        text.Append("- ").Append(AtStart(Safe(item))).Append('\n');
                    break;
                case Grid grid:
                    Row(text, grid.Headings);
                    Row(text, [.. grid.Headings.Select(_ => "---")], safe: true);
                    foreach (IReadOnlyList<string> row in grid.Rows)
                        Row(text, row);
                    break;
            }
        }
        return text.ToString();
    }

    public static string Safe(string text)
    {
        var safe = new StringBuilder();
        foreach (char c in Printable.Line(text))
        {
            if (Meaningful.Contains(c, StringComparison.Ordinal))
                safe.Append('\\');
            safe.Append(c);
        }
        return safe.ToString();
    }

    /// <summary>"1. x", "- x" and "+ x" would begin a list, "= =" a heading.</summary>
    private static string AtStart(string text)
    {
        int digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (digits > 0 && digits < text.Length && text[digits] is '.' or ')')
            return text.Insert(digits, "\\");
        return text.Length > 0 && text[0] is '-' or '+' or '=' ? "\\" + text : text;
    }

    private static void Row(StringBuilder text, IReadOnlyList<string> cells, bool safe = false) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(cell => safe ? cell : Safe(cell))).Append(" |\n");
}
