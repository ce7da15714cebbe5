using Jumpbag.Databases.Dumps.Scanning;

namespace Jumpbag.Databases.Dumps;

/// <summary>What a table's definition tells of the work that its rows will be.</summary>
/// <param name="Keys">Secondary indexes within the definition.</param>
/// <param name="CanDefer">Whether they can be taken out of it and added later.</param>
public readonly record struct TableShape(int Columns, int Keys, bool CanDefer)
{
    /// <summary>No table that a server takes has a longer definition.</summary>
    private const int MostText = 1 << 20;

    internal static TableShape Read(ReadOnlySpan<byte> sql, Lexer lexer)
    {
        if (sql.Length > MostText)
            return default;
        List<StatementToken> tokens = StatementTokens.Read(sql, lexer);
        int columns = 0, keys = 0, depth = 0;
        bool isFirst = false;
        foreach (StatementToken token in tokens)
        {
            if (isFirst && depth == 1 && token.IsName)
            {
                isFirst = false;
                if (token.Kind == TokenKind.Word && IsKey(sql, token))
                    keys++;
                else if (token.Kind == TokenKind.QuotedName || !IsConstraint(sql, token))
                    columns++;
            }
            if (token.Is(sql, '('))
                isFirst = ++depth == 1 && columns == 0;
            else if (token.Is(sql, ')'))
            {
                if (--depth == 0)
                    break;
            }
            else if (depth == 1 && token.Is(sql, ','))
                isFirst = true;
        }
        return new(columns, keys, keys > 0 && lexer is MariaDbLexer && TableDefinition.Split(sql, tokens) is not null);
    }

    private static bool IsKey(ReadOnlySpan<byte> sql, StatementToken token) =>
        token.Is(sql, "KEY") || token.Is(sql, "INDEX") || token.Is(sql, "UNIQUE") || token.Is(sql, "FULLTEXT") || token.Is(sql, "SPATIAL");

    private static bool IsConstraint(ReadOnlySpan<byte> sql, StatementToken token) =>
        token.Is(sql, "PRIMARY") || token.Is(sql, "CONSTRAINT") || token.Is(sql, "FOREIGN") || token.Is(sql, "CHECK") || token.Is(sql, "PERIOD");
}
