using System.Buffers;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>
/// MariaDB's and MySQL's statements, cut as their command-line client cuts them: a delimiter ends a statement wherever it stands
/// outside of strings, names and comments that are none to the server; what is in <c>/*! … */</c> counts as text.
/// </summary>
internal sealed class MariaDbLexer : Lexer
{
    private byte[] delimiter = ";"u8.ToArray();
    private SearchValues<byte> special = SpecialWith((byte)';');

    public override ReadOnlySpan<byte> Delimiter => delimiter;

    /// <summary>sql_mode has NO_BACKSLASH_ESCAPES.</summary>
    public bool NoBackslashEscapes { get; set; }

    /// <summary>sql_mode has ANSI_QUOTES: "…" is a name.</summary>
    public bool AnsiQuotes { get; set; }

    public MultiByteCharset Charset { get; set; }

    public override bool IsMultiByte => Charset != MultiByteCharset.None;

    public void SetDelimiter(ReadOnlySpan<byte> value)
    {
        delimiter = value.ToArray();
        special = SpecialWith(value[0]);
    }

    public override bool HasEscapes(byte quote) => quote != (byte)'`' && !NoBackslashEscapes && !(quote == (byte)'"' && AnsiQuotes);

    public override int FindEnd(ReadOnlySpan<byte> text, ref int at, bool isAtEnd)
    {
        while (true)
        {
            if (!IsMultiByte)
            {
                int found = text[at..].IndexOfAny(special);
                at = found < 0 ? text.Length : at + found;
            }
            if (at >= text.Length)
                return NeedMore;
            ReadOnlySpan<byte> rest = text[at..];
            if (rest[0] == delimiter[0])
            {
                if (rest.StartsWith(delimiter))
                    return at;
                if (!isAtEnd && rest.Length < delimiter.Length && delimiter.AsSpan().StartsWith(rest))
                    return NeedMore;
            }
            if (rest[0] == (byte)'\\')
            {
                // \g and \G end a statement too; \N is a NULL; all others make the client do something.
                if (rest.Length < 2)
                    return NeedMore;
                if (rest[1] is (byte)'g' or (byte)'G')
                    return at;
                if (rest[1] != (byte)'N')
                    throw new ClientCommandException(at, $"\\{(char)rest[1]}");
            }
            int next = SkipComment(text, at, isAtEnd, false);
            if (next == at)
                next = SkipElement(text, at, isAtEnd);
            if (next == NeedMore)
                return NeedMore;
            at = next;
        }
    }

    public override int SkipComment(ReadOnlySpan<byte> text, int at, bool isAtEnd, bool atStatementStart)
    {
        ReadOnlySpan<byte> rest = text[at..];
        switch (rest[0])
        {
            case (byte)'#':
                return SkipLine(text, at, isAtEnd);
            case (byte)'-':
                if (rest.Length < 3 && !isAtEnd)
                    return NeedMore;
                bool isComment = rest.Length >= 2 && rest[1] == (byte)'-' && (rest.Length == 2 || atStatementStart || IsSpace(rest[2]) || rest[2] == 0);
                return isComment ? SkipLine(text, at, isAtEnd) : at;
            case (byte)'/':
                if (rest.Length < 4 && !isAtEnd)
                    return NeedMore;
                if (rest.Length < 2 || rest[1] != (byte)'*' || IsConditional(rest))
                    return at;
                int end = rest[2..].IndexOf("*/"u8);
                return end < 0 ? NeedMore : at + 2 + end + 2;
            default:
                return at;
        }
    }

    /// <summary>"/*!" and "/*M!", whose text the server runs.</summary>
    public static bool IsConditional(ReadOnlySpan<byte> text) =>
        text.Length > 2 && text[0] == (byte)'/' && text[1] == (byte)'*' && (text[2] == (byte)'!' || (text.Length > 3 && text[2] == (byte)'M' && text[3] == (byte)'!'));

    public override int SkipString(ReadOnlySpan<byte> text, int at, byte quote, bool escapes, out int resume) =>
        IsMultiByte ? SkipMultiByteString(text, at, quote, escapes, out resume) : base.SkipString(text, at, quote, escapes, out resume);

    public override int SkipElement(ReadOnlySpan<byte> text, int at, bool isAtEnd)
    {
        byte first = text[at];
        if (first is (byte)'\'' or (byte)'"' or (byte)'`')
            return SkipString(text, at + 1, first, HasEscapes(first), out _);
        if (first == (byte)'\\' && at + 1 >= text.Length && !isAtEnd)
            return NeedMore;
        if (!IsMultiByte)
            return at + 1;
        int length = Charset.CharacterLength(text[at..]);
        return at + length <= text.Length ? at + length : isAtEnd ? text.Length : NeedMore;
    }

    private int SkipMultiByteString(ReadOnlySpan<byte> text, int at, byte quote, bool escapes, out int resume)
    {
        const int LongestCharacter = 4;
        resume = at;
        while (at < text.Length)
        {
            if (at + LongestCharacter <= text.Length)
                resume = at;
            int length = Charset.CharacterLength(text[at..]);
            if (length == 1 && text[at] == quote)
                return resume = at + 1;
            // A backslash takes one byte along, not one character.
            at += length == 1 && escapes && text[at] == (byte)'\\' ? 2 : length;
        }
        return NeedMore;
    }

    private static SearchValues<byte> SpecialWith(byte delimiter) => SearchValues.Create([.. "'\"`#-/\\"u8, delimiter]);
}
