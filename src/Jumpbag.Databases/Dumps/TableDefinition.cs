using Jumpbag.Databases.Dumps.Scanning;

namespace Jumpbag.Databases.Dumps;

/// <summary>
/// A CREATE TABLE of an InnoDB table without its secondary indexes and foreign keys, and these: adding them when the rows are in
/// sorts each index once instead of searching it for every row.
/// </summary>
/// <param name="Reduced">The statement without them.</param>
/// <param name="Keys">"KEY `by_code` (`code`)", as they stood.</param>
/// <param name="ForeignKeys">"CONSTRAINT `x` FOREIGN KEY …", as they stood.</param>
public sealed record TableDefinition(byte[] Reduced, IReadOnlyList<TableDefinition.Part> Keys, IReadOnlyList<TableDefinition.Part> ForeignKeys)
{
    /// <param name="Text">As it stood in the statement.</param>
    /// <param name="Name">Of the index or constraint.</param>
    public sealed record Part(byte[] Text, byte[] Name, bool IsUnique);

    /// <summary>
    /// Null where everything must stay: another engine, an index that the table cannot live without (its clustering one, that of
    /// its AUTO_INCREMENT column), one that cannot be added without copying the table (FULLTEXT, SPATIAL), a versioned table.
    /// </summary>
    internal static TableDefinition? Split(ReadOnlySpan<byte> sql, Lexer lexer) => Split(sql, StatementTokens.Read(sql, lexer));

    internal static TableDefinition? Split(ReadOnlySpan<byte> sql, List<StatementToken> tokens)
    {
        if (!FindBody(sql, tokens, out int open, out int close) || !IsOrdinaryInnoDb(sql, tokens, close))
            return null;

        var kept = new List<Element>();
        List<Part> keys = [], foreignKeys = [];
        byte[]? autoIncrement = null;
        byte[]? primary = null;
        foreach (Element element in Elements(sql, tokens, open, close))
        {
            if (element.IsCutByComment(tokens))
                return null;
            int at = element.First;
            if (tokens[at].Is(sql, "FULLTEXT") || tokens[at].Is(sql, "SPATIAL") || tokens[at].Is(sql, "VECTOR") || tokens[at].Is(sql, "LIKE") || tokens[at].Is(sql, "PERIOD"))
                return null;
            byte[]? constraint = null;
            if (tokens[at].Is(sql, "CONSTRAINT") && at + 1 < element.End)
            {
                at++;
                if (IsName(sql, tokens[at]))
                    constraint = tokens[at++].Identifier(sql);
            }
            if (at >= element.End)
                return null;
            if (tokens[at].Is(sql, "FOREIGN"))
            {
                if (constraint is null)
                    return null;
                foreignKeys.Add(new(element.Text(sql, tokens), constraint, false));
                continue;
            }
            bool unique = tokens[at].Is(sql, "UNIQUE");
            if (unique || ((tokens[at].Is(sql, "KEY") || tokens[at].Is(sql, "INDEX")) && constraint is null))
            {
                int name = at + 1;
                if (unique && name < element.End && (tokens[name].Is(sql, "KEY") || tokens[name].Is(sql, "INDEX")))
                    name++;
                bool named = name < element.End && tokens[name].Kind is TokenKind.QuotedName or TokenKind.Word && !tokens[name].Is(sql, "USING");
                // What has no name could not be looked for afterwards.
                if (!named)
                    return null;
                keys.Add(new(element.Text(sql, tokens), tokens[name].Identifier(sql), unique));
                continue;
            }
            if (tokens[at].Is(sql, "PRIMARY"))
                primary = FirstColumn(sql, tokens, element);
            else if (tokens[at].Kind == TokenKind.QuotedName || !tokens[at].Is(sql, "CHECK"))
                ReadColumn(sql, tokens, element, ref autoIncrement, ref primary);
            kept.Add(element);
        }
        bool needsKeyForCounter = autoIncrement is not null && (primary is null || !primary.AsSpan().SequenceEqual(autoIncrement));
        if (primary is null || needsKeyForCounter || kept.Count == 0 || keys.Count + foreignKeys.Count == 0)
            return null;
        return new(Join(sql, tokens, open, close, kept), keys, foreignKeys);
    }

    private readonly record struct Element(int First, int End)
    {
        public byte[] Text(ReadOnlySpan<byte> sql, List<StatementToken> tokens) => sql[tokens[First].Start..tokens[End - 1].End].ToArray();

        /// <summary>A conditional comment that begins here and ends elsewhere, or the reverse.</summary>
        public bool IsCutByComment(List<StatementToken> tokens)
        {
            int depth = 0;
            for (int i = First; i < End; i++)
            {
                depth += tokens[i].Kind == TokenKind.ConditionalStart ? 1 : tokens[i].Kind == TokenKind.ConditionalEnd ? -1 : 0;
                if (depth < 0)
                    return true;
            }
            return depth != 0;
        }
    }

    private static bool FindBody(ReadOnlySpan<byte> sql, List<StatementToken> tokens, out int open, out int close)
    {
        open = close = -1;
        int depth = 0;
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Is(sql, '(') && depth++ == 0 && open < 0)
                open = i;
            if (tokens[i].Is(sql, ')') && --depth == 0)
            {
                close = i;
                return true;
            }
        }
        return false;
    }

    private static bool IsOrdinaryInnoDb(ReadOnlySpan<byte> sql, List<StatementToken> tokens, int close)
    {
        bool innoDb = false;
        for (int i = close + 1; i < tokens.Count; i++)
        {
            if (tokens[i].Is(sql, "ENGINE") && i + 1 < tokens.Count)
                innoDb |= tokens[tokens[i + 1].Is(sql, '=') && i + 2 < tokens.Count ? i + 2 : i + 1].Is(sql, "InnoDB");
            if (tokens[i].Is(sql, "VERSIONING") || tokens[i].Is(sql, "SELECT"))
                return false;
        }
        for (int i = 0; i < close; i++)
            if (tokens[i].Is(sql, "TEMPORARY") || tokens[i].Is(sql, "SELECT"))
                return false;
        return innoDb;
    }

    private static List<Element> Elements(ReadOnlySpan<byte> sql, List<StatementToken> tokens, int open, int close)
    {
        var elements = new List<Element>();
        int first = open + 1, depth = 0;
        for (int i = open + 1; i <= close; i++)
        {
            if (i == close || (depth == 0 && tokens[i].Is(sql, ',')))
            {
                if (i > first)
                    elements.Add(new(first, i));
                first = i + 1;
            }
            depth += tokens[i].Is(sql, '(') ? 1 : tokens[i].Is(sql, ')') ? -1 : 0;
        }
        return elements;
    }

    private static void ReadColumn(ReadOnlySpan<byte> sql, List<StatementToken> tokens, Element element, ref byte[]? autoIncrement, ref byte[]? primary)
    {
        byte[] name = tokens[element.First].Identifier(sql);
        for (int i = element.First + 1; i < element.End; i++)
        {
            if (tokens[i].Is(sql, "AUTO_INCREMENT"))
                autoIncrement = name;
            if (tokens[i].Is(sql, "PRIMARY"))
                primary = name;
        }
    }

    private static byte[]? FirstColumn(ReadOnlySpan<byte> sql, List<StatementToken> tokens, Element element)
    {
        for (int i = element.First; i + 1 < element.End; i++)
            if (tokens[i].Is(sql, '('))
                return tokens[i + 1].Identifier(sql);
        return null;
    }

    private static bool IsName(ReadOnlySpan<byte> sql, StatementToken token) =>
        token.Kind == TokenKind.QuotedName
        || (token.Kind == TokenKind.Word && !token.Is(sql, "FOREIGN") && !token.Is(sql, "UNIQUE") && !token.Is(sql, "PRIMARY") && !token.Is(sql, "CHECK"));

    private static byte[] Join(ReadOnlySpan<byte> sql, List<StatementToken> tokens, int open, int close, List<Element> kept)
    {
        var text = new MemoryStream(sql.Length);
        text.Write(sql[..tokens[open].End]);
        for (int i = 0; i < kept.Count; i++)
        {
            text.Write(i == 0 ? "\n  "u8 : ",\n  "u8);
            text.Write(kept[i].Text(sql, tokens));
        }
        text.Write("\n"u8);
        text.Write(sql[tokens[close].Start..]);
        return text.ToArray();
    }
}
