using System.Text;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>A token of a statement, as a range of its bytes. A word never holds an "@", which is a symbol.</summary>
internal readonly record struct StatementToken(TokenKind Kind, int Start, int Length)
{
    public int End => Start + Length;

    public bool IsName => Kind is TokenKind.Word or TokenKind.QuotedName;

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> sql) => sql.Slice(Start, Length);

    /// <summary>Whether it is this keyword, in any case.</summary>
    public bool Is(ReadOnlySpan<byte> sql, string keyword) => Kind == TokenKind.Word && Ascii.EqualsIgnoreCase(Of(sql), keyword);

    public bool Is(ReadOnlySpan<byte> sql, char symbol) => Kind == TokenKind.Symbol && sql[Start] == symbol;

    /// <summary>The identifier that a name or bare word stands for.</summary>
    public byte[] Identifier(ReadOnlySpan<byte> sql) => Kind == TokenKind.Word ? Of(sql).ToArray() : SqlTokens.Unquote(Of(sql));
}

/// <summary>
/// The tokens of one statement of MariaDB's or MySQL's dialect as a list, with the marks of conditional comments, for those who
/// change or understand a definition. Not for the rows of an INSERT, which are never cut.
/// </summary>
internal static class StatementTokens
{
    /// <param name="lexer">Says what quotation marks and backslashes mean, and what is a character.</param>
    public static List<StatementToken> Read(ReadOnlySpan<byte> sql, Lexer lexer)
    {
        var found = new List<StatementToken>();
        var tokens = new SqlTokens(sql, lexer) { ShowsConditionals = true };
        for (tokens.Next(); tokens.Kind != TokenKind.End; tokens.Next())
        {
            if (tokens.Kind == TokenKind.Word)
                AddWords(found, tokens.Current, tokens.Start);
            else
                found.Add(new(tokens.Kind, tokens.Start, tokens.Position - tokens.Start));
        }
        return found;
    }

    /// <summary>"root@localhost" is three tokens.</summary>
    private static void AddWords(List<StatementToken> found, ReadOnlySpan<byte> word, int start)
    {
        while (!word.IsEmpty)
        {
            int at = word.IndexOf((byte)'@');
            int length = at < 0 ? word.Length : Math.Max(1, at);
            found.Add(new(at == 0 ? TokenKind.Symbol : TokenKind.Word, start, length));
            word = word[length..];
            start += length;
        }
    }
}
