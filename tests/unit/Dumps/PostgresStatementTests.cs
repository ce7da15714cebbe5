using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Tests.Unit.Dumps;

/// <summary>The traps of PostgreSQL's plain dumps.</summary>
public sealed class PostgresStatementTests
{
    [Theory]
    [InlineData("a;b;", "a|b")]
    [InlineData("--c;\na;", "a")]
    [InlineData("/* /* ; */ ; */ a;", "a")]
    [InlineData("a 'x\\';b;", "a 'x\\'|b")]
    [InlineData("a E'x\\';y';b;", "a E'x\\';y'|b")]
    [InlineData("a E'x'\n'\\';y';b;", "a E'x'\n'\\';y'|b")]
    [InlineData("a date'x\\';b;", "a date'x\\'|b")]
    [InlineData("SET standard_conforming_strings = off;a 'x\\';y';b;", "SET standard_conforming_strings = off|a 'x\\';y'|b")]
    [InlineData("a \"x;\" b;c;", "a \"x;\" b|c")]
    [InlineData("a $$x;'$$;b;", "a $$x;'$$|b")]
    [InlineData("a $_$x;$$;$_$;b;", "a $_$x;$$;$_$|b")]
    [InlineData("a $1;b;", "a $1|b")]
    [InlineData("a x$y$;b;z$y$;", "a x$y$|b|z$y$")]
    [InlineData("CREATE RULE r AS ON INSERT TO t DO INSTEAD (a;b);c;", "CREATE RULE r AS ON INSERT TO t DO INSTEAD (a;b)|c")]
    [InlineData("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;c;", "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END|c")]
    [InlineData("BEGIN;c;END;", "BEGIN|c|END")]
    [InlineData("COPY t (a, b) FROM stdin;\n1\tx;y\n\\\\.\t\\.\n\\.\n\nc;", "COPY t (a, b) FROM stdin\n1\tx;y\n\\\\.\t\\.\n|c")]
    [InlineData("COPY t FROM stdin;\n\\.\nc;", "COPY t FROM stdin|c")]
    [InlineData("COPY t FROM stdin;\r\n1\r\n\\.\r\nc;", "COPY t FROM stdin\n1\r\n|c")]
    [InlineData("COPY t FROM stdin;\n-- PostgreSQL database dump complete\nSELECT ';\n\\.", "COPY t FROM stdin\n-- PostgreSQL database dump complete\nSELECT ';\n")]
    [InlineData("a;\n\\encoding SQL_ASCII\n\\connect other\nb;", "a|SET client_encoding = 'SQL_ASCII'|\\connect other|b")]
    [InlineData("\\restrict KeY\na;\n\\unrestrict KeY\n\\connect other\nb;", "a|\\connect other|b")]
    [InlineData("INSERT INTO public.t VALUES (1, 'x;'), (2, E'\\';');c;", "INSERT INTO public.t VALUES (1, 'x;'), (2, E'\\';')|c")]
    [InlineData("INSERT INTO t VALUES (1, $$);$$, \"a;\");c;", "INSERT INTO t VALUES (1, $$);$$, \"a;\")|c")]
    public void a_dump_holds_the_statements(string dump, string statements) =>
        Assert.Equal(statements, string.Join('|', Read.Texts(dump, Dialect.Postgres)));

    [Theory]
    [InlineData("\\! rm x\n")]
    [InlineData("\\i other.sql\n")]
    [InlineData("\\copy t from 'x'\n")]
    [InlineData("a;\n\\o x\n")]
    [InlineData("a \\! rm x\n;")]
    [InlineData("\\restrict a\n\\connect x\n")]
    [InlineData("\\encoding\n")]
    [InlineData("\\encoding x'; DROP TABLE y; --\n")]
    [InlineData("\\restrict a\n\\unrestrict b\n")]
    [InlineData("\\unrestrict b\n")]
    [InlineData("\\connect - - otherhost\n")]
    [InlineData("\\connect \"host=evil dbname=x\"\n")]
    public void a_meta_command_is_refused(string dump) =>
        Assert.Contains("client command", Assert.Throws<UnsupportedException>(() => Read.Texts(dump, Dialect.Postgres)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("\\connect plain\n", "plain")]
    [InlineData("\\connect \"with space\"\n", "with space")]
    [InlineData("\\connect -reuse-previous=on \"dbname='a \\' b'\"\n", "a ' b")]
    public void connect_names_a_database(string dump, string database)
    {
        var (statement, _) = Assert.Single(Read.Statements(dump, Dialect.Postgres));
        Assert.Equal(StatementKind.Use, statement.Kind);
        Assert.Equal(database, statement.Name!.Value.Name.ToString());
    }
}
