using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>What a statement of PostgreSQL does.</summary>
internal static class PostgresStatements
{
    public static StatementFacts Classify(ReadOnlySpan<byte> text, Lexer lexer)
    {
        var tokens = new SqlTokens(text, lexer);
        tokens.Next();
        if (tokens.Is("SET"u8) || tokens.Is("RESET"u8))
            return new(StatementKind.Set);
        if (tokens.Take("SELECT"u8))
            return Select(tokens);
        if (tokens.Take("COPY"u8))
            return Copy(tokens);
        if (tokens.Take("CREATE"u8))
            return Create(tokens);
        if (tokens.Take("ALTER"u8))
            return Alter(tokens);
        if (tokens.Take("DROP"u8))
            return Drop(tokens);
        if (tokens.Is("GRANT"u8) || tokens.Is("REVOKE"u8))
            return new(StatementKind.Account);
        if (tokens.Take("REFRESH"u8) && tokens.Take("MATERIALIZED"u8) && tokens.Take("VIEW"u8))
        {
            tokens.Take("CONCURRENTLY"u8);
            return new(StatementKind.RefreshView, tokens.TakeName(null));
        }
        if (tokens.Take("TRUNCATE"u8))
        {
            tokens.Take("TABLE"u8);
            tokens.Take("ONLY"u8);
            return new(StatementKind.TruncateTable, tokens.TakeName(null));
        }
        if (tokens.Is("BEGIN"u8) || tokens.Is("START"u8))
            return new(StatementKind.Begin);
        if (tokens.Is("COMMIT"u8) || tokens.Is("END"u8))
            return new(StatementKind.Commit);
        if (tokens.Take("INSERT"u8) || tokens.Take("DELETE"u8))
        {
            tokens.Next();
            return new(StatementKind.Change, tokens.TakeName(null));
        }
        return tokens.Take("UPDATE"u8) ? new(StatementKind.Change, tokens.TakeName(null)) : new(StatementKind.Other);
    }

    private static StatementFacts Select(SqlTokens tokens)
    {
        if (tokens.TakeName(null) is not { } function || !tokens.TakeSymbol('('))
            return new(StatementKind.Other);
        if (function.Name.Span.SequenceEqual("set_config"u8))
            return new(StatementKind.Set);
        if (!function.Name.Span.SequenceEqual("setval"u8) || tokens.Kind != TokenKind.Text)
            return new(StatementKind.Other);
        ByteString named = tokens.Unquote();
        var inner = new SqlTokens(named.Span, new PostgresLexer());
        inner.Next();
        return new(StatementKind.SetSequenceValue, inner.TakeName(null));
    }

    /// <summary>COPY table [(columns)] FROM stdin; of the others (a query, to a file) nothing follows in the dump.</summary>
    private static StatementFacts Copy(SqlTokens tokens)
    {
        if (tokens.TakeName(null) is not { } table)
            return new(StatementKind.Other);
        if (tokens.IsSymbol('('))
            tokens.SkipBrackets();
        return tokens.Take("FROM"u8) && tokens.Is("STDIN"u8) ? new(StatementKind.Copy, table) : new(StatementKind.Other, table);
    }

    private static StatementFacts Create(SqlTokens tokens)
    {
        if (tokens.Take("OR"u8))
            tokens.Take("REPLACE"u8);
        while (tokens.Take("GLOBAL"u8) || tokens.Take("LOCAL"u8) || tokens.Take("TEMPORARY"u8) || tokens.Take("TEMP"u8) || tokens.Take("UNLOGGED"u8)
            || tokens.Take("FOREIGN"u8) || tokens.Take("RECURSIVE"u8) || tokens.Take("UNIQUE"u8) || tokens.Take("MATERIALIZED"u8)
            || tokens.Take("CONSTRAINT"u8) || tokens.Take("EVENT"u8))
        {
        }
        if (tokens.Take("TABLE"u8))
            return new(StatementKind.CreateTable, Named(ref tokens));
        if (tokens.Take("VIEW"u8))
            return new(StatementKind.CreateView, Named(ref tokens));
        if (tokens.Take("FUNCTION"u8) || tokens.Take("PROCEDURE"u8) || tokens.Take("AGGREGATE"u8))
            return new(StatementKind.CreateRoutine, Named(ref tokens));
        if (tokens.Take("SEQUENCE"u8))
            return new(StatementKind.CreateSequence, Named(ref tokens));
        if (tokens.Take("DATABASE"u8))
            return new(StatementKind.CreateDatabase, Named(ref tokens));
        if (tokens.Is("ROLE"u8) || tokens.Is("USER"u8) || tokens.Is("GROUP"u8))
            return new(StatementKind.Account);
        bool isIndex = tokens.Take("INDEX"u8);
        if (!isIndex && !tokens.Take("TRIGGER"u8))
            return new(StatementKind.Other);
        tokens.Take("CONCURRENTLY"u8);
        ObjectName? name = tokens.Is("ON"u8) ? null : Named(ref tokens);
        while (tokens.Kind != TokenKind.End && !tokens.Is("ON"u8))
            tokens.Next();
        tokens.Next();
        tokens.Take("ONLY"u8);
        return new(isIndex ? StatementKind.CreateIndex : StatementKind.CreateTrigger, name, tokens.TakeName(null));
    }

    private static StatementFacts Alter(SqlTokens tokens)
    {
        if (tokens.Take("SYSTEM"u8))
            return new(StatementKind.SetGlobal);
        if (tokens.Is("DEFAULT"u8) || tokens.Is("ROLE"u8) || tokens.Is("USER"u8) || tokens.Is("GROUP"u8))
            return new(StatementKind.Account);
        if (tokens.Take("DATABASE"u8))
        {
            ObjectName? database = tokens.TakeName(null);
            return new(tokens.Is("OWNER"u8) ? StatementKind.Account : StatementKind.AlterDatabase, database);
        }
        tokens.Take("FOREIGN"u8);
        if (!tokens.Take("TABLE"u8))
            return new(EndsInOwner(tokens) ? StatementKind.Account : StatementKind.Other);
        if (tokens.Take("IF"u8))
            tokens.Take("EXISTS"u8);
        tokens.Take("ONLY"u8);
        ObjectName? table = tokens.TakeName(null);
        tokens.TakeSymbol('*');
        if (tokens.Is("OWNER"u8))
            return new(StatementKind.Account, table);
        if (!tokens.Take("ADD"u8) || !tokens.Take("CONSTRAINT"u8) || tokens.TakeName(table?.Qualifier) is not { } name)
            return new(StatementKind.AlterTable, table);
        return tokens.Is("FOREIGN"u8) ? new(StatementKind.AddForeignKey, name, table)
            : tokens.Is("PRIMARY"u8) || tokens.Is("UNIQUE"u8) || tokens.Is("EXCLUDE"u8) ? new(StatementKind.CreateIndex, name, table)
            : new(StatementKind.AlterTable, table);
    }

    private static bool EndsInOwner(SqlTokens tokens)
    {
        bool owner = false;
        for (; tokens.Kind != TokenKind.End; tokens.Next())
            owner |= tokens.Take("OWNER"u8) && tokens.Is("TO"u8);
        return owner;
    }

    private static StatementFacts Drop(SqlTokens tokens)
    {
        tokens.Take("MATERIALIZED"u8);
        StatementKind kind =
            tokens.Take("TABLE"u8) ? StatementKind.DropTable
            : tokens.Take("VIEW"u8) ? StatementKind.DropView
            : tokens.Take("TRIGGER"u8) ? StatementKind.DropTrigger
            : tokens.Take("FUNCTION"u8) || tokens.Take("PROCEDURE"u8) || tokens.Take("AGGREGATE"u8) ? StatementKind.DropRoutine
            : tokens.Take("DATABASE"u8) ? StatementKind.DropDatabase
            : tokens.Take("SEQUENCE"u8) ? StatementKind.DropSequence
            : tokens.Is("ROLE"u8) || tokens.Is("USER"u8) ? StatementKind.Account
            : StatementKind.Other;
        return kind is StatementKind.Account or StatementKind.Other ? new(kind) : new(kind, Named(ref tokens));
    }

    private static ObjectName? Named(ref SqlTokens tokens)
    {
        if (tokens.Take("IF"u8))
        {
            tokens.Take("NOT"u8);
            tokens.Take("EXISTS"u8);
        }
        return tokens.TakeName(null);
    }
}
