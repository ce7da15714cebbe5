using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>
/// What statements of a dump change about how its further statements are read: sql_mode, also by way of user variables, and the
/// character set of the client.
/// </summary>
internal sealed class MariaDbSession(MariaDbLexer lexer, bool? noBackslashEscapes)
{
    private readonly Dictionary<ByteString, Mode> saved = [];
    private readonly Dictionary<ByteString, MultiByteCharset> savedCharsets = [];
    private Mode mode = new(false, false);

    private readonly record struct Mode(bool NoBackslashEscapes, bool AnsiQuotes);

    /// <summary>Sets the lexer as a caller has forced it to.</summary>
    public void Begin() => Apply();

    /// <summary>Follows a SET.</summary>
    public void Follow(ReadOnlySpan<byte> statement)
    {
        var tokens = new SqlTokens(statement, lexer);
        tokens.Next();
        if (!tokens.Take("SET"u8))
            return;
        if (tokens.Take("NAMES"u8) || (tokens.Take("CHARACTER"u8) && tokens.Take("SET"u8)) || tokens.Take("CHARSET"u8))
        {
            lexer.Charset = MultiByteCharsets.Of(tokens.Unquote().Span);
            return;
        }
        Mode next = mode;
        while (tokens.Kind != TokenKind.End)
        {
            bool global = false;
            while (tokens.Is("SESSION"u8) || tokens.Is("LOCAL"u8) || tokens.Is("GLOBAL"u8) || tokens.Is("@@SESSION"u8) || tokens.Is("@@LOCAL"u8) || tokens.Is("@@GLOBAL"u8) || tokens.IsSymbol('.'))
            {
                global |= tokens.Is("GLOBAL"u8) || tokens.Is("@@GLOBAL"u8);
                tokens.Next();
            }
            bool isMode = tokens.Is("SQL_MODE"u8) || tokens.Is("@@SQL_MODE"u8), isCharset = tokens.Is("CHARACTER_SET_CLIENT"u8) || tokens.Is("@@CHARACTER_SET_CLIENT"u8);
            ByteString? variable = tokens.Kind == TokenKind.Word && tokens.Current[0] == (byte)'@' && !tokens.Current.StartsWith("@@"u8) ? Upper(tokens.Current) : null;
            tokens.Next();
            tokens.TakeSymbol(':');
            if (!tokens.TakeSymbol('='))
                return;
            int valueStart = tokens.Start;
            for (int depth = 0; tokens.Kind != TokenKind.End && !(depth == 0 && tokens.IsSymbol(',')); tokens.Next())
                depth += tokens.IsSymbol('(') ? 1 : tokens.IsSymbol(')') ? -1 : 0;
            ReadOnlySpan<byte> value = statement[valueStart..tokens.Start];
            tokens.TakeSymbol(',');
            if (isMode && !global)
                next = ModeOf(value, next);
            else if (isCharset && !global)
                lexer.Charset = CharsetOf(value);
            else if (variable is { } name)
            {
                saved[name] = ModeOf(value, next);
                savedCharsets[name] = CharsetOf(value);
            }
        }
        mode = next;
        Apply();
    }

    private void Apply()
    {
        lexer.NoBackslashEscapes = noBackslashEscapes ?? mode.NoBackslashEscapes;
        lexer.AnsiQuotes = mode.AnsiQuotes;
    }

    private Mode ModeOf(ReadOnlySpan<byte> value, Mode current)
    {
        var tokens = new SqlTokens(value, lexer);
        tokens.Next();
        if (tokens.Kind == TokenKind.Word && tokens.Current[0] == (byte)'@')
            return tokens.Current.StartsWith("@@"u8) ? current : saved.GetValueOrDefault(Upper(tokens.Current), current);
        if (tokens.Is("DEFAULT"u8))
            return new(false, false);
        string text = Encoding.Latin1.GetString(value).ToUpperInvariant();
        Mode named = new(text.Contains("NO_BACKSLASH_ESCAPES", StringComparison.Ordinal),
            text.Contains("ANSI", StringComparison.Ordinal) || HasCombined(text));
        if (tokens.Is("CONCAT"u8) || tokens.Is("CONCAT_WS"u8))
            return text.Contains("SQL_MODE", StringComparison.Ordinal)
                ? new(named.NoBackslashEscapes || current.NoBackslashEscapes, named.AnsiQuotes || current.AnsiQuotes) : named;
        if (tokens.Is("REPLACE"u8))
            return new(!named.NoBackslashEscapes && current.NoBackslashEscapes, !named.AnsiQuotes && current.AnsiQuotes);
        if (tokens.Kind == TokenKind.Symbol || (tokens.Kind == TokenKind.Word && tokens.Current[0] is >= (byte)'0' and <= (byte)'9'))
            return ByNumber(value);
        return named;
    }

    /// <summary>As a number: 0x4 is ANSI_QUOTES, 0x100000 is NO_BACKSLASH_ESCAPES.</summary>
    private static Mode ByNumber(ReadOnlySpan<byte> value) =>
        System.Buffers.Text.Utf8Parser.TryParse(value, out ulong number, out _) ? new((number & 0x10_0000) != 0, (number & 4) != 0) : new(false, false);

    /// <summary>Modes of other servers' names, which have ANSI_QUOTES in them.</summary>
    private static bool HasCombined(string text) =>
        new[] { "ORACLE", "POSTGRESQL", "MSSQL", "DB2", "MAXDB" }.Any(name => text.Contains(name, StringComparison.Ordinal));

    private MultiByteCharset CharsetOf(ReadOnlySpan<byte> value)
    {
        var tokens = new SqlTokens(value, lexer);
        tokens.Next();
        if (tokens.Kind == TokenKind.Word && tokens.Current[0] == (byte)'@')
            return tokens.Current.StartsWith("@@"u8) ? lexer.Charset : savedCharsets.GetValueOrDefault(Upper(tokens.Current), lexer.Charset);
        return MultiByteCharsets.Of(tokens.Unquote().Span);
    }

    private static ByteString Upper(ReadOnlySpan<byte> name)
    {
        byte[] upper = name.ToArray();
        for (int i = 0; i < upper.Length; i++)
            upper[i] = upper[i] is >= (byte)'a' and <= (byte)'z' ? (byte)(upper[i] & 0xDF) : upper[i];
        return ByteString.Own(upper);
    }
}
