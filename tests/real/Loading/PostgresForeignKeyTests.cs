using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>Foreign keys are added first and checked afterwards, and are in the end what the client would have made.</summary>
[Collection(nameof(PostgresDatabases))]
public sealed class PostgresForeignKeyTests(PostgresDatabases databases)
{
    private const string Dump = """
        CREATE TABLE public.parent (id int NOT NULL);
        CREATE TABLE public.child (id int NOT NULL, of int, also int);
        COPY public.parent (id) FROM stdin;
        1
        2
        \.
        COPY public.child (id, of, also) FROM stdin;
        1	1	2
        2	3	2
        \.
        ALTER TABLE ONLY public.parent ADD CONSTRAINT parent_pkey PRIMARY KEY (id);
        ALTER TABLE ONLY public.child ADD CONSTRAINT child_of FOREIGN KEY (of) REFERENCES public.parent(id);
        ALTER TABLE ONLY public.child ADD CONSTRAINT child_also FOREIGN KEY (also) REFERENCES public.parent(id);
        ALTER TABLE ONLY public.child ADD CONSTRAINT child_late FOREIGN KEY (of) REFERENCES public.parent(id) NOT VALID;
        """;

    private PostgresServer Server => databases.Server!;

    [Fact]
    public void one_that_the_rows_break_ends_the_load_which_goes_on_when_they_are_right()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        File.WriteAllText(databases.Folder.File("keys.sql"), Dump + "\n");
        ShellResult broken = databases.Load($"keys.sql {databases.Url(target)}");
        Assert.Equal(1, broken.Status);
        Assert.Contains("public.child, line 12, byte ", broken.Errors, StringComparison.Ordinal);
        Assert.Contains("error 23503", broken.Errors, StringComparison.Ordinal);
        Assert.Contains("(of)=(3)", broken.Errors, StringComparison.Ordinal);
        Server.Query("UPDATE child SET of = 2 WHERE of = 3", target);
        ShellResult resumed = databases.Load($"keys.sql {databases.Url(target)} --resume");
        Assert.True(resumed.Status == 0, resumed.Errors);
        Assert.Equal("child_also\tt\nchild_late\tf\nchild_of\tt\n", Keys(target));
    }

    [Fact]
    public void one_that_the_rows_break_is_not_there_when_it_is_passed_over()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        File.WriteAllText(databases.Folder.File("keys.sql"), Dump + "\n");
        ShellResult skipped = databases.Load($"keys.sql {databases.Url(target)} --on-error skip");
        Assert.Equal(3, skipped.Status);
        Assert.Contains("child_of", skipped.Errors, StringComparison.Ordinal);
        Assert.Equal("child_also\tt\nchild_late\tf\n", Keys(target));
    }

    [Fact]
    public void one_that_is_not_as_valid_as_in_the_dump_at_the_end_is_told()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        string changed = Dump.Replace("2\t3\t2", "2\t1\t2", StringComparison.Ordinal) + "\nALTER TABLE public.child ADD CONSTRAINT child_id CHECK (id < 10);\n";
        File.WriteAllText(databases.Folder.File("valid.sql"), changed + "SELECT 1;\n");
        ShellResult right = databases.Load($"valid.sql {databases.Url(target)}");
        Assert.True(right.Status == 0, right.Errors);
        foreach ((string name, string valid) in ((string, string)[])[("child_id", "false"), ("child_late", "true"), ("child_also", "false")])
        {
            string other = databases.NewDatabase();
            File.WriteAllText(databases.Folder.File("invalid.sql"), changed + $"UPDATE pg_catalog.pg_constraint SET convalidated = {valid} WHERE conname = '{name}';\n");
            ShellResult wrong = databases.Load($"invalid.sql {databases.Url(other)}");
            Assert.Equal(1, wrong.Status);
            Assert.Contains($"such as constraint {name} of public.child", wrong.Errors, StringComparison.Ordinal);
        }
    }

    private string Keys(string target) => Server.Query("SELECT conname, convalidated FROM pg_constraint WHERE contype = 'f' ORDER BY 1", target);
}
