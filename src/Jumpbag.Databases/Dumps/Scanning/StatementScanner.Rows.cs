using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>The statements that hold rows, which come in pieces.</summary>
internal sealed partial class StatementScanner
{
    private readonly Queue<(long End, long Rows)> cuts = new();
    private byte[]? cachedHead;
    private InsertHead? cachedInsert;
    private byte[] insertHead = [];
    private int insertEnd = -1, commandLength, copyScanned;
    private bool isStreaming, hasTail, isLaterPiece, isWithinRow;
    private long rowsBefore, lastCut;

    private bool TryBeginRows()
    {
        ReadOnlySpan<byte> text = window.Bytes;
        // Many statements have the same head: the rest of a table in single rows.
        if (cachedHead is not null && cachedInsert is not null && text.StartsWith(cachedHead))
            Begin(cachedInsert);
        else
        {
            if ((text[0] | 0x20) is not ((byte)'i' or (byte)'r'))
                return false;
            InsertHead? found;
            while ((found = InsertHead.Parse(window.Bytes, lexer, Database, out bool isCut)) is null)
                if (!isCut || window.Length > MostHead || !window.Fill())
                    return false;
            // With the bracket: another head may begin with the same bytes.
            (cachedHead, cachedInsert) = (window.Bytes[..(found.Length + 1)].ToArray(), found);
            Begin(found);
        }
        return true;

        void Begin(InsertHead insert)
        {
            Facts = new(StatementKind.Insert, insert.Name);
            Verb = insert.Verb;
            rows!.Begin(insert.Length);
            lexer.Begin();
            cuts.Clear();
            (insertEnd, isStreaming, hasTail, isLaterPiece, rowsBefore, lastCut) = (-1, counting, false, false, 0, window.Offset);
            inRest = false;
        }
    }

    /// <summary>The next piece of the INSERT; the window begins with the statement, of a later piece with its first row.</summary>
    private bool NextRows()
    {
        while (true)
        {
            if (cuts.Count > 0 && (insertEnd >= 0 || isStreaming))
            {
                int end = (int)(cuts.Peek().End - window.Offset), next = NextRowAt(end);
                if (next >= 0)
                    return Piece(end, next, cuts.Dequeue().Rows - rowsBefore);
            }
            if (insertEnd >= 0)
                return LastPiece();
            bool wasAll = window.IsAtEnd;
            switch (hasTail ? RowResult.Tail : rows!.Scan(window.Bytes, CutAt(), window.IsAtEnd))
            {
                case RowResult.Cut:
                    lastCut = window.Offset + rows!.LastRowEnd;
                    cuts.Enqueue((lastCut, rows.Rows));
                    continue;
                case RowResult.End:
                    insertEnd = rows!.At;
                    if (counting && GoOnAlike())
                        insertEnd = -1;
                    continue;
                case RowResult.Tail:
                    if (counting || (inRest && restIsFirst) || (hasTail && window.Length > options.LookAhead))
                    {
                        GoOnAsRest(rows!.At);
                        return false;
                    }
                    KeepWhole();
                    int at = rows!.At;
                    insertEnd = FindEnd(ref at);
                    rows.GoTo(at);
                    if (insertEnd >= 0)
                        continue;
                    break;
                default:
                    // One byte stays, for whoever must know what stood before.
                    if (counting && rows!.At > 1)
                        return Piece(rows.At - 1, rows.At - 1, rows.Rows - rowsBefore);
                    if (!isStreaming && window.Length > options.LookAhead)
                    {
                        isStreaming = true;
                        continue;
                    }
                    if (isStreaming && cuts.Count == 0 && rows!.At > options.MostHeld)
                    {
                        // The rows before it go by themselves.
                        if (!inRest && rows.Rows > rowsBefore)
                        {
                            lastCut = window.Offset + rows.LastRowEnd;
                            cuts.Enqueue((lastCut, rows.Rows));
                            continue;
                        }
                        return RowPart(Math.Min(rows.At - 1, options.MostHeld));
                    }
                    break;
            }
            if (!window.Fill() && wasAll)
                return Cut(statementOffset, $"within {(rows!.IsInRow ? "a row of " : "")}{Verb} INTO {Facts.Name}, which begins at byte {statementOffset}{LineText}");
        }
    }

    /// <summary>Where only counting matters, statements with one head go as one: rows that have a statement each are half of some dumps.</summary>
    private bool GoOnAlike()
    {
        ReadOnlySpan<byte> bytes = window.Bytes;
        if (bytes[insertEnd] == (byte)'\\')
            return false;
        int next = insertEnd + lexer.Delimiter.Length;
        if (next < bytes.Length && bytes[next] == (byte)'\n')
            next++;
        if (!bytes[next..].StartsWith(cachedHead))
            return false;
        statementOffset = window.Offset + next;
        lexer.Begin();
        rows!.GoTo(next + cachedInsert!.Length);
        return true;
    }

    /// <summary>Where lines are counted.</summary>
    private string LineText => counting ? "" : $" (line {statementLine})";

    private int CutAt() => counting ? int.MaxValue : inRest ? 0 : (int)Math.Min(int.MaxValue, lastCut - window.Offset + options.PieceSize);

    private void KeepWhole()
    {
        if (!hasTail && isStreaming && !counting)
            throw new UnsupportedException($"{Place(statementOffset)}: the INSERT of more than {ByteSize.Format(options.LookAhead)} has something behind its rows ({TailStart()}), so it can't be sent in pieces",
                "dump again with smaller statements, or send this one with the server's own client");
        hasTail = true;
        cuts.Clear();
    }

    private string TailStart() => new ByteString(window.Bytes.Slice(rows!.At, Math.Min(24, window.Length - rows.At))).ToString();

    /// <summary>Where the row behind a cut begins; -1 where none follows, or its start isn't there yet.</summary>
    private int NextRowAt(int at)
    {
        ReadOnlySpan<byte> bytes = window.Bytes;
        while (at < bytes.Length)
        {
            if (bytes[at] == (byte)'(')
                return at;
            int next = bytes[at] == (byte)',' || Lexer.IsSpace(bytes[at]) ? at + 1 : lexer.SkipComment(bytes, at, window.IsAtEnd, false);
            if (next <= at)
                return -1;
            at = next;
        }
        return -1;
    }

    private bool Piece(int end, int next, long count)
    {
        if (!isLaterPiece && !counting)
            insertHead = window.Bytes[..cachedInsert!.Length].ToArray();
        Describe(end, next, count);
        IsLast = false;
        rows!.Shift(next);
        insertEnd -= insertEnd < 0 ? 0 : next;
        return true;
    }

    private bool LastPiece()
    {
        int after = window.Bytes[insertEnd] == (byte)'\\' ? insertEnd + 2 : insertEnd + lexer.Delimiter.Length;
        Describe(TrimmedLength(window.Bytes[..insertEnd]), after, rows!.Rows - rowsBefore);
        IsLast = true;
        state = State.Between;
        evidence.Saw(StatementKind.Insert, default);
        return true;
    }

    private void Describe(int end, int next, long count)
    {
        IsFirst = !isLaterPiece;
        if (isLaterPiece)
            (Offset, Line, head) = (window.Offset, counting ? 0 : window.Line, inRest ? [] : insertHead);
        isLaterPiece = true;
        (HasRest, IsRest, inRest) = (false, inRest, false);
        (textLength, Length, toTake, Rows) = (end, next, next, count);
        rowsBefore += count;
    }

    private void BeginCopy(int after)
    {
        head = Text.ToArray();
        int end;
        while ((end = window.Bytes[after..].IndexOf((byte)'\n')) < 0 && window.Fill())
        {
        }
        commandLength = end < 0 ? window.Length : after + end + 1;
        window.Take(commandLength);
        (toTake, textLength, copyScanned, isLaterPiece, isWithinRow, state) = (0, 0, 0, false, false, State.Copy);
    }

    /// <summary>The next lines of the COPY, or the next part of a row that is too long to be held whole.</summary>
    private bool NextCopy()
    {
        while (true)
        {
            bool wasAll = window.IsAtEnd;
            int end = CopyEnd(), ready = end >= 0 ? end : copyScanned;
            if (isWithinRow && window.Bytes[..ready].IndexOf((byte)'\n') is var rest && (rest >= 0 || ready >= options.PieceSize))
            {
                CopyPart(rest >= 0 ? rest + 1 : ready, endsRow: rest >= 0);
                return true;
            }
            if (!isWithinRow && end >= 0 && (counting || end <= options.PieceSize + (options.PieceSize >> 2)))
            {
                int line = window.Bytes[end..].IndexOf((byte)'\n');
                CopyPiece(end, line < 0 ? window.Length : end + line + 1, isLast: true);
                state = State.Between;
                evidence.Saw(StatementKind.Copy, default);
                return true;
            }
            if (!isWithinRow && ready >= (counting ? 1 : options.PieceSize) && LineEnd(window.Bytes[..ready]) is > 0 and var cut)
            {
                CopyPiece(cut, cut, isLast: false);
                copyScanned = 0;
                return true;
            }
            if (!isWithinRow && ready >= options.MostHeld)
            {
                CopyPart(ready, endsRow: false);
                return true;
            }
            if (!window.Fill() && wasAll)
                return Cut(statementOffset, $"within the lines of COPY {Facts.Name}, which begins at byte {statementOffset}{LineText}");
        }
    }

    private void CopyPart(int length, bool endsRow)
    {
        bool isRest = isWithinRow;
        CopyPiece(length, length, isLast: false);
        (copyScanned, isWithinRow, HasRest, IsRest) = (0, !endsRow, !endsRow, isRest);
    }

    /// <summary>Behind the last line that ends within a piece, else behind the first that ends at all; 0 where none does.</summary>
    private int LineEnd(ReadOnlySpan<byte> lines)
    {
        int piece = counting ? lines.Length : Math.Min(lines.Length, options.PieceSize);
        int end = lines[..piece].LastIndexOf((byte)'\n');
        return end >= 0 ? end + 1 : piece + lines[piece..].IndexOf((byte)'\n') is var later && later >= piece ? later + 1 : 0;
    }

    private void CopyPiece(int end, int next, bool isLast)
    {
        IsFirst = !isLaterPiece;
        if (isLaterPiece)
            (Offset, Line) = (window.Offset, counting ? 0 : window.Line);
        (IsLast, HasRest, IsRest) = (isLast, false, false);
        linesLength = end;
        Rows = window.Bytes[..end].Count((byte)'\n');
        Length = next + (isLaterPiece ? 0 : commandLength);
        toTake = next;
        isLaterPiece = true;
    }

    /// <summary>Where the line "\." begins; -1 where it is not there yet.</summary>
    private int CopyEnd()
    {
        ReadOnlySpan<byte> bytes = window.Bytes;
        if (copyScanned == 0 && !isWithinRow && bytes.StartsWith("\\."u8) && EndsLine(bytes, 2))
            return 0;
        int at = Math.Max(0, copyScanned - 1);
        while (bytes[at..].IndexOf("\n\\."u8) is >= 0 and var found)
        {
            at += found + 1;
            if (EndsLine(bytes, at + 2))
                return at;
            // The rest of the line isn't there yet.
            if (at + 4 > bytes.Length && !window.IsAtEnd)
            {
                copyScanned = at;
                return -1;
            }
        }
        // What may be the first bytes of "\n\." is looked at again.
        copyScanned = Math.Max(0, bytes.Length - 2);
        return -1;
    }

    private bool EndsLine(ReadOnlySpan<byte> bytes, int at)
    {
        if (at < bytes.Length && bytes[at] == (byte)'\r')
            at++;
        return at < bytes.Length ? bytes[at] == (byte)'\n' : window.IsAtEnd;
    }
}
