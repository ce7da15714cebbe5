using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Scanning;

internal enum TokenKind
{
    End,
    Word,
    QuotedName,
    Text,
    Symbol,

    /// <summary>"/*!50003" and "*/": only where they were asked for.</summary>
    ConditionalStart,
    ConditionalEnd,
}

/// <summary>
/// The words of a statement, for telling what it does: comments are left out, the text of conditional ones is read as if it stood
/// there without the marks. Of cut text the last token may be wrong; <see cref="Position"/> then is its end.
/// </summary>
internal ref struct SqlTokens(ReadOnlySpan<byte> text, Lexer lexer)
{
    private readonly ReadOnlySpan<byte> text = text;
    private int openConditionals;

    /// <summary>The marks of conditional comments are tokens too: for those who change the text.</summary>
    public bool ShowsConditionals { get; init; }

    public TokenKind Kind { get; private set; }

    /// <summary>Where the current token begins, and ends.</summary>
    public int Start { get; private set; }

    public int Position { get; private set; }

    public readonly ReadOnlySpan<byte> Current => text[Start..Position];

    public readonly bool Is(ReadOnlySpan<byte> word) => Kind == TokenKind.Word && Ascii.EqualsIgnoreCase(Current, word);

    public readonly bool IsSymbol(char symbol) => Kind == TokenKind.Symbol && text[Start] == symbol;

    /// <summary>Whether it is a name: quoted, or a plain word.</summary>
    public readonly bool IsName => Kind is TokenKind.Word or TokenKind.QuotedName;

    public void Next()
    {
        SkipSpace();
        Start = Position;
        if (Position >= text.Length)
        {
            Kind = TokenKind.End;
            return;
        }
        byte first = text[Position];
        bool isMariaDb = lexer is MariaDbLexer;
        if (ShowsConditionals && ConditionalMark(text[Position..]) is > 0 and var length)
        {
            Count(first);
            (Kind, Position) = (first == (byte)'/' ? TokenKind.ConditionalStart : TokenKind.ConditionalEnd, Position + length);
        }
        else if (first == (byte)'`' || (first == (byte)'"' && !(isMariaDb && !((MariaDbLexer)lexer).AnsiQuotes)))
            (Kind, Position) = (TokenKind.QuotedName, ElementEnd());
        else if (first is (byte)'\'' or (byte)'"' || (first == (byte)'$' && !isMariaDb))
            (Kind, Position) = (TokenKind.Text, ElementEnd());
        else if (IsWordByte(first))
        {
            Kind = TokenKind.Word;
            while (Position < text.Length && IsWordByte(text[Position]))
                Position++;
        }
        else
            (Kind, Position) = (TokenKind.Symbol, Position + 1);
    }

    /// <summary>Moves on where the current token is this word.</summary>
    public bool Take(ReadOnlySpan<byte> word)
    {
        if (!Is(word))
            return false;
        Next();
        return true;
    }

    public bool TakeSymbol(char symbol)
    {
        if (!IsSymbol(symbol))
            return false;
        Next();
        return true;
    }

    /// <summary>A name with or without a qualifier, unquoted; the token behind it is then the current one. Null where none stands here.</summary>
    public ObjectName? TakeName(ByteString? qualifier)
    {
        if (!IsName)
            return null;
        ByteString name = Unquote();
        Next();
        while (IsSymbol('.'))
        {
            Next();
            if (!IsName)
                return null;
            (qualifier, name) = (name, Unquote());
            Next();
        }
        return new(qualifier, name);
    }

    /// <summary>The current token without its quotation marks; of a word (in PostgreSQL) what it stands for.</summary>
    public readonly ByteString Unquote()
    {
        if (Kind != TokenKind.Word)
            return ByteString.Own(Unquote(Current));
        byte[] word = Current.ToArray();
        if (lexer is PostgresLexer)
            for (int i = 0; i < word.Length; i++)
                word[i] = word[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(word[i] | 0x20) : word[i];
        return ByteString.Own(word);
    }

    /// <summary>What stands between the quotation marks of a token, those that are doubled once.</summary>
    public static byte[] Unquote(ReadOnlySpan<byte> token)
    {
        if (token.Length < 2)
            return token.ToArray();
        byte quote = token[0];
        var plain = new List<byte>(token.Length);
        for (int i = 1; i < token.Length - 1; i++)
        {
            plain.Add(token[i]);
            if (token[i] == quote && i + 1 < token.Length - 1 && token[i + 1] == quote)
                i++;
        }
        return [.. plain];
    }

    /// <summary>Moves behind the bracket that closes the current, opening one.</summary>
    public void SkipBrackets()
    {
        int depth = 0;
        do
        {
            depth += IsSymbol('(') ? 1 : IsSymbol(')') ? -1 : 0;
            Next();
        }
        while (depth > 0 && Kind != TokenKind.End);
    }

    private readonly int ElementEnd()
    {
        int end = lexer.SkipElement(text, Position, true);
        // Quotation marks that are doubled go on with the same token.
        while (end > 0 && end < text.Length && text[end] == text[Position] && text[end] != (byte)'$')
            end = lexer.SkipElement(text, end, true);
        return end < 0 ? text.Length : end;
    }

    private void SkipSpace()
    {
        while (Position < text.Length)
        {
            ReadOnlySpan<byte> rest = text[Position..];
            if (Lexer.IsSpace(rest[0]))
                Position++;
            else if (ConditionalMark(rest) is > 0 and var length)
            {
                if (ShowsConditionals)
                    return;
                Count(rest[0]);
                Position += length;
            }
            else
            {
                int next = lexer.SkipComment(text, Position, true, false);
                if (next == Position)
                    return;
                Position = next < 0 ? text.Length : next;
            }
        }
    }

    private void Count(byte firstOfMark) => openConditionals += firstOfMark == (byte)'/' ? 1 : -1;

    /// <summary>Bytes of "/*!50003", "/*M!" or "*/" at the start; 0 where none stands there. A "*/" that closes nothing is two symbols.</summary>
    private readonly int ConditionalMark(ReadOnlySpan<byte> rest)
    {
        if (lexer is not MariaDbLexer)
            return 0;
        if (openConditionals > 0 && rest.StartsWith("*/"u8))
            return 2;
        if (!MariaDbLexer.IsConditional(rest))
            return 0;
        int length = rest[2] == (byte)'M' ? 4 : 3;
        while (length < rest.Length && rest[length] is >= (byte)'0' and <= (byte)'9')
            length++;
        return length;
    }

    private readonly bool IsWordByte(byte b) => Lexer.IsWord(b) || (b == (byte)'@' && lexer is MariaDbLexer);
}
