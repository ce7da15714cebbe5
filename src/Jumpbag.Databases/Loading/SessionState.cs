using System.Collections.Immutable;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>What a session of the dump has set: the database in use and the variables, as literals that SET takes.</summary>
public sealed record SessionState(ByteString? Database, ImmutableSortedDictionary<string, string> Variables)
{
    public static readonly SessionState Empty = new(null, ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));

    public string? this[string variable] => Variables.GetValueOrDefault(variable)?.Trim('\'');

    /// <summary>How the server reads statements in this session.</summary>
    internal MariaDbLexer Lexer() => new()
    {
        AnsiQuotes = HasMode("ANSI_QUOTES"),
        NoBackslashEscapes = HasMode("NO_BACKSLASH_ESCAPES"),
        Charset = MultiByteCharsets.Of(Encoding.ASCII.GetBytes(this["character_set_client"] ?? "")),
    };

    private bool HasMode(string mode) => this["sql_mode"]?.Contains(mode, StringComparison.OrdinalIgnoreCase) == true;
}

/// <summary>
/// Follows, on the main connection, what the dump sets, and brings other connections into the same state. It never guesses what a SET
/// meant: it remembers which variables were named and asks the server for their values.
/// </summary>
public sealed class SessionFollower(MySqlConnection main)
{
    /// <summary>
    /// Ours to decide, or without a meaning on another connection: when to commit, and what goes into the binary log (a dump with GTIDs
    /// turns that off, which replicas would not forgive; --no-binlog is the person's word).
    /// </summary>
    public static readonly IReadOnlySet<string> NotFollowed = new HashSet<string>(StringComparer.Ordinal)
    {
        "autocommit", "sql_log_bin", "unique_checks", "foreign_key_checks", "gtid_next", "insert_id", "last_insert_id", "timestamp",
        "pseudo_thread_id", "gtid_purged",
    };

    private readonly SortedSet<string> names = new(StringComparer.Ordinal)
    {
        "character_set_client", "character_set_connection", "character_set_results", "collation_connection", "sql_mode", "time_zone",
    };

    private SessionState state = SessionState.Empty;
    private bool isStale = true;

    public ByteString? Database { get; private set; }

    /// <summary>Whether the dump has foreign keys checked where it is now; read with <see cref="State"/>.</summary>
    public bool ChecksForeignKeys { get; private set; } = true;

    /// <summary>The variables that a SET statement assigns for the session, in lower case; user variables are not among them.</summary>
    public static List<string> Assigned(ReadOnlySpan<byte> sql)
    {
        List<StatementToken> tokens = StatementTokens.Read(sql, SessionState.Empty.Lexer());
        var found = new List<string>();
        int depth = 0;
        bool atStart = false;
        for (int i = 0; i < tokens.Count; i++)
        {
            StatementToken token = tokens[i];
            depth += token.Is(sql, '(') ? 1 : token.Is(sql, ')') ? -1 : 0;
            if (token.Is(sql, "SET") && !atStart && depth == 0 && (i == 0 || tokens[i - 1].Kind == TokenKind.ConditionalStart))
            {
                atStart = true;
                continue;
            }
            if (depth == 0 && token.Is(sql, ','))
            {
                atStart = true;
                continue;
            }
            if (!atStart || token.Kind is TokenKind.ConditionalStart or TokenKind.ConditionalEnd)
                continue;
            if (token.Is(sql, "SESSION") || token.Is(sql, "LOCAL") || token.Is(sql, '.') || token.Is(sql, '@'))
            {
                // One "@" begins a user variable, two a system variable.
                if (token.Is(sql, '@') && !(i + 1 < tokens.Count && tokens[i + 1].Is(sql, '@')) && !(i > 0 && tokens[i - 1].Is(sql, '@')))
                    atStart = false;
                continue;
            }
            if (token.Kind is TokenKind.Word or TokenKind.QuotedName)
            {
                string name = Encoding.ASCII.GetString(token.Identifier(sql)).ToLowerInvariant();
                if (i + 1 < tokens.Count && (tokens[i + 1].Is(sql, '=') || tokens[i + 1].Is(sql, ':')))
                    found.Add(name);
            }
            atStart = false;
        }
        return found;
    }

    /// <summary>The main connection has run this SET.</summary>
    public void HasSet(ReadOnlySpan<byte> sql)
    {
        foreach (string name in Assigned(sql))
            if (!NotFollowed.Contains(name))
                names.Add(name);
        isStale = true;
    }

    public void HasSelected(ByteString database)
    {
        Database = database;
        isStale = true;
    }

    /// <summary>The state now; asks the server when something was set since.</summary>
    public SessionState State()
    {
        if (!isStale)
            return state;
        QueryResult answer = main.Query("SELECT " + string.Join(", ", names.Select(name => "@@session." + name)) + ", @@session.foreign_key_checks");
        var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        int column = 0;
        foreach (string name in names)
            values[name] = Literal(answer.Rows[0][column++]);
        ChecksForeignKeys = answer.Rows[0][column] is [(byte)'1'];
        state = new SessionState(Database, values.ToImmutable());
        isStale = false;
        return state;
    }

    /// <summary>Brings a connection from one state to another in at most two round trips.</summary>
    public static void Apply(MySqlConnection connection, SessionState from, SessionState to)
    {
        if (to.Database is { } database && database != from.Database)
            connection.SelectDatabase(database.Span);
        // In the order of their names: character_set_connection before the collation_connection that it would set.
        string[] changes = [.. to.Variables.Where(variable => from.Variables.GetValueOrDefault(variable.Key) != variable.Value).Select(variable => $"{variable.Key}={variable.Value}")];
        if (changes.Length > 0)
            connection.Query("SET " + string.Join(", ", changes));
    }

    private static string Literal(byte[]? value)
    {
        if (value is null)
            return "NULL";
        string text = Encoding.UTF8.GetString(value);
        bool number = text.Length is > 0 and < 20 && text.All(c => char.IsAsciiDigit(c));
        return number ? text : "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal) + "'";
    }
}
