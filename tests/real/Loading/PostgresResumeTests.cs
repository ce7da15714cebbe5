using System.Diagnostics;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Loading;

/// <summary>A load that is killed, or whose server crashes, at any moment goes on to the same content.</summary>
[Collection(nameof(PostgresDatabases))]
public sealed class PostgresResumeTests(PostgresDatabases databases)
{
    private PostgresServer Server => databases.Server!;

    [Theory]
    [InlineData("plain.sql", false, 1)]
    [InlineData("plain.sql", true, 2)]
    [InlineData("inserts.sql", true, 3)]
    public async Task a_load_that_is_killed_goes_on_to_the_same_content(string dump, bool server, int seed)
    {
        PostgresServer.Require();
        Assert.SkipUnless(File.Exists(JumpbagProgram.Path), "needs the program");
        var random = new Random(seed);
        // The moments lie within the time that a load takes here.
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, databases.Load($"{dump} {databases.Url(databases.NewDatabase())} -j 3").Status);
        int longest = (int)clock.ElapsedMilliseconds;
        int broken = 0;
        for (int round = 0; broken < 4; round++)
        {
            Assert.True(round < 12, "it is always over too soon to be killed, or has not begun");
            broken += await LoadAndKill(dump, databases.NewDatabase(), server, 6, () => random.Next(longest / 4, longest));
        }
    }

    /// <summary>Kills a load several times and then lets it come to its end; how often it was broken off.</summary>
    private async Task<int> LoadAndKill(string dump, string target, bool server, int most, Func<int> moment)
    {
        // What a crash takes from unlogged tables once nobody is left to load it anew.
        const string Logged = "--no-unlogged-table-data";
        int broken = 0, status = -1;
        for (int run = 0; status != 0; run++)
        {
            Assert.True(run < 30, "it never comes to its end");
            bool resume = Server.Query("SELECT count(*) FROM pg_tables WHERE schemaname = 'jumpbag_load'", target).Trim() != "0";
            using Process load = Start(dump, target, resume);
            Task<string> errors = load.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            bool isKilled = broken < most && !load.WaitForExit(moment());
            if (isKilled && server)
                Crash(target);
            else if (isKilled)
                load.Kill();
            Assert.True(load.WaitForExit(TimeSpan.FromSeconds(60)), "it hangs");
            string said = await errors;
            status = load.ExitCode;
            Assert.True(status == 0 || isKilled, said);
            if (status == 0 && isKilled && server)
            {
                // Its last step was done when the server was struck.
                databases.AssertSame(databases.Content("by_psql", Logged), target, Logged);
                return broken;
            }
            if (status == 0)
                continue;
            // Before it has begun there is nothing that was broken off.
            // A server that was struck comes back by itself.
            SpinWait.SpinUntil(() => !server || Shell.Try("psql", [.. Server.ClientOptions, "-d", target, "-qc", "SELECT 1"]).Status == 0, TimeSpan.FromSeconds(60));
            bool hasBegun = Server.Query("SELECT count(*) FROM pg_tables WHERE schemaname = 'jumpbag_load'", target).Trim() != "0";
            // And killed behind its last step it is whole.
            if (!hasBegun && Server.Query("SELECT count(*) FROM pg_namespace WHERE nspname = 'app'", target).Trim() == "1")
            {
                databases.AssertSame(databases.Content("by_psql", Logged), target, Logged);
                return broken;
            }
            broken += hasBegun ? 1 : 0;
            // A run that the crash meets before its login says only that.
            if (server && hasBegun && !said.StartsWith("jumpbag: error 57P03", StringComparison.Ordinal))
                Assert.Contains("--resume goes on from there", said, StringComparison.Ordinal);
        }
        databases.AssertSame(databases.Wanted, target);
        return broken;
    }

    [Fact]
    public void a_load_that_was_not_finished_is_not_begun_again_by_accident()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        File.WriteAllText(databases.Folder.File("half.sql"), "SET statement_timeout = 0;\nCREATE TABLE public.a (id int);\nSELECT public.missing();\nCREATE TABLE public.b (id int);\n");
        Assert.Equal(1, databases.Load($"half.sql {databases.Url(target)}").Status);
        ShellResult again = databases.Load($"half.sql {databases.Url(target)}");
        Assert.Equal(4, again.Status);
        Assert.Contains("a load of this dump is unfinished (jumpbag_load.load_", again.Errors, StringComparison.Ordinal);
        Assert.Contains("hint: --resume goes on with it", again.Errors, StringComparison.Ordinal);
        Server.Query("CREATE FUNCTION public.missing() RETURNS int LANGUAGE sql AS 'SELECT 1'", target);
        ShellResult resumed = databases.Load($"half.sql {databases.Url(target)} --resume");
        Assert.True(resumed.Status == 0, resumed.Errors);
        Assert.Equal("2\n", Server.Query("SELECT count(*) FROM pg_tables WHERE tablename IN ('a', 'b')", target));
        ShellResult nothing = databases.Load($"half.sql {databases.Url(target)} --resume");
        Assert.Equal(1, nothing.Status);
        Assert.Contains("there is no unfinished load", nothing.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void two_loads_of_one_dump_are_not_run_at_once()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        File.WriteAllText(databases.Folder.File("slow.sql"), "SET statement_timeout = 0;\nCREATE TABLE public.a (id int);\nSELECT pg_sleep(40);\n");
        using Process first = Start("slow.sql", target, false);
        for (int i = 0; i < 100 && Server.Query("SELECT count(*) FROM pg_tables WHERE tablename = 'a'", target) != "1\n"; i++)
            Thread.Sleep(100);
        ShellResult second = databases.Load($"slow.sql {databases.Url(target)} --resume");
        Assert.Equal(4, second.Status);
        Assert.Contains("a load of this dump is still at work on the server (process ", second.Errors, StringComparison.Ordinal);
        first.Kill();
    }

    [Fact]
    public void rows_of_an_unlogged_table_that_a_crash_took_away_are_loaded_anew()
    {
        PostgresServer.Require();
        string target = databases.NewDatabase();
        File.WriteAllText(databases.Folder.File("unlogged.sql"), "CREATE UNLOGGED TABLE public.u (id int);\nCREATE TABLE public.l (id int);\n"
            + $"COPY public.u (id) FROM stdin;\n{string.Join('\n', Enumerable.Range(1, 100_000))}\n\\.\n"
            + "COPY public.l (id) FROM stdin;\n1\n\\.\n"
            + "SELECT 1 FROM (SELECT pg_catalog.pg_sleep(CASE WHEN pg_catalog.to_regclass('public.crashed') IS NULL THEN 60 ELSE 0 END)) AS waiting;\n"
            + "CREATE INDEX u_id ON public.u (id);\n");
        using (Process load = Start("unlogged.sql", target, false))
        {
            for (int i = 0; i < 300 && Server.Query("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%AS waiting%' AND application_name = 'jumpbag'") != "1\n"; i++)
                Thread.Sleep(50);
            Assert.Equal("100000\n", Server.Query("SELECT count(*) FROM u", target));
            // What is not on disk by then is lost with its lines of the ledger, and proves nothing.
            Server.Query("CHECKPOINT", target);
            Crash(target);
            Assert.True(load.WaitForExit(TimeSpan.FromSeconds(30)));
        }
        string ledger = Server.Query("SELECT tablename FROM pg_tables WHERE schemaname = 'jumpbag_load'", target).Trim();
        Assert.Equal("0\t1\t100001\n", Server.Query($"SELECT (SELECT count(*) FROM u), (SELECT count(*) FROM l), sum(row_count) FROM jumpbag_load.{ledger} WHERE done", target));
        Server.Query("CREATE TABLE public.crashed ()", target);
        ShellResult resumed = databases.Load($"unlogged.sql {databases.Url(target)} --resume -j 3");
        Assert.True(resumed.Status == 0, resumed.Errors);
        Assert.Equal("100000\t5000050000\t1\n", Server.Query("SELECT count(*), sum(id), (SELECT count(*) FROM l) FROM u", target));
    }

    private Process Start(string dump, string target, bool resume)
    {
        var start = new ProcessStartInfo(JumpbagProgram.Path, ["load", dump, databases.Url(target).Trim('\''), "-j", "3", .. resume ? (string[])["--resume"] : []])
        {
            WorkingDirectory = databases.Folder.Path,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    /// <summary>One process of the server killed is a crash of all: it starts anew from its log.</summary>
    private void Crash(string target)
    {
        string processes = Server.Query($"SELECT pid FROM pg_stat_activity WHERE datname = '{target}' AND application_name = 'jumpbag' ORDER BY random() LIMIT 1").Trim();
        if (processes.Length == 0)
            return;
        Shell.Run("kill", "-9", processes);
        for (int i = 0; i < 200; i++, Thread.Sleep(50))
            if (Shell.Try("psql", [.. Server.ClientOptions, "-d", target, "-qAtc", "SELECT 1"]).Status == 0)
                return;
    }
}
