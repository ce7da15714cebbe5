using System.Text;

namespace Jumpbag.Terminal;

/// <summary>Rows of text under headings, each column as wide as its widest cell. Columns without any content fall away.</summary>
public sealed class Table(params (string Heading, bool Right)[] columns)
{
    private readonly List<string[]> rows = [];

    public void Add(params string[] cells) => rows.Add(cells);

    /// <summary>None where there are no rows.</summary>
    /// <param name="maximum">Columns of the screen: where the table is wider, its last columns go on a line of their own, "HEADING value".</param>
    public IEnumerable<string> Lines(int? maximum)
    {
        if (rows.Count == 0)
            yield break;
        int[] widths = [.. columns.Select((column, i) => rows.Select(row => Width(row[i])).DefaultIfEmpty().Max() is > 0 and var widest ? Math.Max(widest, column.Heading.Length) : 0)];
        int fitting = Fitting(widths, maximum ?? int.MaxValue);
        yield return Line([.. columns.Select(column => column.Heading)], widths, fitting);
        foreach (string[] row in rows)
        {
            yield return Line(row, widths, fitting);
            string more = string.Join("  ", Enumerable.Range(fitting, columns.Length - fitting).Where(i => row[i].Length > 0)
                .Select(i => columns[i].Heading.Length == 0 ? row[i] : $"{columns[i].Heading.ToLowerInvariant()} {row[i]}"));
            int indentation = 4 + row[0].TakeWhile(c => c == ' ').Count();
            if (more.Length > 0)
                foreach (string line in Wrapped(more, Math.Max(20, (maximum ?? int.MaxValue) - indentation)))
                    yield return new string(' ', indentation) + line;
        }
    }

    private static int Fitting(int[] widths, int maximum)
    {
        int total = 0;
        for (int i = 0; i < widths.Length; i++)
        {
            total += widths[i] == 0 ? 0 : widths[i] + 2;
            if (total - 2 > maximum)
                return Math.Max(1, i);
        }
        return widths.Length;
    }

    /// <summary>Broken between cells where one ends in time, else between words.</summary>
    private static IEnumerable<string> Wrapped(string text, int width)
    {
        while (text.Length > width)
        {
            int at = text.LastIndexOf("  ", width, StringComparison.Ordinal);
            if (at <= 0)
                at = text.LastIndexOf(' ', width);
            if (at <= 0)
                break;
            yield return text[..at];
            text = text[at..].TrimStart();
        }
        yield return text;
    }

    private string Line(string[] cells, int[] widths, int count)
    {
        var line = new StringBuilder();
        for (int i = 0; i < count; i++)
        {
            if (widths[i] == 0)
                continue;
            int pad = Math.Max(0, widths[i] - Width(cells[i]));
            if (columns[i].Right)
                line.Append(' ', pad);
            line.Append(cells[i]);
            if (!columns[i].Right)
                line.Append(' ', pad);
            line.Append("  ");
        }
        return line.ToString().TrimEnd();
    }

    /// <summary>Code points, which is what a terminal's column mostly is.</summary>
    private static int Width(string text) => text.EnumerateRunes().Count();
}
