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

    [Fact]
    public void two_of_one_referred_table_are_checked_at_the_same_time()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        // Each check, still holding all its locks, waits until another session is in its own: if they came one after the other, none would come.
        Server.Query("""
            CREATE TABLE public.meetings (constraint_of text, met boolean);
            CREATE FUNCTION public.meet() RETURNS event_trigger LANGUAGE plpgsql AS $$
            DECLARE tries int := 0; others int := 0;
            BEGIN
              IF current_query() NOT LIKE '%VALIDATE CONSTRAINT%' THEN RETURN; END IF;
              PERFORM pg_advisory_lock_shared(4711);
              WHILE others < 2 AND tries < 600 LOOP
                SELECT count(DISTINCT pid) INTO others FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted;
                tries := tries + 1;
                PERFORM pg_sleep(0.05);
              END LOOP;
              INSERT INTO public.meetings VALUES (substring(current_query() FROM 'VALIDATE CONSTRAINT "?(\w+)'), others >= 2);
            END $$;
            CREATE EVENT TRIGGER meet ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.meet();
            """, target);
        File.WriteAllText(databases.Folder.File("two.sql"), """
            CREATE TABLE public.parent (id int NOT NULL);
            CREATE TABLE public.one (of int);
            CREATE TABLE public.two (of int);
            COPY public.parent (id) FROM stdin;
            1
            \.
            COPY public.one (of) FROM stdin;
            1
            \.
            COPY public.two (of) FROM stdin;
            1
            \.
            ALTER TABLE ONLY public.parent ADD CONSTRAINT parent_pkey PRIMARY KEY (id);
            ALTER TABLE ONLY public.one ADD CONSTRAINT one_of FOREIGN KEY (of) REFERENCES public.parent(id);
            ALTER TABLE ONLY public.two ADD CONSTRAINT two_of FOREIGN KEY (of) REFERENCES public.parent(id);

            """);
        ShellResult loaded = databases.Load($"two.sql {databases.Url(target)} -j 2");
        Assert.True(loaded.Status == 0, loaded.Errors);
        Assert.Equal("one_of\tt\ntwo_of\tt\n", Server.Query("SELECT * FROM meetings ORDER BY 1", target));
        Assert.Equal("one_of\tt\ntwo_of\tt\n", Keys(target));
    }

    private string Keys(string target) => Server.Query("SELECT conname, convalidated FROM pg_constraint WHERE contype = 'f' ORDER BY 1", target);
}
