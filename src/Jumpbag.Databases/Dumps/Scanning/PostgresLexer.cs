using System.Buffers;
using System.Text;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>
/// PostgreSQL's statements, cut as psql cuts them: a semicolon ends one outside of strings, names, comments, round brackets and
/// the BEGIN ATOMIC … END of a routine.
/// </summary>
internal sealed class PostgresLexer : Lexer
{
    private static readonly SearchValues<byte> Plain = SearchValues.Create(" \t\r\n,.+*=<>!%&|^~?:#@[]0123456789"u8);

    private int brackets, blocks, words;
    private bool makesRoutine;

    public override ReadOnlySpan<byte> Delimiter => ";"u8;

    /// <summary>standard_conforming_strings: a backslash in '…' is one.</summary>
    public bool ConformingStrings { get; set; } = true;

    public override bool HasEscapes(byte quote) => quote == (byte)'\'' && !ConformingStrings;

    public override void Begin()
    {
        brackets = blocks = words = 0;
        makesRoutine = false;
    }

    public override int FindEnd(ReadOnlySpan<byte> text, ref int at, bool isAtEnd)
    {
        while (true)
        {
            int plain = text[at..].IndexOfAnyExcept(Plain);
            at = plain < 0 ? text.Length : at + plain;
            if (at >= text.Length)
                return NeedMore;
            switch (text[at])
            {
                case (byte)';' when brackets == 0 && blocks == 0:
                    return at;
                case (byte)'\\':
                    int end = at + 1;
                    while (end < text.Length && !IsSpace(text[end]))
                        end++;
                    throw new ClientCommandException(at, Encoding.Latin1.GetString(text[at..end]));
            }
            int next = SkipComment(text, at, isAtEnd, false);
            if (next == at)
                next = SkipElement(text, at, isAtEnd);
            if (next == NeedMore)
                return NeedMore;
            Count(text[at..next]);
            at = next;
        }
    }

    public override int SkipComment(ReadOnlySpan<byte> text, int at, bool isAtEnd, bool atStatementStart)
    {
        if (text[at] is not ((byte)'-' or (byte)'/'))
            return at;
        if (at + 1 >= text.Length)
            return isAtEnd ? at : NeedMore;
        if (text[at] == (byte)'-')
            return text[at + 1] == (byte)'-' ? SkipLine(text, at, isAtEnd) : at;
        if (text[at + 1] != (byte)'*')
            return at;
        for (int depth = 1, i = at + 2; ; i += 2)
        {
            while (i + 1 < text.Length && !(text[i] == (byte)'*' && text[i + 1] == (byte)'/') && !(text[i] == (byte)'/' && text[i + 1] == (byte)'*'))
                i++;
            if (i + 1 >= text.Length)
                return NeedMore;
            depth += text[i] == (byte)'/' ? 1 : -1;
            if (depth == 0)
                return i + 2;
        }
    }

    public override int SkipElement(ReadOnlySpan<byte> text, int at, bool isAtEnd)
    {
        byte first = text[at];
        if (first is (byte)'\'' or (byte)'"')
            return SkipString(text, at + 1, first, HasEscapes(first), out _);
        if (first == (byte)'$')
            return SkipDollars(text, at, isAtEnd);
        // A number is no word: 1$$…$$ is a number and a string.
        if (!IsWord(first) || first is >= (byte)'0' and <= (byte)'9')
            return at + 1;
        int end = at + 1;
        while (end < text.Length && IsWord(text[end]))
            end++;
        if (end == text.Length)
            return isAtEnd ? end : NeedMore;
        return end == at + 1 && first is (byte)'e' or (byte)'E' && text[end] == (byte)'\'' ? SkipEscapeString(text, end, isAtEnd) : end;
    }

    /// <summary>A string in further quotation marks on a later line goes on with the same rules.</summary>
    private int SkipEscapeString(ReadOnlySpan<byte> text, int at, bool isAtEnd)
    {
        while (true)
        {
            int end = SkipString(text, at + 1, (byte)'\'', true, out _);
            if (end == NeedMore)
                return NeedMore;
            for (at = end; at < text.Length && IsSpace(text[at]); at++)
            {
            }
            if (at == text.Length && !isAtEnd)
                return NeedMore;
            if (at == text.Length || text[at] != (byte)'\'' || (at > end && !text[end..at].ContainsAny((byte)'\n', (byte)'\r')))
                return end;
        }
    }

    private static int SkipDollars(ReadOnlySpan<byte> text, int at, bool isAtEnd)
    {
        int tag = at + 1;
        while (tag < text.Length && text[tag] != (byte)'$' && IsWord(text[tag]) && !(tag == at + 1 && text[tag] is >= (byte)'0' and <= (byte)'9'))
            tag++;
        if (tag == text.Length)
            return isAtEnd ? tag : NeedMore;
        if (text[tag] != (byte)'$')
            return at + 1;
        ReadOnlySpan<byte> mark = text[at..(tag + 1)];
        int end = text[(tag + 1)..].IndexOf(mark);
        return end < 0 ? NeedMore : tag + 1 + end + mark.Length;
    }

    private void Count(ReadOnlySpan<byte> element)
    {
        switch (element[0])
        {
            case (byte)'(':
                brackets++;
                return;
            case (byte)')':
                brackets -= brackets > 0 ? 1 : 0;
                return;
        }
        if (!IsWord(element[0]) || element[0] == (byte)'$' || element[^1] == (byte)'\'')
            return;
        // As psql: only of CREATE [OR REPLACE] FUNCTION or PROCEDURE do BEGIN and END open and close a block.
        words++;
        if (words is 2 or 4 && (Is(element, "FUNCTION"u8) || Is(element, "PROCEDURE"u8)))
            makesRoutine = true;
        if (!makesRoutine || brackets > 0)
            return;
        if (Is(element, "BEGIN"u8) || (blocks > 0 && Is(element, "CASE"u8)))
            blocks++;
        else if (blocks > 0 && Is(element, "END"u8))
            blocks--;
    }

    private static bool Is(ReadOnlySpan<byte> element, ReadOnlySpan<byte> word) => Ascii.EqualsIgnoreCase(element, word);
}
