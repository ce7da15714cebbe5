using System.Text.RegularExpressions;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Tests.Fuzz.Dumps;

/// <param name="Rows">Of an INSERT: those before anything that is no row.</param>
public sealed record SlowStatement(string Text, long Rows)
{
    public long Start { get; init; }
}

/// <summary>The obvious scanner: one regular expression for what can stand next, one place after another. One byte is one character.</summary>
internal static partial class SlowScanner
{
    public static (List<SlowStatement> Statements, bool IsRefused) Scan(string dump, Dialect dialect)
    {
        var statements = new List<SlowStatement>();
        Regex element = dialect == Dialect.MariaDb ? MariaDbElement() : PostgresElement();
        int at = 0, start = -1, depth = 0;
        while (at < dump.Length)
        {
            Match match = element.Match(dump, at);
            string text = match.Value;
            bool isComment = match.Groups["comment"].Success;
            if (dialect == Dialect.MariaDb && start < 0 && LineComment().Match(dump, at) is { Success: true } line)
                (isComment, text) = (true, line.Value);
            if (dialect == Dialect.Postgres && string.CompareOrdinal(dump, at, "/*", 0, 2) == 0)
            {
                int end = NestedComment(dump, at);
                if (end < 0)
                    return (statements, false);
                (isComment, text) = (true, dump[at..end]);
            }
            else if (match.Groups["open"].Success && !isComment)
                return (statements, false);
            at += text.Length;
            if (isComment || (start < 0 && char.IsWhiteSpace(text[0]) && text[0] < 0x80))
                continue;
            if (text[0] == '\\' && text.Length == 1)
            {
                // A backslash is a command to the client, but for \N, and \g and \G, which the tokens don't make.
                if (dialect == Dialect.Postgres || start < 0 || (at < dump.Length && dump[at] != 'N'))
                    return (statements, true);
            }
            if (text == ";" && (dialect == Dialect.MariaDb || depth == 0))
            {
                if (start >= 0)
                    statements.Add(Statement(dump[start..(at - 1)].TrimEnd(' ', '\t', '\r', '\n', '\f', '\v'), element, dialect));
                (start, depth) = (-1, 0);
                continue;
            }
            depth += text == "(" ? 1 : text == ")" && depth > 0 ? -1 : 0;
            if (start < 0)
                start = at - text.Length;
        }
        return (statements, false);
    }

    private static SlowStatement Statement(string text, Regex element, Dialect dialect)
    {
        Match head = InsertHead().Match(text);
        if (!head.Success)
            return new(text, 0);
        long rows = 0;
        int depth = 0;
        bool isFirst = true;
        for (int at = head.Length; at < text.Length;)
        {
            Match match = element.Match(text, at);
            string found = match.Value;
            bool isComment = match.Groups["comment"].Success;
            if (dialect == Dialect.Postgres && string.CompareOrdinal(text, at, "/*", 0, 2) == 0)
                (isComment, found) = (true, text[at..NestedComment(text, at)]);
            at += found.Length;
            if (isComment || (isFirst && char.IsWhiteSpace(found[0]) && found[0] < 0x80))
                continue;
            if (isFirst && found != "(")
                return new(text, 0);
            isFirst = false;
            if (found == "(")
                depth++;
            else if (found == ")")
            {
                if (depth == 0)
                    continue;
                rows += --depth == 0 ? 1 : 0;
            }
            else if (depth == 0 && found != "," && !(char.IsWhiteSpace(found[0]) && found[0] < 0x80))
                return new(text, rows);
        }
        return new(text, rows);
    }

    private static int NestedComment(string text, int at)
    {
        int depth = 0;
        for (int i = at; i + 1 < text.Length; i++)
        {
            if (text[i] == '/' && text[i + 1] == '*')
            {
                depth++;
                i++;
            }
            else if (text[i] == '*' && text[i + 1] == '/')
            {
                depth--;
                i++;
                if (depth == 0)
                    return i + 1;
            }
        }
        return -1;
    }

    [GeneratedRegex(@"\G(?:'(?:[^'\\]|\\[\s\S])*'|""(?:[^""\\]|\\[\s\S])*""|`[^`]*`|(?<comment>/\*(?!!|M!)[\s\S]*?\*/|#[^\n]*(?:\n|$)|--(?=[\s\0]|$)[^\n]*(?:\n|\z))|(?<open>['""`]|/\*(?!!|M!))|[\s\S])")]
    private static partial Regex MariaDbElement();

    [GeneratedRegex(@"\G(?:[eE]'(?>(?:[^'\\]|\\[\s\S]|'')*)'(?>(?:\s*[\r\n]\s*'(?>(?:[^'\\]|\\[\s\S]|'')*)')*)(?!\s*[\r\n]\s*')|'[^']*'|""[^""]*""|\$(?<tag>(?:[A-Za-z_\x80-\xff][A-Za-z_0-9\x80-\xff]*)?)\$[\s\S]*?\$\k<tag>\$|(?<comment>--[^\n]*(?:\n|\z))|(?<open>['""]|\$(?:[A-Za-z_\x80-\xff][A-Za-z_0-9\x80-\xff]*)?\$|[eE]')|[A-Za-z_\x80-\xff](?<![eE](?='))[A-Za-z_0-9$\x80-\xff]*|[\s\S])")]
    private static partial Regex PostgresElement();

    [GeneratedRegex(@"\G--[^\n]*(?:\n|$)")]
    private static partial Regex LineComment();

    [GeneratedRegex(@"^INSERT INTO (?:t|`t` \(`a`,`b`\)|public\.t \(a, b\)) VALUES")]
    private static partial Regex InsertHead();
}
