using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Tests.Unit.Dumps;

/// <summary>What is too long to be held comes in parts, each of which is only text.</summary>
public sealed class PartTests
{
    private static readonly DumpReaderOptions Small = new() { PieceSize = 1000, LookAhead = 3000, MostHeld = 1000 };

    [Theory]
    [InlineData("UPDATE t SET a='#' WHERE id=1", StatementKind.Change, 1 << 20)]
    [InlineData("INSERT INTO t SELECT '#'", StatementKind.Change, 700)]
    [InlineData("/*!40000 INSERT INTO t VALUES ('#') */", StatementKind.Change, 700)]
    [InlineData("INSERT INTO t VALUES (1,'#') ON DUPLICATE KEY UPDATE a='#;'", StatementKind.Insert, 700)]
    [InlineData("INSERT INTO t VALUES (1,'#')", StatementKind.Insert, 13)]
    [InlineData("REPLACE INTO t VALUES (1,\"#\",(2))", StatementKind.Insert, 1 << 20)]
    public void the_parts_of_a_long_statement_are_its_text(string pattern, StatementKind kind, int chunk)
    {
        // Strings with all that could be taken for their end.
        string text = pattern.Replace("#", string.Concat(Enumerable.Repeat("a\\'b;\\\\c\\\"(`),/*--#", 20_000)) + "\\\\", StringComparison.Ordinal);
        foreach (string charset in (string[])["utf8mb4", "sjis"])
        {
            List<(DumpStatement Statement, string Text)> read = Read.Statements($"SET NAMES {charset};{text};\nSELECT 1;\n", Dialect.MariaDb, Small, chunk, out DumpTail tail);
            Assert.Equal(DumpTailState.NoTrailer, tail.State);
            Assert.Equal("SELECT 1", read[^1].Text);
            var parts = read.GetRange(1, read.Count - 2);
            Assert.True(parts.Count > 5, $"{parts.Count}");
            Assert.Equal(text, string.Concat(parts.Select(part => part.Text)));
            Assert.Equal(kind, parts[0].Statement.Kind);
            Assert.Equal(kind == StatementKind.Insert ? 1 : 0, parts.Sum(part => part.Statement.Rows));
            Assert.All(parts.SkipLast(1), part => Assert.True(part.Statement.HasRest && !part.Statement.IsLastPiece));
            Assert.All(parts.Skip(1), part => Assert.True(part.Statement.IsRest && !part.Statement.IsFirstPiece));
            Assert.True(!parts[0].Statement.IsRest && parts[0].Statement.IsFirstPiece && !parts[^1].Statement.HasRest && parts[^1].Statement.IsLastPiece);
            Assert.Equal(text.Length + 1, parts.Sum(part => part.Statement.Length));
            Assert.All(parts.SkipLast(1), part => Assert.InRange(part.Text.Length, 1, 1000));
            DumpIndex index = DumpIndex.Read(Read.Input($"SET NAMES {charset};{text};\nSELECT 1;\n", Dialect.MariaDb, chunk), Small);
            Assert.Equal(kind == StatementKind.Insert ? 1 : 0, index.Objects.Sum(found => found.Rows));
            Assert.Equal(DumpTailState.NoTrailer, index.Tails[^1].State);
        }
    }

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(64)]
    public void rows_before_and_behind_a_long_row_come_in_pieces(int chunk)
    {
        string[] rows = [.. Enumerable.Range(0, 200).Select(i => $"({i},'{new string('x', i == 100 ? 400_000 : 50)}')")];
        const string Head = "INSERT INTO `t` (`a`, `b`) VALUES ";
        var read = Read.Statements($"{Head}{string.Join(",\n", rows)};\nSELECT 1;\n", Dialect.MariaDb, Small, chunk, out _);
        var sent = new List<string>();
        foreach (var (statement, text) in read.SkipLast(1))
            if (statement.IsRest)
                sent[^1] += text;
            else
                sent.Add(text);
        Assert.Contains(Head + rows[100], sent);
        Assert.All(sent, one => Assert.StartsWith(Head, one, StringComparison.Ordinal));
        Assert.Equal(string.Join(",\n", rows), string.Join(",\n", sent.Select(one => one[Head.Length..])));
        Assert.Equal(200, read.Sum(part => part.Statement.Rows));
        Assert.True(read[0].Statement.IsFirstPiece && read[^2].Statement.IsLastPiece && read.Count(part => part.Statement.IsFirstPiece) == 2);
    }

    [Fact]
    public void a_long_row_that_is_cut_off_is_told()
    {
        Read.Statements($"INSERT INTO t VALUES (1,'{new string('x', 400_000)}", Dialect.MariaDb, Small, 1 << 20, out DumpTail row);
        Assert.Equal(DumpTailState.Truncated, row.State);
        Assert.Contains("within a row of INSERT INTO t", row.Why, StringComparison.Ordinal);
        Read.Statements($"UPDATE t SET a='{new string('x', 400_000)}", Dialect.MariaDb, Small, 1 << 20, out DumpTail change);
        Assert.Equal(DumpTailState.Truncated, change.State);
    }

    [Fact]
    public void a_definition_that_is_too_long_is_refused()
    {
        string message = Assert.Throws<UnsupportedException>(() => Read.Statements($"CREATE TABLE t (a int COMMENT '{new string('x', 400_000)}');", Dialect.MariaDb, Small)).Message;
        Assert.Contains("byte 0: a definition of more than", message, StringComparison.Ordinal);
    }

    [Fact]
    public void the_extract_of_a_table_holds_its_long_rows_whole()
    {
        string insert = $"INSERT INTO `t` VALUES (1,'{new string('x', 400_000)}')", dump = $"CREATE TABLE `t` (a int);\n{insert};\nUPDATE `u` SET a='{new string('y', 400_000)}';\n";
        using var extract = new MemoryStream();
        DumpObject table = TableExtract.Find(DumpIndex.Read(Read.Input(dump, Dialect.MariaDb)), ByteString.FromText("t"));
        TableExtract.Write(Read.Input(dump, Dialect.MariaDb), table, new HashSet<ObjectName>(), bytes => extract.Write(bytes), Small);
        string text = Encoding.Latin1.GetString(extract.ToArray());
        Assert.Contains($"\n{insert};\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("y", text[(text.IndexOf(insert, StringComparison.Ordinal) + insert.Length)..].Replace("by", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
