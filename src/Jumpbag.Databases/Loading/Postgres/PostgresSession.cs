using System.Collections.Immutable;
using System.Text;
using Jumpbag.Databases.Dumps.Scanning;
using Jumpbag.Databases.Servers;
using Tokens = Jumpbag.Databases.Dumps.Scanning.SqlTokens;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>
/// What a session of the dump has set: of each variable the statement that set it last, in the order of the dump. Another session
/// comes into the same state by the same statements, so nothing need be known of what they mean.
/// </summary>
internal sealed record PostgresSession(ImmutableList<(string Variable, byte[] Statement)> Settings)
{
    public static readonly PostgresSession Empty = new([]);

    /// <summary>The main connection has run this SET, RESET or SELECT set_config(…).</summary>
    public PostgresSession With(ReadOnlySpan<byte> statement)
    {
        string variable = Variable(statement);
        return new(Settings.RemoveAll(known => known.Variable == variable).Add((variable, statement.ToArray())));
    }

    /// <summary>Brings a connection from the state <paramref name="from"/> into this one.</summary>
    public void Apply(PostgresConnection connection, PostgresSession from)
    {
        if (ReferenceEquals(this, from))
            return;
        // One by one: the encoding that one sets is that in which the next is read.
        foreach ((string variable, byte[] statement) in Settings)
            if (!from.Settings.Exists(known => known.Variable == variable && known.Statement.AsSpan().SequenceEqual(statement)))
                connection.Query(statement);
    }

    /// <summary>What a statement sets, in lower case.</summary>
    public static string Variable(ReadOnlySpan<byte> statement)
    {
        var tokens = new Tokens(statement, new PostgresLexer());
        tokens.Next();
        if (tokens.Take("SELECT"u8))
        {
            while (tokens.Kind is not (TokenKind.Text or TokenKind.End))
                tokens.Next();
            return Encoding.UTF8.GetString(tokens.Unquote().Span).ToLowerInvariant();
        }
        tokens.Next();
        if (tokens.Take("SESSION"u8) && tokens.Is("AUTHORIZATION"u8))
            return "session authorization";
        if (tokens.Is("TIME"u8))
            return "timezone";
        return tokens.Is("NAMES"u8) ? "client_encoding" : Encoding.UTF8.GetString(tokens.Unquote().Span).ToLowerInvariant();
    }

    /// <summary>Whether it ends with the transaction, so that nothing follows from it.</summary>
    public static bool IsLocal(ReadOnlySpan<byte> statement)
    {
        var tokens = new Tokens(statement, new PostgresLexer());
        tokens.Next();
        return tokens.Take("SET"u8) && (tokens.Is("LOCAL"u8) || tokens.Is("TRANSACTION"u8) || tokens.Is("CONSTRAINTS"u8));
    }
}
