using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps.Input;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>
/// Goes through the inputs, statement by statement and piece by piece. What <see cref="Next"/> has found stands in the properties,
/// the spans among them good until the next call.
/// </summary>
/// <param name="counting">Pieces may be cut anywhere: nothing is looked ahead for, and nothing but statements that hold no rows stays
/// whole in memory.</param>
internal sealed partial class StatementScanner(DumpInput input, DumpReaderOptions options, bool counting)
{
    private const int MostHead = 1 << 20;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private readonly Window window = new(counting ? 512 << 10 : Math.Max(options.PieceSize + (128 << 10), 64 << 10), 2 * Math.Max(options.LookAhead, options.MostHeld));
    private readonly Lexer lexer = input.Dialect == Dialect.Postgres ? new PostgresLexer() : new MariaDbLexer();
    private readonly Queue<byte[]> opening = new();
    private MariaDbSession? session;
    private RowScanner? rows;
    private State state = State.Done;
    private int textLength, linesLength, toTake;
    private byte[] head = [];
    private long statementOffset, statementLine;
    private TailEvidence evidence = new();

    private enum State
    {
        Between,
        Rows,
        Copy,
        Rest,
        Done,
    }

    public StatementFacts Facts { get; private set; }

    public string? Verb { get; private set; }

    public int File { get; private set; } = -1;

    public long Offset { get; private set; }

    public long Length { get; private set; }

    public long Line { get; private set; }

    public long Rows { get; private set; }

    public bool IsFirst { get; private set; }

    public bool IsLast { get; private set; }

    public ByteString? Database { get; private set; }

    /// <summary>Stands before <see cref="Text"/>: of a later piece of an INSERT its head, of a COPY all of the command. Else empty.</summary>
    public ReadOnlySpan<byte> Head => head;

    public ReadOnlySpan<byte> Text => window.Bytes[..textLength];

    public ReadOnlySpan<byte> CopyLines => window.Bytes[..linesLength];

    /// <summary>Of the CREATE TABLE at hand.</summary>
    public TableShape Shape() => TableShape.Read(Text, lexer);

    /// <summary>By the ALTER TABLE at hand, of MariaDB and MySQL.</summary>
    public int KeysAdded() => lexer is MariaDbLexer && textLength <= MostHead ? Loading.TableAlteration.KeysAdded(Text, lexer) : 0;

    /// <summary>How each input ended that was read to its end.</summary>
    public List<DumpTail> Tails { get; } = [];

    /// <summary>False at the end, or where an input is cut (see <see cref="Tails"/>).</summary>
    public bool Next()
    {
        window.Take(toTake);
        toTake = textLength = linesLength = 0;
        while (true)
        {
            switch (state)
            {
                case State.Done:
                    if (Tails.Count > 0 && Tails[^1].State == DumpTailState.Truncated || File + 1 >= input.Files.Count)
                        return false;
                    OpenNext();
                    break;
                case State.Rows:
                    if (NextRows())
                        return true;
                    break;
                case State.Copy:
                    if (NextCopy())
                        return true;
                    break;
                case State.Rest:
                    if (NextRest())
                        return true;
                    break;
                default:
                    if (NextStatement())
                        return true;
                    break;
            }
        }
    }

    private void OpenNext()
    {
        File++;
        window.Open(input.Files[File]);
        // Programs of Windows begin text with it; the clients pass over it too.
        window.Want(ByteOrderMark.Length);
        if (window.Bytes.StartsWith(ByteOrderMark))
            window.Take(ByteOrderMark.Length);
        evidence = new();
        evidence.Begin(input.Files[File].PlainHead.Span);
        if (lexer is MariaDbLexer mariaDb && session is null)
        {
            session = new(mariaDb, options.NoBackslashEscapes);
            session.Begin();
        }
        rows ??= new(lexer);
        state = State.Between;
        foreach (string statement in input.Files[File].Opening)
            opening.Enqueue(Encoding.UTF8.GetBytes(statement));
    }

    /// <summary>A statement that no input has, of length 0.</summary>
    private bool NextOpening()
    {
        (Offset, Length, Line, IsFirst, IsLast, HasRest, IsRest, Rows, Verb, head) = (0, 0, 1, true, true, false, false, 0, null, opening.Dequeue());
        Facts = MariaDbStatements.Classify(head, lexer, Database);
        Follow();
        return true;
    }

    /// <summary>False where there was none, or where another state goes on with it.</summary>
    private bool NextStatement()
    {
        if (opening.Count > 0)
            return NextOpening();
        if (!SkipBetween())
        {
            Tails.Add(window.Damage is { } damage ? new(DumpTailState.Truncated, File, window.Offset, damage) : evidence.AtEnd(File, window.Offset));
            state = State.Done;
            return false;
        }
        (Offset, IsFirst, IsLast, HasRest, IsRest, Rows, Verb, head) = (window.Offset, true, true, false, false, 0, null, []);
        statementOffset = Offset;
        if (!counting)
            Line = statementLine = window.Line;
        if (TryBeginRows())
        {
            state = State.Rows;
            return false;
        }
        if (LineStatementLength() is > 0 and var line)
            return LineStatement(line);
        lexer.Begin();
        int at = 0, end;
        while ((end = FindEnd(ref at)) == Lexer.NeedMore)
        {
            if (IsTooLong(options.MostHeld))
            {
                isLaterPiece = false;
                BeginRest(at);
                return false;
            }
            // What stood last may mean something else where nothing follows.
            bool wasAll = window.IsAtEnd;
            if (!window.Fill() && wasAll)
                return Cut(window.Offset, Unfinished());
        }
        textLength = TrimmedLength(window.Bytes[..end]);
        int after = window.Bytes[end] == (byte)'\\' ? end + 2 : end + lexer.Delimiter.Length;
        Length = toTake = after;
        Classify();
        if (Facts.Kind == StatementKind.Copy)
        {
            BeginCopy(after);
            return false;
        }
        Follow();
        return true;
    }

    private bool LineStatement(int length)
    {
        (textLength, Length, toTake) = (TrimmedLength(window.Bytes[..length]), length, length);
        if (lexer is PostgresLexer && IsEncoding(Text))
            (head, textLength, Facts) = (EncodingStatement(Text), 0, new(StatementKind.Set));
        else if (lexer is PostgresLexer)
            Facts = new(StatementKind.Use, new ObjectName(null, ConnectTarget(Text) ?? throw Refused(new ByteString(Text).ToString(), Offset)));
        else
            Classify();
        Follow();
        return true;
    }

    private int FindEnd(ref int at)
    {
        try
        {
            return lexer.FindEnd(window.Bytes, ref at, window.IsAtEnd);
        }
        catch (ClientCommandException e)
        {
            throw Refused(e.Command, window.Offset + e.At);
        }
    }

    private void Classify()
    {
        Facts = lexer is PostgresLexer ? PostgresStatements.Classify(Text, lexer) : MariaDbStatements.Classify(Text, lexer, Database);
        if (lexer is MariaDbLexer)
            RefuseClientWords(Text);
    }

    /// <summary>Statements that change how the following ones are read.</summary>
    private void Follow()
    {
        evidence.Saw(Facts.Kind, Text);
        switch (Facts.Kind)
        {
            case StatementKind.Use:
                Database = Facts.Name?.Name ?? Database;
                cachedHead = null;
                break;
            case StatementKind.Set when lexer is PostgresLexer postgres:
                FollowSet(postgres);
                break;
            case StatementKind.Set or StatementKind.SetGlobal or StatementKind.Other or StatementKind.Replication when session is not null:
                session.Follow(Text);
                break;
        }
    }

    private void FollowSet(PostgresLexer postgres)
    {
        var tokens = new SqlTokens(Text, lexer);
        tokens.Next();
        tokens.Next();
        if (!tokens.Take("standard_conforming_strings"u8))
            return;
        tokens.Next();
        postgres.ConformingStrings = !(tokens.Is("off"u8) || tokens.Is("false"u8) || (tokens.Kind == TokenKind.Text && tokens.Unquote().Span.SequenceEqual("off"u8)));
    }

    private bool Cut(long offset, string why)
    {
        Tails.Add(new(DumpTailState.Truncated, File, offset, window.Damage is { } damage ? $"{damage}; {why}" : why));
        window.Take(window.Length);
        state = State.Done;
        return false;
    }

    private string Unfinished()
    {
        int line = window.Bytes[..Math.Min(60, window.Length)].IndexOf((byte)'\n');
        string start = new ByteString(window.Bytes[..Math.Min(line < 0 ? 60 : line, window.Length)]).ToString();
        return $"within the statement that begins at byte {window.Offset}{LineText}: {start}";
    }

    private static int TrimmedLength(ReadOnlySpan<byte> text)
    {
        int length = text.Length;
        while (length > 0 && Lexer.IsSpace(text[length - 1]))
            length--;
        return length;
    }
}
