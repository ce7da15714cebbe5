using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;
using Tokens = Jumpbag.Databases.Dumps.Scanning.SqlTokens;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>What a definition of PostgreSQL is about, as far as it must be known to choose, replace and order statements.</summary>
/// <param name="Verb">CREATE, ALTER, COMMENT, GRANT, …; "LARGE OBJECT" for the calls that make and fill them.</param>
/// <param name="Type">TABLE, MATERIALIZED VIEW, EVENT TRIGGER, …; "" where it is not known.</param>
/// <param name="Name">Of a schema without qualifier.</param>
/// <param name="Table">The relation that it belongs to: of an index, trigger, rule, policy, comment on a column.</param>
/// <param name="Other">A second relation that must be there: a partition that is attached, the owner of a sequence.</param>
internal readonly record struct Subject(string Verb, string Type, ObjectName? Name = null, ObjectName? Table = null, ObjectName? Other = null)
{
    private static readonly string[] Modifiers =
    [
        "OR", "REPLACE", "GLOBAL", "LOCAL", "TEMPORARY", "TEMP", "UNLOGGED", "RECURSIVE", "UNIQUE", "CONSTRAINT", "TRUSTED", "PROCEDURAL", "DEFAULT", "CONCURRENTLY",
    ];

    private static readonly string[][] TwoWords =
    [
        ["MATERIALIZED", "VIEW"], ["FOREIGN", "TABLE"], ["EVENT", "TRIGGER"], ["TEXT", "SEARCH"], ["OPERATOR", "CLASS"], ["OPERATOR", "FAMILY"],
        ["USER", "MAPPING"], ["ACCESS", "METHOD"], ["LARGE", "OBJECT"], ["FOREIGN", "DATA"], ["FOREIGN", "SERVER"],
    ];

    /// <summary>The schema that it lies in, or is; null for what lies in none.</summary>
    public ByteString? Schema => Type == "SCHEMA" ? Name?.Name : (Table ?? Name)?.Qualifier;

    public static Subject Of(ReadOnlySpan<byte> text)
    {
        var tokens = new Tokens(text, new PostgresLexer());
        tokens.Next();
        string verb = Word(ref tokens);
        switch (verb)
        {
            case "SELECT":
                string function = tokens.TakeName(null) is { } called ? called.Name.ToString() : "";
                return new(function.StartsWith("lo_", StringComparison.Ordinal) || function is "lowrite" or "loread" ? "LARGE OBJECT" : verb, "");
            case "GRANT" or "REVOKE":
                while (tokens.Kind != TokenKind.End && !tokens.Take("ON"u8))
                    tokens.Next();
                break;
            case "COMMENT":
                tokens.Take("ON"u8);
                break;
            case "CREATE" or "ALTER" or "DROP":
                while (Array.Exists(Modifiers, IsNext(tokens)) && !(tokens.Is("CONSTRAINT"u8) && verb != "CREATE"))
                    tokens.Next();
                break;
            default:
                return new(verb, "");
        }
        string type = TypeWords(ref tokens, isGrant: verb is "GRANT" or "REVOKE");
        if (tokens.Take("IF"u8))
        {
            tokens.Take("NOT"u8);
            tokens.Take("EXISTS"u8);
        }
        tokens.Take("ONLY"u8);
        return Named(verb, type, ref tokens);
    }

    private static Subject Named(string verb, string type, ref Tokens tokens)
    {
        switch (type)
        {
            case "COLUMN":
                return new(verb, type, null, Relation(ref tokens));
            case "CAST" or "TRANSFORM" or "" or "LARGE OBJECT" or "OPERATOR":
                return new(verb, type);
            case "INDEX" or "TRIGGER" or "RULE" or "POLICY" or "CONSTRAINT" or "STATISTICS" when verb != "ALTER" || type is "POLICY" or "TRIGGER" or "RULE":
                ObjectName? name = tokens.Is("ON"u8) ? null : tokens.TakeName(null);
                string before = verb == "CREATE" && type == "RULE" ? "TO" : type == "STATISTICS" ? "FROM" : "ON";
                while (tokens.Kind != TokenKind.End && Upper(tokens) != before)
                    tokens.Next();
                tokens.Next();
                tokens.Take("ONLY"u8);
                return tokens.Is("DOMAIN"u8) ? new(verb, "DOMAIN") : new(verb, type, name, tokens.TakeName(null));
            default:
                ObjectName? subject = tokens.TakeName(null);
                ObjectName? other = null;
                if (verb == "ALTER")
                {
                    tokens.TakeSymbol('*');
                    if (tokens.Take("ATTACH"u8) && tokens.Take("PARTITION"u8))
                        other = tokens.TakeName(null);
                    else if (tokens.Take("OWNED"u8) && tokens.Take("BY"u8))
                        other = Relation(ref tokens);
                }
                return new(verb, type, subject, null, other);
        }
    }

    /// <summary>schema.table.column: the last name is the column's.</summary>
    private static ObjectName? Relation(ref Tokens tokens)
    {
        var names = new List<ByteString>();
        while (tokens.IsName)
        {
            names.Add(tokens.Unquote());
            tokens.Next();
            if (!tokens.TakeSymbol('.'))
                break;
        }
        return names.Count switch
        {
            < 2 => null,
            2 => new(null, names[0]),
            _ => new(names[^3], names[^2]),
        };
    }

    private static string TypeWords(ref Tokens tokens, bool isGrant)
    {
        string first = Upper(tokens);
        foreach (string[] pair in TwoWords)
        {
            if (pair[0] != first)
                continue;
            Tokens ahead = tokens;
            ahead.Next();
            if (Upper(ahead) != pair[1])
                continue;
            ahead.Next();
            string third = "";
            if (pair is ["TEXT", ..] or ["FOREIGN", "DATA"])
                third = " " + Word(ref ahead);
            tokens = ahead;
            return $"{pair[0]} {pair[1]}{third}";
        }
        if (isGrant && first is not ("TABLE" or "SEQUENCE" or "SCHEMA" or "FUNCTION" or "PROCEDURE" or "ROUTINE" or "TYPE" or "DOMAIN" or "LANGUAGE" or "DATABASE" or "TABLESPACE" or "PARAMETER"))
            return "TABLE";
        tokens.Next();
        return first;
    }

    private static Predicate<string> IsNext(Tokens tokens)
    {
        string word = Upper(tokens);
        return modifier => modifier == word;
    }

    private static string Word(ref Tokens tokens)
    {
        string word = Upper(tokens);
        tokens.Next();
        return word;
    }

    private static string Upper(Tokens tokens) =>
        tokens.Kind == TokenKind.Word ? System.Text.Encoding.Latin1.GetString(tokens.Current).ToUpperInvariant() : "";
}
