using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>What a person chooses, misspells or forgets, under stress, with a real PostgreSQL.</summary>
[Collection(nameof(PostgresDatabases))]
public sealed class PostgresChoiceTests(PostgresDatabases databases)
{
    private PostgresServer Server => databases.Server!;

    [Fact]
    public void a_dump_that_cleans_first_loads_into_an_empty_database()
    {
        PostgresServer.Require();
        databases.Server!.Dump(databases.Folder.File("clean.sql"), "--clean", "--if-exists", "by_psql");
        // Of a view that groups by a key pg_dump empties it before it drops what it is of.
        Assert.Contains("CREATE OR REPLACE VIEW app.grouped AS\nSELECT\n    NULL::", File.ReadAllText(databases.Folder.File("clean.sql")), StringComparison.Ordinal);
        string target = databases.NewDatabase();
        ShellResult loaded = databases.Load($"clean.sql {databases.Url(target)}");
        Assert.True(loaded.Status == 0, loaded.Errors);
        databases.AssertSame(databases.Wanted, target);
    }

    [Theory]
    [InlineData("--tables public.order", "--tables public.order: nothing in the dump is called so")]
    [InlineData("--databases ap", "--databases ap: nothing in the dump is called so")]
    [InlineData("--tables app.orders --replace --rename app.order=restored", "--rename app.order: nothing in the dump is called so")]
    public void a_name_that_is_not_in_the_dump_changes_nothing(string options, string said)
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        ShellResult refused = databases.Load($"plain.sql {databases.Url(target)} {options}");
        Assert.Equal(1, refused.Status);
        Assert.Contains(said, refused.Errors, StringComparison.Ordinal);
        Assert.Equal("public\n", Server.Query("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'", target));
    }

    [Fact]
    public void a_database_of_which_something_is_left_out_is_not_dropped()
    {
        PostgresServer.Require();
        Server.Query("CREATE DATABASE choosy");
        Server.Query("CREATE TABLE precious (id int); CREATE TABLE other (id int)", "choosy");
        Server.Dump(databases.Folder.File("choosy.sql"), "--create", "--clean", "choosy");
        Server.Query("INSERT INTO precious VALUES (7); INSERT INTO other VALUES (8)", "choosy");
        ShellResult loaded = databases.Load($"choosy.sql {databases.Url("postgres")} --replace --exclude public.precious");
        Assert.True(loaded.Status == 0, loaded.Errors);
        Assert.Equal("7\n0\n", Server.Query("SELECT * FROM precious UNION ALL SELECT count(*) FROM other", "choosy"));
        Server.Query("DROP DATABASE choosy");
    }

    [Fact]
    public void rows_alone_are_added_to_tables_that_are_there_when_that_is_said()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        Server.Query("CREATE TABLE t (id int)", target);
        File.WriteAllText(databases.Folder.File("rows.sql"), "COPY public.t (id) FROM stdin;\n1\n\\.\n");
        ShellResult refused = databases.Load($"-q rows.sql {databases.Url(target)}");
        Assert.Equal(4, refused.Status);
        Assert.Contains("public.t is already there, and the dump has only rows for it\nhint: --data-only", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(0, databases.Load($"-q rows.sql {databases.Url(target)} --data-only").Status);
        Assert.Equal("1\n", Server.Query("SELECT * FROM t", target));
    }
}
