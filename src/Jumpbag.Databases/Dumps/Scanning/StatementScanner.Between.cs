using System.Buffers;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>What stands between statements: space, comments, and commands to the client.</summary>
internal sealed partial class StatementScanner
{
    /// <summary>Commands of the mysql and mariadb clients by name. None has a place in a dump, and some would run programs.</summary>
    private static readonly HashSet<string> ClientWords = new(StringComparer.OrdinalIgnoreCase)
    {
        "?", "charset", "clear", "connect", "edit", "ego", "exit", "go", "help", "nopager", "notee", "nowarning", "pager", "print", "prompt",
        "query_attributes", "quit", "rehash", "resetconnection", "sandbox", "source", "ssl_session_data_print", "status", "system", "tee", "warnings",
    };

    private static readonly SearchValues<byte> Space = SearchValues.Create(" \t\r\n\f\v"u8);

    private byte[]? restrictKey;

    /// <summary>Moves the window to the next statement's first byte; false at the end of the input.</summary>
    private bool SkipBetween()
    {
        while (true)
        {
            int space = window.Bytes.IndexOfAnyExcept(Space);
            if (space != 0)
            {
                window.Take(space < 0 ? window.Length : space);
                if (window.Length == 0 && !window.Fill())
                    return false;
                continue;
            }
            if (cachedHead is not null && window.Bytes.StartsWith(cachedHead))
                return true;
            // Enough to tell a comment, a delimiter, a conditional comment or a client command.
            if (window.Length < 32)
                window.Want(32);
            if (window.Bytes.StartsWith(lexer.Delimiter))
                window.Take(lexer.Delimiter.Length);
            else if (lexer is MariaDbLexer && window.Bytes.StartsWith("/*M!999999\\-"u8))
                TakeSandboxMark();
            else if (!TakeComment() && !(window.Bytes[0] == (byte)'\\' ? TakeMetaCommand() : TakeDelimiterCommand()))
                return true;
        }
    }

    /// <summary>"/*M!999999\- enable the sandbox mode */": commands of the client are refused here with or without it.</summary>
    private void TakeSandboxMark()
    {
        int end;
        while ((end = window.Bytes.IndexOf("*/"u8)) < 0 && window.Fill())
        {
        }
        evidence.EndsWithinComment |= end < 0;
        window.Take(end < 0 ? window.Length : end + 2);
    }

    private bool TakeComment()
    {
        int next;
        while ((next = lexer.SkipComment(window.Bytes, 0, window.IsAtEnd, true)) == Lexer.NeedMore)
        {
            bool wasAll = window.IsAtEnd;
            if (window.Fill() || !wasAll)
                continue;
            evidence.EndsWithinComment = true;
            next = window.Length;
            break;
        }
        if (next == 0)
            return false;
        evidence.SawComment(window.Bytes[..next]);
        window.Take(next);
        return true;
    }

    /// <summary>DELIMITER and the new one: the first word of the rest of the line.</summary>
    private bool TakeDelimiterCommand()
    {
        if (lexer is not MariaDbLexer mariaDb || !StartsWithWord(window.Bytes, "delimiter"u8))
            return false;
        ReadOnlySpan<byte> line = WholeLine();
        ReadOnlySpan<byte> value = line["delimiter"u8.Length..].Trim(" \t\r\n"u8);
        int space = value.IndexOfAny((byte)' ', (byte)'\t');
        value = space < 0 ? value : value[..space];
        if (value.Length > 1 && value[0] == value[^1] && value[0] is (byte)'\'' or (byte)'"' or (byte)'`')
            value = value[1..^1];
        if (value.IsEmpty || value.Contains((byte)'\\'))
            throw new CorruptException($"{Place(window.Offset)}: DELIMITER without a delimiter that can be used", null);
        mariaDb.SetDelimiter(value);
        window.Take(line.Length);
        return true;
    }

    /// <summary>psql's \connect and \encoding, which are statements here, and \restrict and \unrestrict, which are followed. All others are refused.</summary>
    private bool TakeMetaCommand()
    {
        ReadOnlySpan<byte> line = WholeLine();
        ReadOnlySpan<byte> trimmed = line.Trim(" \t\r\n"u8);
        int space = trimmed.IndexOfAny((byte)' ', (byte)'\t');
        ReadOnlySpan<byte> command = space < 0 ? trimmed : trimmed[..space], argument = space < 0 ? default : trimmed[space..].Trim(" \t"u8);
        if (lexer is MariaDbLexer)
        {
            // \g and \G behind nothing end an empty statement.
            if (!command.StartsWith("\\g"u8) && !command.StartsWith("\\G"u8))
                throw Refused(Encoding.Latin1.GetString(command), window.Offset);
            window.Take(2);
            return true;
        }
        if (command.SequenceEqual("\\restrict"u8) && restrictKey is null && !argument.IsEmpty)
            restrictKey = argument.ToArray();
        else if (command.SequenceEqual("\\unrestrict"u8) && restrictKey is not null && argument.SequenceEqual(restrictKey))
            restrictKey = null;
        else if ((command.SequenceEqual("\\connect"u8) || command.SequenceEqual("\\c"u8) || IsEncoding(trimmed)) && restrictKey is null && !argument.IsEmpty)
            return false;
        else
            throw Refused(Encoding.Latin1.GetString(command), window.Offset);
        window.Take(line.Length);
        return true;
    }

    private static bool IsEncoding(ReadOnlySpan<byte> line) => StartsWithWord(line, "\\encoding"u8);

    /// <summary>What psql has the server do at \encoding NAME, which pg_dump writes before it goes to a database of an unusual name.</summary>
    private byte[] EncodingStatement(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> name = line["\\encoding"u8.Length..].Trim(" \t\r\n"u8);
        foreach (byte b in name)
            if (!Lexer.IsWord(b) && b != (byte)'-')
                throw Refused(new ByteString(line).ToString(), Offset);
        return [.. "SET client_encoding = '"u8, .. name, .. "'"u8];
    }

    /// <summary>"USE db" of a MariaDB or MySQL client, and psql's \connect, end with their line; 0 where none stands here.</summary>
    private int LineStatementLength()
    {
        bool isUse = lexer is MariaDbLexer && StartsWithWord(window.Bytes, "use"u8);
        if (!isUse && window.Bytes[0] != (byte)'\\')
            return 0;
        ReadOnlySpan<byte> line = WholeLine();
        return isUse && line.IndexOf(lexer.Delimiter) >= 0 ? 0 : line.Length;
    }

    /// <summary>The database of \connect, which may stand in a connection string; null where it names another server or account too.</summary>
    private ByteString? ConnectTarget(ReadOnlySpan<byte> line)
    {
        var tokens = new SqlTokens(line[1..], lexer);
        tokens.Next();
        tokens.Next();
        if (tokens.IsSymbol('-'))
        {
            // -reuse-previous=on
            for (int i = 0; i < 6 && tokens.Kind != TokenKind.End; i++)
                tokens.Next();
        }
        if (tokens.Kind == TokenKind.End)
            return null;
        ByteString name = tokens.Kind == TokenKind.Word ? new(tokens.Current) : tokens.Unquote();
        tokens.Next();
        if (tokens.Kind != TokenKind.End)
            return null;
        if (!name.Span.StartsWith("dbname="u8))
            return name.Span.Contains((byte)'=') ? null : name;
        ReadOnlySpan<byte> value = name.Span["dbname="u8.Length..];
        if (value.Length < 2 || value[0] != (byte)'\'' || value[^1] != (byte)'\'')
            return value.Contains((byte)' ') ? null : new(value);
        var plain = new List<byte>();
        for (int i = 1; i < value.Length - 1; i++)
            plain.Add(value[i] == (byte)'\\' && i + 1 < value.Length - 1 ? value[++i] : value[i]);
        return ByteString.Own([.. plain]);
    }

    /// <summary>The window's first line with its end.</summary>
    private ReadOnlySpan<byte> WholeLine()
    {
        int end;
        while ((end = window.Bytes.IndexOf((byte)'\n')) < 0 && window.Fill())
        {
        }
        return end < 0 ? window.Bytes : window.Bytes[..(end + 1)];
    }

    private void RefuseClientWords(ReadOnlySpan<byte> text)
    {
        int length = 0;
        while (length < text.Length && (Lexer.IsWord(text[length]) || text[length] == (byte)'?'))
            length++;
        if (length is > 0 and < 24 && ClientWords.Contains(Encoding.Latin1.GetString(text[..length])))
            throw Refused(Encoding.Latin1.GetString(text[..length]), Offset);
    }

    private static bool StartsWithWord(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) =>
        text.Length > word.Length && Ascii.EqualsIgnoreCase(text[..word.Length], word) && text[word.Length] is (byte)' ' or (byte)'\t';

    private UnsupportedException Refused(string command, long offset) => new(
        $"{Place(offset)}: the dump holds the client command {new ByteString(Encoding.Latin1.GetBytes(command))}, which is not run",
        "a dump needs none but DELIMITER, \\connect and \\restrict; look at that place, and cut the line out if it is harmless");

    private string Place(long offset) => $"{input.Files[File].Name}: byte {offset}";
}
