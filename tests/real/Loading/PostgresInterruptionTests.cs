using System.Diagnostics;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>What a person sees of a load that is stopped, that stands still, or that the server has no room for.</summary>
[Collection(nameof(PostgresDatabases))]
public sealed class PostgresInterruptionTests(PostgresDatabases databases)
{
    private PostgresServer Server => databases.Server!;

    [Fact]
    public async Task what_ctrl_c_leaves_is_resumed()
    {
        PostgresServer.Require();
        int interrupted = 0;
        for (int attempt = 0; interrupted < 2; attempt++)
        {
            Assert.True(attempt < 10, "it is always over too soon");
            string target = databases.NewDatabase();
            using Process load = Start("plain.sql", target, "-j", "2");
            Task<string> errors = load.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            // In the first round as soon as it has begun, in the second among the rows.
            Until(() => load.HasExited || int.Parse(Rows(target), System.Globalization.CultureInfo.InvariantCulture) > (interrupted == 0 ? -1 : 60));
            Shell.Try("kill", "-INT", load.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            var clock = Stopwatch.StartNew();
            Assert.True(load.WaitForExit(TimeSpan.FromSeconds(30)), "Ctrl-C does not end it");
            if (load.ExitCode == 0)
                continue;
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"Ctrl-C took {clock.Elapsed}");
            string said = await errors;
            Assert.True(load.ExitCode == 130, $"{load.ExitCode}: {said}");
            Assert.Contains("interrupted; what was committed stays\nhint: --resume goes on from there\n", said, StringComparison.Ordinal);
            Until(() => Server.Query($"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jumpbag' AND datname = '{target}'") == "0\n");
            Assert.NotEqual("-1", Rows(target));
            ShellResult resumed = databases.Load($"plain.sql {databases.Url(target)} --resume -j 2");
            Assert.True(resumed.Status == 0, resumed.Errors);
            databases.AssertSame(databases.Wanted, target);
            interrupted++;
        }
    }

    [Fact]
    public async Task an_index_shows_how_far_it_is_and_a_lock_who_holds_it()
    {
        PostgresServer.Require();
        string slow = databases.NewDatabase(), locked = databases.NewDatabase();
        File.WriteAllText(databases.Folder.File("index.sql"), """
            CREATE TABLE public.t (n int, filler text);
            CREATE FUNCTION public.slow(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.02); RETURN n; END';
            INSERT INTO public.t SELECT i, repeat('x', 2000) FROM generate_series(1, 400) i;
            CREATE INDEX t_slow ON public.t (public.slow(n));

            """);
        File.WriteAllText(databases.Folder.File("rows.sql"), "COPY public.t (n) FROM stdin;\n1\n\\.\n");
        Server.Query("CREATE TABLE t (n int)", locked);
        using Process holder = Process.Start(new ProcessStartInfo("psql", [.. Server.ClientOptions, "-X", "-d", locked, "-qc", "BEGIN; LOCK TABLE t; SELECT pg_sleep(9); COMMIT"]) { RedirectStandardOutput = true })!;
        Until(() => Server.Query("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 't'::regclass", locked) == "1\n");
        using Process building = Start("index.sql", slow, "--progress", "json"), waiting = Start("rows.sql", locked, "--data-only", "--progress", "json");
        Task<string> built = building.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), waited = waiting.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(building.WaitForExit(TimeSpan.FromSeconds(60)) && waiting.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.Matches(@"public\.t: index t_slow, building index: scanning table [1-9][0-9]?%", await built);
        Assert.Matches(@"server: waits for a lock that process \d+ \(psql, postgres, active\) holds", await waited);
        Assert.Equal((0, 0), (building.ExitCode, waiting.ExitCode));
    }

    [Fact]
    public void a_dump_for_which_a_server_of_this_machine_has_no_room_is_refused_before_anything_is_changed()
    {
        PostgresServer.Require();
        Require.Root();
        Require.Tool("mount");
        // The socket's name must be short.
        string room = $"/tmp/jumpbag-room-{Guid.NewGuid().ToString("N")[..8]}", folder = $"{room}/s";
        Directory.CreateDirectory(room);
        Shell.Run("mount", "-t", "tmpfs", "-o", "size=120m,mode=755", "none", room);
        try
        {
            Directory.CreateDirectory(folder);
            using var small = new PostgresServer(folder);
            string dump = databases.Folder.File("large.sql");
            using (StreamWriter writer = File.CreateText(dump))
            {
                writer.Write("CREATE TABLE public.t (x text);\nCOPY public.t (x) FROM stdin;\n");
                string line = new('x', 1023);
                for (int i = 0; i < 120 << 10; i++)
                    writer.Write(line + "\n");
                writer.Write("\\.\n");
            }
            string url = $"'postgresql://postgres@localhost:{small.Port}/postgres?host={folder}'";
            ShellResult refused = databases.Load($"large.sql {url}");
            Assert.Equal(4, refused.Status);
            Assert.Matches($"^jumpbag: {folder}/data has [0-9.]+M left, and the dump has 120M of rows\nhint: make room first; nothing was changed\n", Said(refused));
            Assert.Equal("0\t0\n", small.Query("SELECT (SELECT count(*) FROM pg_tables WHERE tablename = 't'), (SELECT count(*) FROM pg_namespace WHERE nspname = 'jumpbag_load')"));
            ShellResult schema = databases.Load($"large.sql {url} --schema-only");
            Assert.True(schema.Status == 0, schema.Errors);
        }
        finally
        {
            Shell.Try("umount", "-l", room);
            Directory.Delete(room, recursive: true);
        }
    }

    /// <summary>The lines from the error on.</summary>
    private static string Said(ShellResult result) => result.Errors[Math.Max(0, result.Errors.LastIndexOf("jumpbag: ", StringComparison.Ordinal))..];

    /// <summary>Lines of the ledger; -1 where there is none.</summary>
    private string Rows(string target)
    {
        string table = Server.Query("SELECT tablename FROM pg_tables WHERE schemaname = 'jumpbag_load'", target).Trim();
        ShellResult count = table.Length == 0 ? new(1, "", "") : Shell.Try("psql", [.. Server.ClientOptions, "-X", "-d", target, "-qAtc", $"SELECT count(*) FROM jumpbag_load.{table}"]);
        return count.Status == 0 ? count.Output.Trim() : "-1";
    }

    private static void Until(Func<bool> holds)
    {
        for (var clock = Stopwatch.StartNew(); !holds(); Thread.Sleep(10))
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "it never comes");
    }

    private Process Start(string dump, string target, params string[] options)
    {
        Assert.SkipUnless(File.Exists(JumpbagProgram.Path), "needs the program");
        return Process.Start(new ProcessStartInfo(JumpbagProgram.Path, ["load", dump, databases.Url(target).Trim('\''), .. options]) { WorkingDirectory = databases.Folder.Path, RedirectStandardError = true })!;
    }
}
