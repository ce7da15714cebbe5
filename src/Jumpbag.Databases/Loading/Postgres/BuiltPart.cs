using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;
using Tokens = Jumpbag.Databases.Dumps.Scanning.SqlTokens;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>An index or constraint that the dump makes by a statement of its own: looked for at the end.</summary>
/// <param name="IsValid">Whether the rows that are there were checked for it: of a constraint that the dump has as NOT VALID they were not.</param>
internal readonly record struct BuiltPart(ObjectName Table, ByteString Name, bool IsIndex, bool IsValid)
{
    /// <summary>What a CREATE INDEX or ALTER TABLE … ADD CONSTRAINT makes; nothing of other statements, and where the schema is not named.</summary>
    public static IEnumerable<BuiltPart> Of(DumpStatement statement) => statement switch
    {
        { Kind: StatementKind.CreateIndex or StatementKind.AddForeignKey, Name: { } name, Table: { Qualifier: not null } table } =>
            [new(table, name.Name, System.Text.Ascii.EqualsIgnoreCase(statement.Text.Span[..6], "CREATE"u8), !IsLeftUnchecked(statement))],
        { Kind: StatementKind.AlterTable, Name: { Qualifier: not null } table } when Constraint(statement.Text.Span) is { } name =>
            [new(table, name, IsIndex: false, !IsLeftUnchecked(statement))],
        _ => [],
    };

    /// <summary>Whether an ADD CONSTRAINT ends in NOT VALID or NOT ENFORCED.</summary>
    public static bool IsLeftUnchecked(DumpStatement statement)
    {
        var tokens = new Tokens(statement.Text.Span, new PostgresLexer());
        bool unchecked_ = false;
        for (tokens.Next(); tokens.Kind != TokenKind.End;)
        {
            if (tokens.IsSymbol('('))
                tokens.SkipBrackets();
            else if (tokens.Take("NOT"u8))
                unchecked_ |= tokens.Is("VALID"u8) || tokens.Is("ENFORCED"u8);
            else
                tokens.Next();
        }
        return unchecked_;
    }

    /// <summary>The name of a CHECK or NOT NULL that is added.</summary>
    private static ByteString? Constraint(ReadOnlySpan<byte> text)
    {
        var tokens = new Tokens(text, new PostgresLexer());
        tokens.Next();
        while (tokens.Kind != TokenKind.End && !tokens.IsSymbol('(') && !tokens.Is("ADD"u8))
            tokens.Next();
        return tokens.Take("ADD"u8) && tokens.Take("CONSTRAINT"u8) ? tokens.TakeName(null)?.Name : null;
    }
}
