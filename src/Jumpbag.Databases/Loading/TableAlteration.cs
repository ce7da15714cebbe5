using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;

namespace Jumpbag.Databases.Loading;

/// <summary>An ALTER TABLE that stands behind its table's rows, and the session in which it stands there.</summary>
public sealed record TableAlteration(DumpStatement Statement, SessionState State)
{
    private static readonly string[] OfOthers = ["FOREIGN", "REFERENCES", "RENAME", "EXCHANGE", "PARTITION", "TABLESPACE"];

    /// <summary>Whether it needs nothing but its table: no foreign key, no other table's name.</summary>
    internal static bool IsOfItself(ReadOnlySpan<byte> sql, Lexer lexer)
    {
        foreach (StatementToken token in StatementTokens.Read(sql, lexer))
            foreach (string word in OfOthers)
                if (token.Is(sql, word))
                    return false;
        return true;
    }

    /// <summary>The indexes that it makes, as work: a primary key, or a column that is changed, means that all of the table is copied.</summary>
    internal static int KeysAdded(ReadOnlySpan<byte> sql, Lexer lexer)
    {
        int keys = 0;
        bool begins = false;
        foreach (StatementToken token in StatementTokens.Read(sql, lexer))
        {
            if (begins && (token.Is(sql, "KEY") || token.Is(sql, "INDEX") || token.Is(sql, "UNIQUE") || token.Is(sql, "FULLTEXT") || token.Is(sql, "SPATIAL")))
                keys++;
            else if ((begins && token.Is(sql, "PRIMARY")) || token.Is(sql, "MODIFY") || token.Is(sql, "CHANGE"))
                keys += 2;
            begins = token.Is(sql, "ADD");
        }
        return keys;
    }
}
