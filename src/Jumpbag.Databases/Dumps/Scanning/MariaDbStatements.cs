using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>What a statement of MariaDB or MySQL does.</summary>
internal static class MariaDbStatements
{
    public static StatementFacts Classify(ReadOnlySpan<byte> text, Lexer lexer, ByteString? database)
    {
        var tokens = new SqlTokens(text, lexer);
        tokens.Next();
        if (tokens.Take("SET"u8))
            return Set(tokens);
        if (tokens.Take("CREATE"u8))
            return Create(tokens, database);
        if (tokens.Take("DROP"u8))
            return Drop(tokens, database);
        if (tokens.Take("ALTER"u8))
            return Alter(tokens, database);
        if (tokens.Take("USE"u8))
            return new(StatementKind.Use, tokens.TakeName(null));
        if (tokens.Is("INSERT"u8) || tokens.Is("REPLACE"u8) || tokens.Is("UPDATE"u8) || tokens.Is("DELETE"u8))
            return Change(tokens, database);
        if (tokens.Take("LOCK"u8))
        {
            if (tokens.Is("TABLES"u8) || tokens.Is("TABLE"u8))
                tokens.Next();
            return new(StatementKind.LockTables, tokens.TakeName(database));
        }
        if (tokens.Take("UNLOCK"u8))
            return new(StatementKind.UnlockTables);
        if (tokens.Take("TRUNCATE"u8))
        {
            tokens.Take("TABLE"u8);
            return new(StatementKind.TruncateTable, tokens.TakeName(database));
        }
        if (tokens.Take("START"u8))
            return new(tokens.Is("TRANSACTION"u8) ? StatementKind.Begin : StatementKind.Replication);
        if (tokens.Take("BEGIN"u8))
            return new(StatementKind.Begin);
        if (tokens.Take("COMMIT"u8))
            return new(StatementKind.Commit);
        if (tokens.Take("CHANGE"u8))
            return new(tokens.Is("MASTER"u8) || tokens.Is("REPLICATION"u8) ? StatementKind.Replication : StatementKind.Other);
        if (tokens.Take("STOP"u8) || tokens.Take("RESET"u8))
            return new(tokens.Is("SLAVE"u8) || tokens.Is("REPLICA"u8) || tokens.Is("MASTER"u8) || tokens.Is("ALL"u8) ? StatementKind.Replication : StatementKind.Other);
        if (tokens.Is("GRANT"u8) || tokens.Is("REVOKE"u8))
            return new(StatementKind.Account);
        if (tokens.Take("SELECT"u8) || tokens.Take("DO"u8))
        {
            if (tokens.Take("SETVAL"u8) && tokens.TakeSymbol('('))
                return new(StatementKind.SetSequenceValue, tokens.TakeName(database));
        }
        return new(StatementKind.Other);
    }

    private static StatementFacts Set(SqlTokens tokens)
    {
        if (tokens.Is("PASSWORD"u8))
            return new(StatementKind.SetGlobal);
        if (tokens.Is("ROLE"u8) || tokens.Is("DEFAULT"u8))
            return new(StatementKind.Account);
        if (tokens.Is("STATEMENT"u8))
            return new(StatementKind.Other);
        bool reachesFar = false, atName = true;
        for (; tokens.Kind != TokenKind.End; tokens.Next())
        {
            if (atName)
            {
                if (tokens.Is("GLOBAL"u8) || tokens.Is("PERSIST"u8) || tokens.Is("PERSIST_ONLY"u8) || tokens.Is("@@GLOBAL"u8) || tokens.Is("@@PERSIST"u8) || tokens.Is("@@PERSIST_ONLY"u8))
                {
                    reachesFar = true;
                    tokens.Next();
                    if (tokens.IsSymbol('.'))
                        tokens.Next();
                }
                if (tokens.Is("GTID_PURGED"u8) || tokens.Is("GTID_SLAVE_POS"u8))
                    return new(StatementKind.Replication);
                atName = false;
            }
            if (tokens.IsSymbol('('))
                SkipToClosing(ref tokens);
            atName = tokens.IsSymbol(',');
        }
        return new(reachesFar ? StatementKind.SetGlobal : StatementKind.Set);
    }

    private static void SkipToClosing(ref SqlTokens tokens)
    {
        for (int depth = 0; tokens.Kind != TokenKind.End; tokens.Next())
        {
            depth += tokens.IsSymbol('(') ? 1 : tokens.IsSymbol(')') ? -1 : 0;
            if (depth == 0)
                return;
        }
    }

    private static StatementFacts Create(SqlTokens tokens, ByteString? database)
    {
        if (tokens.Take("OR"u8))
            tokens.Take("REPLACE"u8);
        // ALGORITHM = …, DEFINER = …, SQL SECURITY … and the like stand before the word that counts.
        for (; tokens.Kind != TokenKind.End; tokens.Next())
        {
            if (tokens.Kind != TokenKind.Word)
                continue;
            if (tokens.Take("TABLE"u8))
                return new(StatementKind.CreateTable, Named(ref tokens, database));
            if (tokens.Take("VIEW"u8))
                return new(StatementKind.CreateView, Named(ref tokens, database));
            if (tokens.Take("TRIGGER"u8))
            {
                ObjectName? name = Named(ref tokens, database);
                while (tokens.Kind != TokenKind.End && !tokens.Is("ON"u8))
                    tokens.Next();
                tokens.Next();
                return new(StatementKind.CreateTrigger, name, tokens.TakeName(database));
            }
            if (tokens.Take("PROCEDURE"u8) || tokens.Take("FUNCTION"u8))
                return new(StatementKind.CreateRoutine, Named(ref tokens, database));
            if (tokens.Take("PACKAGE"u8))
            {
                tokens.Take("BODY"u8);
                return new(StatementKind.CreateRoutine, Named(ref tokens, database));
            }
            if (tokens.Take("EVENT"u8))
                return new(StatementKind.CreateEvent, Named(ref tokens, database));
            if (tokens.Take("DATABASE"u8) || tokens.Take("SCHEMA"u8))
                return new(StatementKind.CreateDatabase, Named(ref tokens, null));
            if (tokens.Take("SEQUENCE"u8))
                return new(StatementKind.CreateSequence, Named(ref tokens, database));
            if (tokens.Is("USER"u8) || tokens.Is("ROLE"u8))
                return new(StatementKind.Account);
            if (tokens.Take("INDEX"u8))
            {
                ObjectName? name = Named(ref tokens, database);
                while (tokens.Kind != TokenKind.End && !tokens.Is("ON"u8))
                    tokens.Next();
                tokens.Next();
                return new(StatementKind.CreateIndex, name, tokens.TakeName(database));
            }
            if (tokens.Is("SERVER"u8) || tokens.Is("TABLESPACE"u8) || tokens.Is("LOGFILE"u8))
                break;
        }
        return new(StatementKind.Other);
    }

    private static StatementFacts Drop(SqlTokens tokens, ByteString? database)
    {
        tokens.Take("TEMPORARY"u8);
        StatementKind kind =
            tokens.Take("TABLE"u8) || tokens.Take("TABLES"u8) ? StatementKind.DropTable
            : tokens.Take("VIEW"u8) ? StatementKind.DropView
            : tokens.Take("TRIGGER"u8) ? StatementKind.DropTrigger
            : tokens.Take("PROCEDURE"u8) || tokens.Take("FUNCTION"u8) || tokens.Take("PACKAGE"u8) ? StatementKind.DropRoutine
            : tokens.Take("EVENT"u8) ? StatementKind.DropEvent
            : tokens.Take("DATABASE"u8) || tokens.Take("SCHEMA"u8) ? StatementKind.DropDatabase
            : tokens.Take("SEQUENCE"u8) ? StatementKind.DropSequence
            : tokens.Is("USER"u8) || tokens.Is("ROLE"u8) ? StatementKind.Account
            : StatementKind.Other;
        tokens.Take("BODY"u8);
        return kind is StatementKind.Account or StatementKind.Other ? new(kind)
            : new(kind, Named(ref tokens, kind == StatementKind.DropDatabase ? null : database));
    }

    private static StatementFacts Alter(SqlTokens tokens, ByteString? database)
    {
        if (tokens.Take("DATABASE"u8) || tokens.Take("SCHEMA"u8))
            return new(StatementKind.AlterDatabase, tokens.TakeName(null));
        if (tokens.Is("USER"u8) || tokens.Is("ROLE"u8))
            return new(StatementKind.Account);
        while (tokens.Take("ONLINE"u8) || tokens.Take("IGNORE"u8))
        {
        }
        if (!tokens.Take("TABLE"u8))
            return new(StatementKind.Other);
        ObjectName? name = Named(ref tokens, database);
        if (tokens.Take("DISABLE"u8) && tokens.Is("KEYS"u8))
            return new(StatementKind.DisableKeys, name);
        if (tokens.Take("ENABLE"u8) && tokens.Is("KEYS"u8))
            return new(StatementKind.EnableKeys, name);
        return new(StatementKind.AlterTable, name);
    }

    private static StatementFacts Change(SqlTokens tokens, ByteString? database)
    {
        tokens.Next();
        while (tokens.Is("LOW_PRIORITY"u8) || tokens.Is("HIGH_PRIORITY"u8) || tokens.Is("DELAYED"u8) || tokens.Is("QUICK"u8) || tokens.Is("IGNORE"u8) || tokens.Is("INTO"u8) || tokens.Is("FROM"u8))
            tokens.Next();
        return new(StatementKind.Change, tokens.TakeName(database));
    }

    private static ObjectName? Named(ref SqlTokens tokens, ByteString? qualifier)
    {
        if (tokens.Take("IF"u8))
        {
            tokens.Take("NOT"u8);
            tokens.Take("EXISTS"u8);
        }
        return tokens.TakeName(qualifier);
    }
}
