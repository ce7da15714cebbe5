namespace Jumpbag.Databases.Loading;

public enum SqlTokenKind
{
    /// <summary>A keyword or a bare identifier.</summary>
    Word,

    /// <summary>`name`, and "name" where quotes are names.</summary>
    Name,

    /// <summary>'text', and "text" where quotes are text.</summary>
    Text,

    /// <summary>One character that is none of the others.</summary>
    Symbol,

    /// <summary>The start of a comment that is executed: /*!50003, /*M!100616.</summary>
    ConditionalStart,

    /// <summary>Its end: */.</summary>
    ConditionalEnd,
}

/// <summary>A token of a statement, as a range of its bytes.</summary>
public readonly record struct SqlToken(SqlTokenKind Kind, int Start, int Length)
{
    public int End => Start + Length;

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> sql) => sql.Slice(Start, Length);

    /// <summary>Whether it is this keyword, in any case.</summary>
    public bool Is(ReadOnlySpan<byte> sql, string keyword) =>
        Kind == SqlTokenKind.Word && Length == keyword.Length && System.Text.Ascii.EqualsIgnoreCase(Of(sql), keyword);

    public bool Is(ReadOnlySpan<byte> sql, char symbol) => Kind == SqlTokenKind.Symbol && sql[Start] == symbol;

    /// <summary>The identifier that a name or bare word stands for.</summary>
    public byte[] Identifier(ReadOnlySpan<byte> sql)
    {
        ReadOnlySpan<byte> text = Of(sql);
        if (Kind == SqlTokenKind.Word || text.Length < 2)
            return text.ToArray();
        byte quote = text[0];
        var name = new List<byte>(text.Length);
        for (int i = 1; i < text.Length - 1; i++)
        {
            name.Add(text[i]);
            if (text[i] == quote && text[i + 1] == quote)
                i++;
        }
        return [.. name];
    }
}

/// <summary>
/// Cuts one statement of MariaDB's or MySQL's dialect into tokens, for those that must change or understand a definition. Comments
/// that are not executed are left out. Not for the rows of an INSERT, which are never cut.
/// </summary>
public static class StatementTokens
{
    public static List<SqlToken> Read(ReadOnlySpan<byte> sql, bool ansiQuotes = false, bool backslashEscapes = true)
    {
        var tokens = new List<SqlToken>();
        bool conditional = false;
        int at = 0;
        while (at < sql.Length)
        {
            byte c = sql[at];
            int start = at;
            if (c <= ' ')
            {
                at++;
                continue;
            }
            if (c == '#' || (c == '-' && sql[at..].StartsWith("--"u8) && (at + 2 == sql.Length || sql[at + 2] <= ' ')))
            {
                int end = sql[at..].IndexOf((byte)'\n');
                at = end < 0 ? sql.Length : at + end;
                continue;
            }
            if (c == '/' && at + 1 < sql.Length && sql[at + 1] == '*')
            {
                int bang = sql[(at + 2)..].StartsWith("M!"u8) ? 2 : sql[(at + 2)..].StartsWith("!"u8) ? 1 : 0;
                if (bang > 0)
                {
                    at += 2 + bang;
                    while (at < sql.Length && char.IsAsciiDigit((char)sql[at]))
                        at++;
                    conditional = true;
                    tokens.Add(new(SqlTokenKind.ConditionalStart, start, at - start));
                    continue;
                }
                int end = sql[at..].IndexOf("*/"u8);
                at = end < 0 ? sql.Length : at + end + 2;
                continue;
            }
            if (conditional && c == '*' && at + 1 < sql.Length && sql[at + 1] == '/')
            {
                conditional = false;
                tokens.Add(new(SqlTokenKind.ConditionalEnd, at, 2));
                at += 2;
                continue;
            }
            if (c is (byte)'\'' or (byte)'"' or (byte)'`')
            {
                bool isName = c == '`' || (c == '"' && ansiQuotes);
                at = EndOfQuoted(sql, at, backslashEscapes && !isName);
                tokens.Add(new(isName ? SqlTokenKind.Name : SqlTokenKind.Text, start, at - start));
                continue;
            }
            if (IsWord(c))
            {
                while (at < sql.Length && IsWord(sql[at]))
                    at++;
                tokens.Add(new(SqlTokenKind.Word, start, at - start));
                continue;
            }
            at++;
            tokens.Add(new(SqlTokenKind.Symbol, start, 1));
        }
        return tokens;
    }

    /// <summary>Digits count as words: nothing here looks into numbers.</summary>
    private static bool IsWord(byte c) => char.IsAsciiLetterOrDigit((char)c) || c is (byte)'_' or (byte)'$' or >= 0x80;

    private static int EndOfQuoted(ReadOnlySpan<byte> sql, int at, bool backslashes)
    {
        byte quote = sql[at++];
        while (at < sql.Length)
        {
            byte c = sql[at++];
            if (c == '\\' && backslashes)
                at++;
            else if (c == quote && (at == sql.Length || sql[at] != quote))
                return at;
            else if (c == quote)
                at++;
        }
        return sql.Length;
    }
}
