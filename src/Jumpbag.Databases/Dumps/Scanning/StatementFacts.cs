using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>What a statement does, and to what.</summary>
internal readonly record struct StatementFacts(StatementKind Kind, ObjectName? Name = null, ObjectName? Table = null);

/// <summary>An INSERT with VALUES, up to its first row.</summary>
/// <param name="Length">Bytes before the bracket that opens the first row.</param>
internal sealed record InsertHead(int Length, string Verb, ObjectName Name)
{
    /// <summary>Null where it is an INSERT of another form. <paramref name="isCut"/> tells that more text is needed to know.</summary>
    public static InsertHead? Parse(ReadOnlySpan<byte> text, Lexer lexer, ByteString? qualifier, out bool isCut)
    {
        var tokens = new SqlTokens(text, lexer);
        InsertHead? head = Parse(ref tokens, text, lexer, qualifier);
        // Near the end the last token may be half of one.
        isCut = head is null && (tokens.Kind == TokenKind.End || tokens.Position >= text.Length - 1);
        return head;
    }

    private static InsertHead? Parse(ref SqlTokens tokens, ReadOnlySpan<byte> text, Lexer lexer, ByteString? qualifier)
    {
        tokens.Next();
        // Within a conditional comment the statement's end is another: it is sent whole.
        if (tokens.Start > 0)
            return null;
        string verb;
        if (tokens.Take("REPLACE"u8))
            verb = "REPLACE";
        else if (tokens.Take("INSERT"u8))
            verb = "INSERT";
        else
            return null;
        while (tokens.Is("LOW_PRIORITY"u8) || tokens.Is("HIGH_PRIORITY"u8) || tokens.Is("DELAYED"u8))
            tokens.Next();
        if (tokens.Take("IGNORE"u8))
            verb = "INSERT IGNORE";
        tokens.Take("INTO"u8);
        if (tokens.TakeName(qualifier) is not { } name)
            return null;
        if (lexer is MariaDbLexer && tokens.Take("PARTITION"u8))
            tokens.SkipBrackets();
        if (lexer is PostgresLexer && tokens.Take("AS"u8))
            tokens.Next();
        if (tokens.IsSymbol('('))
            tokens.SkipBrackets();
        if (lexer is PostgresLexer && tokens.Take("OVERRIDING"u8))
        {
            tokens.Next();
            tokens.Next();
        }
        if (!tokens.Is("VALUES"u8) && !(lexer is MariaDbLexer && tokens.Is("VALUE"u8)))
            return null;
        tokens.Next();
        return tokens.IsSymbol('(') ? new(tokens.Start, verb, name) : null;
    }
}
