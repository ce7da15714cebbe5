using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Jumpbag.Databases.Dumps.Scanning;

internal enum RowResult
{
    /// <summary>All bytes there are were looked at.</summary>
    NeedMore,

    /// <summary>A row has ended at or beyond the place where a cut was wanted.</summary>
    Cut,

    /// <summary>The statement's delimiter stands at <see cref="RowScanner.At"/>.</summary>
    End,

    /// <summary>What stands at <see cref="RowScanner.At"/> is no row: ON DUPLICATE KEY UPDATE, RETURNING, a conditional comment.</summary>
    Tail,
}

/// <summary>
/// Counts the rows of an INSERT and finds where they end: 64 bytes at a time where strings, brackets and commas are all there is, and
/// element by element, with the lexer's rules, where the 64 bytes hold anything else.
/// </summary>
internal sealed class RowScanner(Lexer lexer)
{
    private bool inString;
    private byte quote;
    private int depth;

    /// <summary>An element ends here, as was seen by looking at elements: what stands before is no part of a word that goes on here.</summary>
    private int boundary;

    /// <summary>Scanned so far.</summary>
    public int At { get; private set; }

    public long Rows { get; private set; }

    /// <summary>Behind the bracket that closes the last row that was counted.</summary>
    public int LastRowEnd { get; private set; }

    public bool IsInString => inString;

    public bool IsInRow => depth > 0;

    public void Begin(int at)
    {
        (At, Rows, LastRowEnd, depth, inString, quote, boundary) = (at, 0, at, 0, false, (byte)'\'', at);
    }

    /// <summary>Someone else has looked at the bytes up to there.</summary>
    public void GoTo(int at) => At = boundary = at;

    /// <summary>So many bytes were taken from the start of the text; of what was not looked at yet only what stands between rows.</summary>
    public void Shift(int count)
    {
        At = Math.Max(0, At - count);
        LastRowEnd -= count;
        boundary = Math.Max(0, boundary - count);
    }

    /// <param name="cutAt">A row that ends there or further on ends the look; 0 for the first that ends at all.</param>
    public RowResult Scan(ReadOnlySpan<byte> text, int cutAt, bool isAtEnd)
    {
        bool byBlocks = lexer.Delimiter.Length == 1 && lexer.Delimiter[0] == (byte)';' && !lexer.IsMultiByte;
        while (true)
        {
            if (byBlocks && (Avx2.IsSupported ? ByBlocks<Block256>(text, cutAt) : ByBlocks<Block128>(text, cutAt)) is var result && result != RowResult.NeedMore)
                return result;
            if (At >= text.Length)
                return RowResult.NeedMore;
            // A block that was too hard for masks, or the rest of the text.
            RowResult? slow = ByElements(text, byBlocks ? Math.Min(text.Length, At + BlockMasks.Size) : text.Length, cutAt, isAtEnd);
            if (slow is { } found)
                return found;
        }
    }

    /// <summary>Goes on while blocks hold strings, brackets and plain values only.</summary>
    [SkipLocalsInit]
    private RowResult ByBlocks<TBlock>(ReadOnlySpan<byte> text, int cutAt)
        where TBlock : struct, IBlock
    {
        bool isPostgres = lexer is PostgresLexer, escapes = lexer.HasEscapes(quote), carry = false;
        byte other = isPostgres ? (byte)'$' : (byte)'#', otherQuote = quote == (byte)'"' ? (byte)'\'' : (byte)'"', name = isPostgres ? (byte)'$' : (byte)'`';
        byte mark = quote;
        ulong wasInString = inString ? ulong.MaxValue : 0, wasInRow = depth == 1 ? ulong.MaxValue : 0;
        if (depth > 1)
            return RowResult.NeedMore;
        ref byte start = ref MemoryMarshal.GetReference(text);
        int at = At, last = text.Length - BlockMasks.Size, rowEnd = LastRowEnd;
        long rows = Rows;
        RowResult result = RowResult.NeedMore;
        while (at <= last)
        {
            ref byte block = ref Unsafe.Add(ref start, at);
            ulong backslashes = TBlock.Equal(ref block, (byte)'\\');
            bool escaped = carry;
            ulong quotes = TBlock.Equal(ref block, mark);
            if (escapes)
                quotes &= ~BlockMasks.Escaped(backslashes, ref carry);
            ulong strings = BlockMasks.PrefixXor(quotes) ^ wasInString;
            ulong outside = ~(strings | quotes);
            ulong hard = backslashes | TBlock.EqualAny(ref block, other, otherQuote, name, (byte)'/');
            ulong dashes = TBlock.Equal(ref block, (byte)'-') & outside;
            hard = (hard & outside) | (dashes & ((dashes << 1) | 1UL << 63));
            if (isPostgres)
            {
                // E'…' has escapes whatever the settings are; what stands before the block is looked at where it matters.
                ulong e = (TBlock.Equal(ref block, (byte)'e') | TBlock.Equal(ref block, (byte)'E')) << 1;
                if ((quotes & 1) != 0 && at > boundary && text[at - 1] is (byte)'e' or (byte)'E')
                    e |= 1;
                e &= quotes & strings;
                if ((e & 1) != 0)
                {
                    at--;
                    carry = escaped;
                    break;
                }
                hard |= e;
            }
            ulong opening = TBlock.Equal(ref block, (byte)'(') & outside, closing = TBlock.Equal(ref block, (byte)')') & outside;
            ulong brackets = opening | closing;
            ulong inRow = BlockMasks.PrefixXor(brackets) ^ wasInRow;
            ulong ends = TBlock.Equal(ref block, (byte)';') & outside;
            // To psql a semicolon in brackets is none.
            if (isPostgres)
                ends &= ~inRow;
            ulong before = ends == 0 ? ulong.MaxValue : BlockMasks.Below(ends);
            // Brackets must take turns, and strings stand in rows.
            hard |= (opening & ~inRow) | (closing & inRow) | (quotes & ~inRow);
            ulong between = outside & ~inRow & ~brackets & before;
            if (between != 0 && (between &= ~TBlock.Equal(ref block, (byte)',')) != 0)
                hard |= between & ~(TBlock.EqualAny(ref block, (byte)' ', (byte)'\n', (byte)'\r', (byte)'\t'));
            if ((hard & before) != 0)
            {
                carry = escaped;
                break;
            }
            closing &= before;
            if (cutAt == 0 && closing != 0)
            {
                // Behind the first row that ends, not behind the last of the block.
                rows++;
                at = rowEnd = at + BlockMasks.First(closing) + 1;
                wasInString = wasInRow = 0;
                carry = false;
                result = RowResult.Cut;
                break;
            }
            rows += BitOperations.PopCount(closing);
            if (closing != 0)
                rowEnd = at + BlockMasks.Last(closing) + 1;
            if (ends != 0)
            {
                at += BlockMasks.First(ends);
                wasInString = 0;
                wasInRow = 0;
                carry = false;
                result = RowResult.End;
                break;
            }
            wasInString = (ulong)((long)strings >> 63);
            wasInRow = (ulong)((long)inRow >> 63);
            at += BlockMasks.Size;
            if (rowEnd >= cutAt)
            {
                result = RowResult.Cut;
                break;
            }
        }
        inString = wasInString != 0;
        depth = wasInRow != 0 ? 1 : 0;
        // A backslash at the end of the last block is looked at again.
        At = carry ? at - 1 : at;
        (Rows, LastRowEnd) = (rows, rowEnd);
        return result;
    }

    private bool IsWithinWord(ReadOnlySpan<byte> text, int at)
    {
        int start = at;
        while (start > boundary && Lexer.IsWord(text[start - 1]))
            start--;
        return text[start..at].IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0;
    }

    private RowResult? ByElements(ReadOnlySpan<byte> text, int until, int cutAt, bool isAtEnd)
    {
        int at = At;
        // The block may begin within a word, whose last letter is not the E of E'…'.
        if (lexer is PostgresLexer && !inString && IsWithinWord(text, at))
        {
            while (at < text.Length && Lexer.IsWord(text[at]))
                at++;
            if (at == text.Length && !isAtEnd)
                return RowResult.NeedMore;
        }
        try
        {
            while (at < until)
            {
                if (inString)
                {
                    int end = lexer.SkipString(text, at, quote, lexer.HasEscapes(quote), out int resume);
                    at = resume;
                    if (end == Lexer.NeedMore)
                        return RowResult.NeedMore;
                    inString = false;
                    continue;
                }
                ReadOnlySpan<byte> rest = text[at..];
                byte first = rest[0];
                if (first == lexer.Delimiter[0] && !(lexer is PostgresLexer && depth > 0))
                {
                    if (rest.StartsWith(lexer.Delimiter))
                        return RowResult.End;
                    if (!isAtEnd && rest.Length < lexer.Delimiter.Length)
                        return RowResult.NeedMore;
                }
                int next = lexer.SkipComment(text, at, isAtEnd, false);
                if (next == Lexer.NeedMore)
                    return RowResult.NeedMore;
                if (next > at)
                {
                    at = next;
                    continue;
                }
                switch (first)
                {
                    case (byte)'(':
                        depth++;
                        at++;
                        continue;
                    case (byte)')':
                        at++;
                        if (depth > 0 && --depth == 0)
                        {
                            Rows++;
                            LastRowEnd = at;
                            if (at >= cutAt)
                                return RowResult.Cut;
                        }
                        continue;
                    case (byte)'\\' when lexer is PostgresLexer || (rest.Length > 1 && rest[1] != (byte)'N'):
                        // The lexer says what to do with it.
                        return RowResult.Tail;
                }
                if (depth == 0 && first != (byte)',' && !Lexer.IsSpace(first))
                    return RowResult.Tail;
                if (first == (byte)'\'' || (first == (byte)'"' && lexer is MariaDbLexer))
                {
                    inString = true;
                    quote = first;
                    at++;
                    continue;
                }
                next = lexer.SkipElement(text, at, isAtEnd);
                if (next == Lexer.NeedMore)
                    return RowResult.NeedMore;
                at = next;
            }
            return null;
        }
        finally
        {
            At = boundary = at;
        }
    }
}
