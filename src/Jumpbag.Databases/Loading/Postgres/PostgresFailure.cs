using System.Buffers.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>Says of a statement or line that the server refused where in the dump it stands, and how to go on.</summary>
internal static class PostgresFailure
{
    public static FailedException Of(DumpStatement statement, ServerException cause) => new(Describe(statement, cause), Hint(cause), cause);

    public static string Describe(DumpStatement statement, ServerException cause) =>
        statement.Kind == StatementKind.Copy && Line(statement, cause) is > 0 and var line ? DescribeLine(statement, line, cause)
            : LoadReport.Describe(statement, Message(cause));

    /// <summary>Which of the lines of a piece the server means, from 1; 0 where it names none.</summary>
    public static int Line(DumpStatement statement, ServerException cause)
    {
        // "COPY orders, line 3, column id: …" in the server's language: the number follows the name.
        ReadOnlySpan<byte> where = cause.Where.Span;
        byte[] start = PostgresSql.Join("COPY ", (statement.Name?.Name ?? default).Span.ToArray(), ", ");
        if (where.IndexOf(start) is not (>= 0 and var at))
            return 0;
        where = where[(at + start.Length)..];
        int digit = where.IndexOfAnyInRange((byte)'0', (byte)'9');
        return digit >= 0 && Utf8Parser.TryParse(where[digit..], out int line, out _) ? line : 0;
    }

    /// <summary>Where the line of a piece begins in its lines.</summary>
    public static int Start(ReadOnlySpan<byte> lines, int line)
    {
        int at = 0;
        for (int i = 1; i < line; i++)
        {
            int end = lines[at..].IndexOf((byte)'\n');
            if (end < 0)
                return lines.Length;
            at += end + 1;
        }
        return at;
    }

    public static string DescribeLine(DumpStatement statement, int line, ServerException cause)
    {
        const int Shown = 80;
        ReadOnlySpan<byte> text = statement.Text.Span, lines = statement.CopyLines.Span;
        int at = Start(lines, line);
        ReadOnlySpan<byte> row = lines[at..];
        row = row[..(row.IndexOf((byte)'\n') is >= 0 and var end ? end : row.Length)];
        // A first piece begins with the command, behind which a semicolon and the end of the line stand.
        long firstLine = statement.IsFirstPiece ? statement.Line + text.Count((byte)'\n') + 1 : statement.Line;
        long offset = statement.Offset + (statement.IsFirstPiece ? text.Length + 2 : 0) + at;
        return $"{statement.Name}, line {firstLine + line - 1}, byte {offset}: {new ByteString(row[..Math.Min(row.Length, Shown)])}{(row.Length > Shown ? "…" : "")}: {Message(cause)}";
    }

    public static string Message(ServerException cause) => cause.Detail is { } detail ? $"{cause.Message} ({detail})" : cause.Message;

    private static string Hint(ServerException cause) => cause.SqlState switch
    {
        "53100" or "53200" => "make room on the server, then go on with --resume",
        "42501" => "this account lacks a privilege; --definer drop leaves out the owners, --resume goes on",
        "42P07" or "42710" or "42723" or "42P06" or "42P04" => "--replace drops what the dump has; --rename loads it under another name",
        _ => cause.Hint ?? "correct the cause and go on with --resume, or pass over such statements with --on-error skip",
    };
}
