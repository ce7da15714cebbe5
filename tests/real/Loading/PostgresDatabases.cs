using System.Text;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>A server with a database that has one of everything, its dumps, and what pg_dump says of a database that psql loaded.</summary>
[CollectionDefinition(nameof(PostgresDatabases))]
public sealed class PostgresDatabases : IDisposable, ICollectionFixture<PostgresDatabases>
{
    private int number;

    public PostgresDatabases()
    {
        if (Shell.Find("psql") is null)
            return;
        Server = new(false, "wal_level=logical", "autovacuum=off");
        if (Server.Folder.Length == 0)
            return;
        Server.Query("CREATE DATABASE source");
        string schema = Path.Combine(VirtualMachine.Repository, "tests", "real", "Loading", "postgres-schema.sql");
        ShellResult made = Server.Feed(schema, "source");
        Assert.True(made.Status == 0, made.Errors);
        Server.Dump(Plain, "source");
        Shell.Run("zstd", "-q", Plain, "-o", Plain + ".zst");
        Server.Dump(Inserts, "--inserts", "source");
        // Now, and not when it is needed: a test that kills the server empties the source's unlogged table.
        Server.Dump(Chosen, "-t", "public.always", "-t", "public.log", "-t", "public.unlogged", "-t", "public.events*", "-t", "public.kinds", "source");
        Server.Query("CREATE DATABASE by_psql");
        ShellResult fed = Server.Feed(Plain, "by_psql");
        Assert.True(fed.Status == 0, fed.Errors);
        Wanted = Content("by_psql");
    }

    public PostgresServer? Server { get; }

    public TemporaryFolder Folder { get; } = new();

    public string Plain => Folder.File("plain.sql");

    public string Inserts => Folder.File("inserts.sql");

    /// <summary>Only public's tables always, log, unlogged and events*.</summary>
    public string Chosen => Folder.File("chosen.sql");

    /// <summary>Of the database that psql loaded.</summary>
    public string Wanted { get; } = "";

    public void Dispose()
    {
        Server?.Dispose();
        Folder.Dispose();
    }

    public string NewDatabase()
    {
        string name = $"target_{++number}";
        Server!.Query($"CREATE DATABASE {name}");
        return name;
    }

    public string Url(string database) => $"'postgresql://postgres@localhost:{Server!.Port}/{database}?host={Server.Folder}'";

    public ShellResult Load(string arguments) => JumpbagProgram.Bash(Folder.Path, "jumpbag load " + arguments);

    /// <summary>What pg_dump writes, the rows of each table in the order of their bytes: the server keeps none.</summary>
    public string Content(string database, params string[] options)
    {
        string file = Folder.File("content.sql");
        Server!.Dump(file, [.. options, database]);
        var text = new StringBuilder();
        List<string>? rows = null;
        foreach (string line in File.ReadLines(file, Encoding.Latin1))
        {
            if (rows is null && (line.StartsWith("\\restrict", StringComparison.Ordinal) || line.StartsWith("\\unrestrict", StringComparison.Ordinal)))
                continue;
            if (rows is not null && line == "\\.")
            {
                rows.Sort(StringComparer.Ordinal);
                rows.ForEach(row => text.Append(row).Append('\n'));
                rows = null;
            }
            if (rows is not null)
                rows.Add(line);
            else
                text.Append(line).Append('\n');
            if (rows is null && line.StartsWith("COPY ", StringComparison.Ordinal) && line.EndsWith(" FROM stdin;", StringComparison.Ordinal))
                rows = [];
        }
        return text.ToString();
    }

    /// <summary>Fails with the first line that differs.</summary>
    public void AssertSame(string wanted, string database, params string[] options)
    {
        string[] expected = wanted.Split('\n'), found = Content(database, options).Split('\n');
        for (int i = 0; i < Math.Max(expected.Length, found.Length); i++)
            Assert.True(i < expected.Length && i < found.Length && expected[i] == found[i],
                $"line {i + 1}: {(i < expected.Length ? expected[i] : "(end)")}\nis {(i < found.Length ? found[i] : "(end)")}");
    }
}
