using System.Text;
using CsCheck;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Input;

namespace Jumpbag.Tests.Fuzz.Dumps;

/// <summary>
/// Any mixture of strings, comments, names and brackets, arriving in blocks of any size, cut into pieces of any size, gives the
/// statements that a slow scanner gives, which goes byte by byte over the whole text and was written apart from the fast one.
/// </summary>
public sealed class ScannerFuzz
{
    private static readonly string[] MariaDbTokens =
    [
        ";", ";\n", "\n", " ", ",", "(", ")", "'", "\"", "`", "\\", "'a'", "'it''s;'", "'x\\'y;'", "'\\\\'", "\"q;\"", "`n;`", "/*", "*/", "/* c; */", "/*! x */", "-- c;'\n", "--", "-", "#;\n", "/", "1",
        "NULL", "INSERT INTO t VALUES ", "INSERT INTO `t` (`a`,`b`) VALUES (1,'x'),(2,'y;')", "(1,'abc'),(2,'d'),", "ON DUPLICATE KEY UPDATE a=1", "\\N", "\\\\", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\0", "\xff",
    ];

    private static readonly string[] PostgresTokens =
    [
        ";", ";\n", "\n", " ", ",", "(", ")", "'", "\"", "'a'", "'it''s;'", "'x\\'", "E'\\';'", "e'a\\\\'", "date'x'", "\"n;\"", "/*", "*/", "/* /* ; */ */", "-- c;'\n", "-", "/", "1", "$$a;$$", "$t$;$$;$t$", "$", "$1", "a$b", "NULL",
        "INSERT INTO t VALUES ", "INSERT INTO public.t (a, b) VALUES (1, 'x'), (2, 'y;')", "(1,'abc'),(2,'d'),", " ON CONFLICT DO NOTHING", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "e", "E", "\xff",
    ];

    private static Gen<(string Dump, int Chunk, int Piece, int Held)> Case(string[] tokens) => Gen.Select(
        Gen.OneOf(Gen.Int[0, tokens.Length - 1].Array[0, 16], Gen.Int[0, tokens.Length - 1].Array[60, 120]).Select(picked => string.Concat(picked.Select(i => tokens[i]))),
        Gen.OneOf(Gen.Int[1, 80], Gen.Const(1 << 20)), Gen.Int[1, 400], Gen.OneOf(Gen.Int[70, 300], Gen.Const(1 << 20)));

    [Fact]
    public void of_mariadb_the_fast_scanner_gives_what_the_slow_one_gives() =>
        Case(MariaDbTokens).Sample(one => Compare(one.Dump, one.Chunk, one.Piece, one.Held, Dialect.MariaDb), iter: 4_000, threads: 2);

    [Fact]
    public void of_postgresql_the_fast_scanner_gives_what_the_slow_one_gives() =>
        Case(PostgresTokens).Sample(one => Compare(one.Dump, one.Chunk, one.Piece, one.Held, Dialect.Postgres), iter: 4_000, threads: 2);

    /// <summary>What chance has found: each at every place that a block of the fast scanner can begin at, and in every chunk.</summary>
    [Theory]
    [InlineData("*/(1,'abc'),(2,'d');", Dialect.MariaDb)]
    [InlineData("(1, $t$;$$;$t$$t$;$$;$t$, 'x\\');", Dialect.Postgres)]
    [InlineData("(1, NOTHINGE'\\', ';'), (2, E'\\';');", Dialect.Postgres)]
    [InlineData("(1, aE'\\');", Dialect.Postgres)]
    public void what_chance_has_found(string rows, Dialect dialect)
    {
        for (int padding = 0; padding < 140; padding++)
            foreach (int chunk in new[] { 1, 5, 63, 64, 75, 1 << 20 })
                Compare($"INSERT INTO t VALUES {(dialect == Dialect.MariaDb ? new string(' ', padding) : $"('{new string('a', padding)}'), ")}{rows}", chunk, 208, 1 << 20, dialect);
    }

    private static void Compare(string dump, int chunk, int piece, int held, Dialect dialect)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(dump);
        (List<SlowStatement> expected, bool isRefused) = SlowScanner.Scan(dump, dialect);
        var read = new List<SlowStatement>();
        bool refused = false;
        using var reader = new DumpReader(DumpInput.Of([DumpFile.FromPipe("x", null, new Chunks(bytes, chunk))], dialect), new() { PieceSize = piece, MostHeld = held });
        try
        {
            SlowStatement? open = null;
            long at = 0;
            while (reader.Read() is { } statement)
            {
                string text = Encoding.Latin1.GetString(statement.Text.Span);
                if (statement.IsFirstPiece)
                    open = new(text, statement.Rows);
                else if (statement.IsRest)
                    open = open! with { Text = open.Text + text, Rows = open.Rows + statement.Rows };
                else
                {
                    Assert.Equal(at, statement.Offset);
                    // What stands between two pieces is a comma and space; the reference gives it.
                    string original = dump[(int)open!.Start..(int)(statement.Offset + statement.Length)];
                    open = open with { Text = (statement.IsLastPiece ? original[..^1] : original).TrimEnd(' ', '\t', '\r', '\n', '\f', '\v'), Rows = open.Rows + statement.Rows };
                    string rows = text[Head(text)..];
                    Assert.Equal(rows, dump.Substring((int)statement.Offset, rows.Length));
                }
                if (statement.IsFirstPiece)
                    open = open with { Start = statement.Offset };
                at = statement.Offset + statement.Length;
                if (statement.IsLastPiece)
                    read.Add(open with { Start = 0 });
                statement.Release!();
            }
        }
        catch (Core.UnsupportedException)
        {
            refused = true;
        }
        Assert.Equal(isRefused, refused);
        Assert.Equal(expected.Select(one => one.Text), read.Select(one => one.Text));
        Assert.Equal(expected.Select(one => one.Rows), read.Select(one => one.Rows));
        if (refused || reader.Tails[^1].State == DumpTailState.Truncated)
            return;
        DumpIndex index = DumpIndex.Read(DumpInput.Of([DumpFile.FromPipe("x", null, new Chunks(bytes, chunk))], dialect));
        Assert.Equal(expected.Sum(one => one.Rows), index.Objects.Sum(one => one.Rows));
    }

    /// <summary>Where the rows begin in a later piece: both heads that the tokens make end in "VALUES" and one space or none.</summary>
    private static int Head(string text) => text.IndexOf('(', text.IndexOf("VALUES", StringComparison.Ordinal));

    private sealed class Chunks(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, size)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, size));
    }
}
