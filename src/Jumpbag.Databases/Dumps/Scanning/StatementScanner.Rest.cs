using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>Rows that are too long to be held, and MariaDB's and MySQL's statements: they come in parts, cut anywhere.</summary>
internal sealed partial class StatementScanner
{
    private int restAt;
    private byte restQuote;
    private bool inRest, restIsFirst;

    /// <summary>The text goes on with what the next call finds.</summary>
    public bool HasRest { get; private set; }

    /// <summary>The text goes on from what the last call found.</summary>
    public bool IsRest { get; private set; }

    /// <summary>Whether what begins in the window has grown too long to be held.</summary>
    private bool IsTooLong(int most) => lexer is MariaDbLexer && window.Length > most;

    /// <summary>A statement that holds no rows is too long: what it does must show from its start.</summary>
    private void BeginRest(int at)
    {
        textLength = window.Length;
        Classify();
        if (Facts.Kind is not (StatementKind.Change or StatementKind.Other))
            throw new UnsupportedException($"{Place(Offset)}: a definition of more than {ByteSize.Format(options.MostHeld)}", "is the dump damaged, or a quotation mark missing there?");
        evidence.Saw(Facts.Kind, default);
        inRest = false;
        GoOnAsRest(at);
    }

    private void GoOnAsRest(int at)
    {
        cuts.Clear();
        (restAt, restQuote, state) = (at, 0, State.Rest);
    }

    private bool NextRest()
    {
        while (true)
        {
            int end = RestEnd();
            if (end >= 0)
            {
                LastPart(end);
                return true;
            }
            if (restAt > options.MostHeld || (counting && restAt > 1))
            {
                int length = counting ? restAt - 1 : Math.Min(restAt - 1, options.MostHeld);
                restAt -= length;
                Part(length);
                return true;
            }
            bool wasAll = window.IsAtEnd;
            if (!window.Fill() && wasAll)
                return Cut(statementOffset, $"within the statement that begins at byte {statementOffset}{LineText}");
        }
    }

    /// <summary>Where the statement ends; goes on within a string where the last look has ended in one.</summary>
    private int RestEnd()
    {
        while (true)
        {
            if (restQuote != 0)
            {
                int closed = lexer.SkipString(window.Bytes, restAt, restQuote, lexer.HasEscapes(restQuote), out int resume);
                restAt = resume;
                if (closed == Lexer.NeedMore)
                    return Lexer.NeedMore;
                restQuote = 0;
            }
            int end = FindEnd(ref restAt);
            if (end >= 0 || restAt >= window.Length || window.Bytes[restAt] is not ((byte)'\'' or (byte)'"' or (byte)'`'))
                return end;
            restQuote = window.Bytes[restAt++];
        }
    }

    private void Part(int length)
    {
        if (inRest)
            Offset = window.Offset;
        (textLength, Length, toTake, Rows, head) = (length, length, length, 0, []);
        (IsFirst, IsLast, HasRest, IsRest) = (!inRest && !isLaterPiece, false, true, inRest);
        inRest = true;
    }

    private void LastPart(int end)
    {
        if (inRest)
            Offset = window.Offset;
        (textLength, head) = (TrimmedLength(window.Bytes[..end]), []);
        Length = toTake = window.Bytes[end] == (byte)'\\' ? end + 2 : end + lexer.Delimiter.Length;
        Rows = Facts.Kind == StatementKind.Insert ? rows!.Rows - rowsBefore : 0;
        (IsFirst, IsLast, HasRest, IsRest, inRest, state) = (!inRest && !isLaterPiece, true, false, inRest, false, State.Between);
        evidence.Saw(Facts.Kind, default);
    }

    /// <summary>Of the row that goes on, so far as it is there.</summary>
    private bool RowPart(int length)
    {
        if (!inRest)
        {
            if (!isLaterPiece)
                insertHead = window.Bytes[..cachedInsert!.Length].ToArray();
            restIsFirst = !isLaterPiece;
        }
        Describe(length, length, 0);
        (IsLast, HasRest) = (false, true);
        inRest = true;
        rows!.Shift(length);
        return true;
    }
}
