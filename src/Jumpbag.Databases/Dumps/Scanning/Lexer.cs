namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>
/// Finds where statements end, as the client of the dialect does. It goes element by element: a string, a comment, a word or one byte.
/// An element of which the end is not there yet is looked at again from its start when more bytes are.
/// </summary>
internal abstract class Lexer
{
    /// <summary>More bytes are needed to tell.</summary>
    public const int NeedMore = -1;

    /// <summary>Byte that is in no string, comment or name: a delimiter of statements if nothing else.</summary>
    public abstract ReadOnlySpan<byte> Delimiter { get; }

    /// <summary>Whether a backslash in a string in these quotation marks takes the next byte's meaning away.</summary>
    public abstract bool HasEscapes(byte quote);

    /// <summary>Whether strings need a look at each byte: character sets in which the second byte of a character may be a backslash.</summary>
    public virtual bool IsMultiByte => false;

    /// <summary>A new statement begins.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>Where the delimiter stands that ends the statement.</summary>
    /// <param name="at">From there on, in no string or comment; where more bytes are needed, to go on from.</param>
    public abstract int FindEnd(ReadOnlySpan<byte> text, ref int at, bool isAtEnd);

    /// <summary>Behind the comment that begins here; <paramref name="at"/> itself where none does; <see cref="NeedMore"/>.</summary>
    public abstract int SkipComment(ReadOnlySpan<byte> text, int at, bool isAtEnd, bool atStatementStart);

    /// <summary>Behind the closing quotation mark of a string whose text goes on at <paramref name="at"/>; <see cref="NeedMore"/>.</summary>
    /// <param name="resume">Where more bytes are needed: from where to go on within the string.</param>
    public virtual int SkipString(ReadOnlySpan<byte> text, int at, byte quote, bool escapes, out int resume)
    {
        while (true)
        {
            int found = escapes ? text[at..].IndexOfAny(quote, (byte)'\\') : text[at..].IndexOf(quote);
            if (found < 0)
            {
                resume = text.Length;
                return NeedMore;
            }
            at += found + 1;
            if (text[at - 1] == quote)
                return resume = at;
            if (++at > text.Length)
            {
                resume = at - 2;
                return NeedMore;
            }
        }
    }

    /// <summary>Behind the element, which is no comment; <see cref="NeedMore"/>.</summary>
    public abstract int SkipElement(ReadOnlySpan<byte> text, int at, bool isAtEnd);

    public static bool IsSpace(byte b) => b is (byte)' ' or (>= 9 and <= 13);

    public static bool IsWord(byte b) => b is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'0' and <= (byte)'9') or (byte)'_' or (byte)'$' or >= 0x80;

    /// <summary>Behind the end of a line; at the end of the text where that is the input's end.</summary>
    protected static int SkipLine(ReadOnlySpan<byte> text, int at, bool isAtEnd) =>
        text[at..].IndexOf((byte)'\n') is >= 0 and var length ? at + length + 1 : isAtEnd ? text.Length : NeedMore;
}
