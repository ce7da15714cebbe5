using Jumpbag.Databases.Dumps;

namespace Jumpbag.Tests.Unit.Dumps;

/// <summary>A dump that is cut is recognised; one that can't show that it is complete is said to be such.</summary>
public sealed class TailTests
{
    private const string Mysqldump = "-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)\n--\n/*!40101 SET NAMES utf8 */;\n";
    private const string PhpMyAdmin = "-- phpMyAdmin SQL Dump\n/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n";

    [Theory]
    [InlineData(Mysqldump + "-- Dump completed on 2026-01-01\n", DumpTailState.Complete)]
    [InlineData(Mysqldump + "-- Dump completed\n", DumpTailState.Complete)]
    [InlineData(Mysqldump, DumpTailState.Truncated)]
    [InlineData(Mysqldump + "a '\n-- Dump completed\n", DumpTailState.Truncated)]
    [InlineData(Mysqldump + "-- Dump comple", DumpTailState.Truncated)]
    [InlineData(Mysqldump + "INSERT INTO t VALUES (1),(2", DumpTailState.Truncated)]
    [InlineData(Mysqldump + "INSERT INTO t VALUES (1),(2)", DumpTailState.Truncated)]
    [InlineData(PhpMyAdmin + "a;/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;\n/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;\n", DumpTailState.Complete)]
    [InlineData(PhpMyAdmin + "a;", DumpTailState.Truncated)]
    [InlineData("a;\nb;\n", DumpTailState.NoTrailer)]
    [InlineData("", DumpTailState.Truncated)]
    [InlineData("a;\nb", DumpTailState.Truncated)]
    [InlineData("a;\n/* b", DumpTailState.Truncated)]
    public void the_end_of_a_mariadb_dump_is_told(string dump, DumpTailState state) => Assert.Equal(state, Read.Tail(dump, Dialect.MariaDb).State);

    [Theory]
    [InlineData("--\n-- PostgreSQL database dump\n--\nSET a = 1;\n--\n-- PostgreSQL database dump complete\n--\n\n", DumpTailState.Complete)]
    [InlineData("--\n-- PostgreSQL database dump\n--\n\\restrict x\nSET a = 1;\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict x\n\n", DumpTailState.Complete)]
    [InlineData("--\n-- PostgreSQL database dump\n--\nSET a = 1;\n", DumpTailState.Truncated)]
    [InlineData("--\n-- PostgreSQL database dump\n--\nCOPY t FROM stdin;\n1\n--\n-- PostgreSQL database dump complete\n", DumpTailState.Truncated)]
    public void the_end_of_a_postgresql_dump_is_told(string dump, DumpTailState state) => Assert.Equal(state, Read.Tail(dump, Dialect.Postgres).State);

    [Fact]
    public void a_cut_names_the_statement_and_its_place()
    {
        DumpTail tail = Read.Tail("a;\nINSERT INTO s.t VALUES (1),('x", Dialect.MariaDb);
        Assert.Equal(3, tail.Offset);
        Assert.Equal("within a row of INSERT INTO s.t, which begins at byte 3 (line 2)", tail.Why);
        Assert.Equal("within the lines of COPY s.t, which begins at byte 0 (line 1)", Read.Tail("COPY s.t FROM stdin;\n1\n2", Dialect.Postgres).Why);
    }

    [Fact]
    public void what_is_cut_is_never_given() => Assert.Equal(["a"], Read.Texts("a;INSERT INTO t VALUES (1),(2)", Dialect.MariaDb));
}
