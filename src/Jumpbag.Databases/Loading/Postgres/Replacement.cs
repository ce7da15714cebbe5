using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;
using Tokens = Jumpbag.Databases.Dumps.Scanning.SqlTokens;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>For --replace: the DROP of what a CREATE makes.</summary>
internal static class Replacement
{
    /// <summary>Of these nothing is dropped: others' objects would go with them, or they are no part of this database.</summary>
    private static readonly string[] Kept =
        ["SCHEMA", "DATABASE", "EXTENSION", "LANGUAGE", "ROLE", "USER", "GROUP", "SUBSCRIPTION", "TABLESPACE", "USER MAPPING", "TRANSFORM", "ACCESS METHOD", ""];

    /// <summary>What tells it from others of its type: its name, of routines and operators with the types that they take. Empty for what goes with its table, or is kept.</summary>
    /// <param name="name">As it is on the server.</param>
    public static byte[] Identity(ReadOnlySpan<byte> create, Subject subject, ObjectName? name)
    {
        if (subject.Table is not null || Array.IndexOf(Kept, subject.Type) >= 0)
            return [];
        return subject.Type switch
        {
            "CAST" => Arguments(create),
            "OPERATOR" => Operator(create),
            _ when name is null => [],
            "FUNCTION" or "PROCEDURE" or "AGGREGATE" => PostgresSql.Join(name!.Value, Arguments(create)),
            "OPERATOR CLASS" or "OPERATOR FAMILY" => PostgresSql.Join(name!.Value, " USING ", Word(create, "USING")),
            _ => PostgresSql.Join(name!.Value),
        };
    }

    /// <summary>The arguments of CREATE FUNCTION f(…) as DROP FUNCTION takes them: without default values.</summary>
    private static byte[] Arguments(ReadOnlySpan<byte> text)
    {
        var tokens = new Tokens(text, new PostgresLexer());
        tokens.Next();
        while (tokens.Kind != TokenKind.End && !tokens.IsSymbol('('))
            tokens.Next();
        int from = tokens.Start, depth = 0;
        var plain = new MemoryStream();
        bool inDefault = false;
        for (; tokens.Kind != TokenKind.End; tokens.Next())
        {
            depth += tokens.IsSymbol('(') || tokens.IsSymbol('[') ? 1 : tokens.IsSymbol(')') || tokens.IsSymbol(']') ? -1 : 0;
            bool ends = depth == 0 || (depth == 1 && tokens.IsSymbol(','));
            if (depth == 1 && (tokens.Is("DEFAULT"u8) || tokens.IsSymbol('=')))
            {
                plain.Write(text[from..tokens.Start]);
                inDefault = true;
            }
            if (ends)
            {
                plain.Write(inDefault ? text[tokens.Start..tokens.Position] : text[from..tokens.Position]);
                (from, inDefault) = (tokens.Position, false);
            }
            if (depth == 0)
                break;
        }
        return plain.ToArray();
    }

    /// <summary>schema.=== (left, right)</summary>
    private static byte[] Operator(ReadOnlySpan<byte> create)
    {
        int from = create.IndexOf("OPERATOR"u8) + "OPERATOR"u8.Length, to = create.IndexOf((byte)'(');
        return to < from ? [] : PostgresSql.Join(create[from..to].ToArray(), "(", Word(create, "LEFTARG"), ", ", Word(create, "RIGHTARG"), ")");
    }

    /// <summary>What stands behind a word and perhaps "=", up to a comma or bracket; NONE where the word doesn't stand there.</summary>
    private static byte[] Word(ReadOnlySpan<byte> text, string word)
    {
        var tokens = new Tokens(text, new PostgresLexer());
        for (tokens.Next(); tokens.Kind != TokenKind.End; tokens.Next())
        {
            if (tokens.Kind != TokenKind.Word || !System.Text.Ascii.EqualsIgnoreCase(tokens.Current, word))
                continue;
            tokens.Next();
            tokens.TakeSymbol('=');
            int from = tokens.Start, to = tokens.Position;
            if (word == "USING")
                return text[from..to].ToArray();
            for (int depth = 0; tokens.Kind != TokenKind.End && !(depth == 0 && (tokens.IsSymbol(',') || tokens.IsSymbol(')'))); tokens.Next())
            {
                depth += tokens.IsSymbol('(') ? 1 : tokens.IsSymbol(')') ? -1 : 0;
                to = tokens.Position;
            }
            return text[from..to].ToArray();
        }
        return [.. "NONE"u8];
    }
}
