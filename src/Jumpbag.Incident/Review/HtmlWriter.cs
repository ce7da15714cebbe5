using System.Net;
using System.Text;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incident.Review;

/// <summary>Blocks as one HTML page without scripts and outside files. What people typed stays text.</summary>
public static class HtmlWriter
{
    private const string Style = "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111;background:#fff}"
        + "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
        + "td:first-child{white-space:nowrap}@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}}";

    public static string Write(string title, IEnumerable<Block> blocks)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
            .Append("<title>").Append(Safe(title)).Append("</title>\n<style>").Append(Style).Append("</style>\n</head>\n<body>\n");
        foreach (Block block in blocks)
            Write(page, block);
        return page.Append("</body>\n</html>\n").ToString();
    }

    private static void Write(StringBuilder page, Block block)
    {
        switch (block)
        {
            case Heading heading:
                page.Append($"<h{heading.Level}>{Safe(heading.Text)}</h{heading.Level}>\n");
                break;
            case Paragraph paragraph:
                page.Append($"<p>{Safe(paragraph.Text)}</p>\n");
                break;
            case Bullets bullets:
                page.Append("<ul>\n");
                foreach (string item in bullets.Items)
                    page.Append($"<li>{Safe(item)}</li>\n");
                page.Append("</ul>\n");
                break;
            case Grid grid:
                page.Append("<table>\n<tr>").AppendJoin("", grid.Headings.Select(cell => $"<th>{Safe(cell)}</th>")).Append("</tr>\n");
                foreach (IReadOnlyList<string> row in grid.Rows)
                    page.Append("<tr>").AppendJoin("", row.Select(cell => $"<td>{Safe(cell)}</td>")).Append("</tr>\n");
                page.Append("</table>\n");
                break;
        }
    }

    private static string Safe(string text) => WebUtility.HtmlEncode(Printable.Line(text));
}
