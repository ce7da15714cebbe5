using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Tests.Unit.Dumps;

/// <summary>Long statements come in pieces, each of which can be sent by itself.</summary>
public sealed class PieceTests
{
    [Theory]
    [InlineData(Dialect.MariaDb)]
    [InlineData(Dialect.Postgres)]
    public void the_pieces_of_an_insert_hold_its_rows_behind_its_head(Dialect dialect)
    {
        string[] rows = [.. Enumerable.Range(0, 5000).Select(i => $"({i},'{new string('x', i % 97)}),(',NULL)")];
        string head = "INSERT INTO `t` (`a`, `b`) VALUES ".Replace('`', dialect == Dialect.Postgres ? '"' : '`');
        string dump = $"{head}{string.Join(",", rows)};\nSELECT 1;\n";
        var read = Read.Statements(dump, dialect, new() { PieceSize = 10_000 });
        Assert.InRange(read.Count, 20, 60);
        Assert.Equal(rows, read.SkipLast(1).SelectMany(piece => Rows(piece.Text, head)));
        Assert.Equal(5000, read.Sum(piece => piece.Statement.Rows));
        Assert.All(read.SkipLast(1), piece => Assert.InRange(piece.Text.Length, 100, 10_500));
        Assert.True(read[0].Statement.IsFirstPiece && !read[1].Statement.IsFirstPiece && !read[^3].Statement.IsLastPiece && read[^2].Statement.IsLastPiece);
        long at = 0;
        foreach (var (statement, text) in read.SkipLast(1))
        {
            Assert.Equal(at, statement.Offset);
            Assert.StartsWith(text[(statement.IsFirstPiece ? 0 : head.Length)..], dump[(int)at..], StringComparison.Ordinal);
            at += statement.Length;
        }
        Assert.Equal(dump.IndexOf(";\nSELECT", StringComparison.Ordinal) + 1, at);
    }

    private static string[] Rows(string text, string head)
    {
        Assert.StartsWith(head, text, StringComparison.Ordinal);
        string[] parts = text[head.Length..].Split("NULL),");
        return [.. parts.Select((part, i) => i < parts.Length - 1 ? part + "NULL)" : part)];
    }

    [Theory]
    [InlineData("INSERT INTO t VALUES (1),(2) ON DUPLICATE KEY UPDATE a=VALUES(a);", 2, "INSERT")]
    [InlineData("INSERT IGNORE INTO t VALUES (1),(2),(3);", 3, "INSERT IGNORE")]
    [InlineData("REPLACE INTO t (a,b) VALUES (1,(2)),(3,now());", 2, "REPLACE")]
    [InlineData("INSERT INTO t VALUES ();", 1, "INSERT")]
    [InlineData("INSERT INTO d.t PARTITION (p0,p1) (`a)`) VALUE\n(1)\n,\n(2)\n;", 2, "INSERT")]
    [InlineData("INSERT INTO t VALUES (1,\"a\\\"),(\",'b'),(2,\"c\",\"d\");", 2, "INSERT")]
    public void rows_are_counted(string dump, long rows, string verb)
    {
        var (statement, text) = Assert.Single(Read.Statements(dump, Dialect.MariaDb));
        Assert.Equal((StatementKind.Insert, rows, verb), (statement.Kind, statement.Rows, statement.InsertVerb));
        Assert.Equal(dump.TrimEnd(';').TrimEnd(), text);
    }

    [Fact]
    public void an_insert_that_ends_in_more_than_rows_stays_whole()
    {
        string dump = $"INSERT INTO t VALUES {string.Join(',', Enumerable.Range(0, 1000).Select(i => $"({i},'{i:0000}')"))} ON DUPLICATE KEY UPDATE a=VALUES(a);b;";
        var read = Read.Statements(dump, Dialect.MariaDb, new() { PieceSize = 1000 });
        Assert.Equal(2, read.Count);
        Assert.Equal((1000, true, true), (read[0].Statement.Rows, read[0].Statement.IsFirstPiece, read[0].Statement.IsLastPiece));
        Assert.Equal(dump[..^3], read[0].Text);
    }

    [Fact]
    public void an_insert_too_long_to_stay_whole_is_refused_where_it_must_not_be_cut()
    {
        string rows = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"({i},'{i:0000}')"));
        DumpReaderOptions options = new() { PieceSize = 1000, LookAhead = 100_000 };
        Assert.Contains("ON DUPLICATE", Assert.Throws<UnsupportedException>(() => Read.Statements($"INSERT INTO t VALUES {rows} ON DUPLICATE KEY UPDATE a=1;", Dialect.MariaDb, options)).Message, StringComparison.Ordinal);
        Assert.Equal(20_000, Read.Statements($"INSERT INTO t VALUES {rows};", Dialect.MariaDb, options).Sum(read => read.Statement.Rows));
    }

    [Fact]
    public void a_row_longer_than_a_piece_is_a_piece()
    {
        string[] rows = ["(1,'a')", $"(2,'{new string('b', 3_000_000)}')", "(3,'c')"];
        var read = Read.Statements($"INSERT INTO t VALUES {string.Join(',', rows)};", Dialect.MariaDb, new() { PieceSize = 1 << 16 });
        Assert.Equal(rows, read.SelectMany(piece => piece.Text["INSERT INTO t VALUES ".Length..].Split(",(").Select((row, i) => i == 0 ? row : "(" + row)));
    }

    [Fact]
    public void a_statement_longer_than_the_longest_is_refused() =>
        Assert.Contains("longer than", Assert.Throws<UnsupportedException>(() =>
            Read.Statements($"SELECT '{new string('b', 3_000_000)}';", Dialect.Postgres, new() { LookAhead = 1 << 20, MostHeld = 1 << 19 })).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(Dialect.MariaDb, "")]
    [InlineData(Dialect.Postgres, "")]
    [InlineData(Dialect.Postgres, " ON CONFLICT DO NOTHING")]
    public void a_row_too_long_to_be_held_comes_in_parts(Dialect dialect, string tail)
    {
        string dump = $"INSERT INTO t VALUES (2,'{new string('b', 3_000_000)}'';b(');".Replace("');", $"'){tail};", StringComparison.Ordinal) + "INSERT INTO u VALUES (1);";
        var read = Read.Statements(dump, dialect, new() { PieceSize = 1 << 16, LookAhead = 1 << 18, MostHeld = 1 << 17 });
        Assert.Equal(dump.Replace(";INSERT", "INSERT", StringComparison.Ordinal)[..^1], string.Concat(read.Select(part => part.Text)));
        Assert.InRange(read.Count, 15, 40);
        Assert.All(read.SkipLast(2), part => Assert.True(part.Statement.HasRest));
        Assert.Equal([false, false], read.TakeLast(2).Select(part => part.Statement.HasRest));
        Assert.Equal(1, read.SkipLast(1).Sum(part => part.Statement.Rows));
    }

    [Fact]
    public void the_lines_of_a_copy_come_in_pieces()
    {
        string[] lines = [.. Enumerable.Range(0, 5000).Select(i => $"{i}\t{new string('y', i % 80)}\\\\.\n")];
        string dump = $"COPY public.t (a, b) FROM stdin;\n{string.Concat(lines)}\\.\n\nSELECT 1;";
        var read = Read.Statements(dump, Dialect.Postgres, new() { PieceSize = 9000 });
        Assert.InRange(read.Count, 15, 40);
        Assert.All(read.SkipLast(1), piece => Assert.StartsWith("COPY public.t (a, b) FROM stdin", piece.Text, StringComparison.Ordinal));
        Assert.Equal(string.Concat(lines), string.Concat(read.SkipLast(1).Select(piece => piece.Text[Math.Min(piece.Text.Length, "COPY public.t (a, b) FROM stdin\n".Length)..])));
        Assert.Equal(5000, read.Sum(piece => piece.Statement.Rows));
        Assert.Equal(dump.IndexOf("\nSELECT", StringComparison.Ordinal), read.SkipLast(1).Sum(piece => piece.Statement.Length));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void it_does_not_matter_how_the_bytes_arrive(int chunk)
    {
        string dump = "/*!40101 SET NAMES utf8 */;\nDELIMITER ;;\n/* c */ a 'x;;' ;;\nDELIMITER ;\n" + string.Concat(Enumerable.Range(0, 200).Select(i =>
            $"INSERT INTO t VALUES ({i},'{new string('\\', i % 8 * 2)}\\';'),(-{i},\"\") -- x\n;\n"));
        Assert.Equal(Read.Texts(dump, Dialect.MariaDb), Read.Statements(dump, Dialect.MariaDb, null, chunk, out _).Select(read => read.Text));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4097)]
    [InlineData(int.MaxValue)]
    public void a_row_of_a_copy_that_is_too_long_to_be_held_comes_in_parts(int chunk)
    {
        string longRow = "2\t" + string.Concat(Enumerable.Range(0, chunk == 1 ? 30_000 : 200_000).Select(i => $"{i}\\.\\n"));
        string[] rows = ["1\tx", longRow, "3\ty", "4\t" + new string('z', 9000), longRow];
        string dump = $"COPY t (a, b) FROM stdin;\n{string.Join('\n', rows)}\n\\.\nSELECT 1;\n";
        var read = Read.Statements(dump, Dialect.Postgres, new() { PieceSize = 10_000, MostHeld = 20_000 }, chunk, out DumpTail tail);
        Assert.NotEqual(DumpTailState.Truncated, tail.State);
        Assert.Equal("SELECT 1", read[^1].Text);
        const string Command = "COPY t (a, b) FROM stdin";
        Assert.All(read.SkipLast(1), piece => Assert.StartsWith(Command, piece.Text, StringComparison.Ordinal));
        Assert.Equal(string.Concat(rows.Select(row => row + "\n")), string.Concat(read.SkipLast(1).Where(piece => piece.Text.Length > Command.Length).Select(piece => piece.Text[(Command.Length + 1)..])));
        Assert.All(read, piece => Assert.True(piece.Text.Length < 200_000));
        Assert.Equal(5, read.Sum(piece => piece.Statement.Rows));
        Assert.Equal(dump.IndexOf("SELECT", StringComparison.Ordinal), read.SkipLast(1).Sum(piece => piece.Statement.Length));
        Assert.Equal(2, read.Count(piece => piece.Statement is { HasRest: true, IsRest: false }));
        Assert.Equal(2, read.Count(piece => piece.Statement is { HasRest: false, IsRest: true }));
        Assert.All(read.Where(piece => piece.Statement is { HasRest: false, IsRest: true }), piece => Assert.EndsWith("\n", piece.Text, StringComparison.Ordinal));
        Read.Statements(dump[..(dump.Length - 40)], Dialect.Postgres, new() { PieceSize = 10_000, MostHeld = 20_000 }, chunk, out DumpTail cut);
        Assert.Equal(DumpTailState.Truncated, cut.State);
    }
}
