using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Tests.Unit.Host;

public sealed class JobTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("exit 255", 255)]
    [InlineData("kill -TERM $$", 143)]
    [InlineData("kill -KILL $$", 137)]
    public void its_end_is_told_as_a_shell_tells_it(string script, int status)
    {
        using Job job = Shell(script);
        Assert.Equal(status, job.Wait(Soon)!.Value.Status);
    }

    [Fact]
    public void waiting_ends_in_time_and_the_program_goes_on()
    {
        using Job job = Shell("sleep 60");
        var watch = Stopwatch.StartNew();
        Assert.Null(job.Wait(TimeSpan.FromMilliseconds(250)));
        Assert.InRange(watch.ElapsedMilliseconds, 200, 5000);
        Assert.True(Directory.Exists($"/proc/{job.Id}"));
        Assert.Equal(Signals.Terminate, job.Stop(Signals.Terminate, Soon).Signal);
    }

    [Fact]
    public void who_does_not_heed_the_signal_is_killed_with_all_it_started()
    {
        string mark = Path.GetTempFileName();
        try
        {
            using Job job = Shell($"trap '' TERM; sleep 61 & echo $! >'{mark}'; while :; do sleep 0.1; done");
            while (File.ReadAllText(mark).Length == 0)
                Thread.Sleep(20);
            Assert.Equal(Signals.Kill, job.Stop(Signals.Terminate, TimeSpan.FromMilliseconds(300)).Signal);
            string sleeper = File.ReadAllText(mark).Trim();
            // Its parent is gone, so whoever is process 1 here reaps it, or leaves it a zombie.
            Assert.True(SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{sleeper}") || File.ReadAllText($"/proc/{sleeper}/stat").Contains(") Z ", StringComparison.Ordinal), Soon));
        }
        finally
        {
            File.Delete(mark);
        }
    }

    [Fact]
    public void both_outputs_are_kept_however_much_comes()
    {
        ProgramRun run = ProgramRun.Of("sh", ["-c", "i=0; while [ $i -lt 20000 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done; exit 3"], Soon);
        Assert.Equal(3, run.End.Code);
        Assert.Equal(20000, run.Output.Count(c => c == '\n'));
        Assert.EndsWith("out19999\n", run.Output, StringComparison.Ordinal);
        Assert.StartsWith("err0\nerr1\n", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void a_program_that_left_its_streams_to_another_is_done_all_the_same()
    {
        var watch = Stopwatch.StartNew();
        ProgramRun run = ProgramRun.Of("sh", ["-c", "sleep 5 & echo said"], Soon);
        Assert.Equal("said\n", run.Output);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 4000);
    }

    [Fact]
    public void a_program_that_does_not_end_in_time_is_ended()
    {
        var failure = Assert.Throws<FailedException>(() => ProgramRun.Of("sleep", ["60"], TimeSpan.FromMilliseconds(300)));
        Assert.Equal("sleep was not done after 0 s and was ended", failure.Message);
    }

    [Fact]
    public void a_program_has_nothing_to_read_and_speaks_english()
    {
        ProgramRun run = ProgramRun.Of("sh", ["-c", "cat; echo $LC_ALL; echo \"$1\"; kill -PIPE $$", "sh", "caf\uDCE9"], Soon);
        Assert.StartsWith("C\ncaf", run.Output, StringComparison.Ordinal);
        Assert.Equal(Signals.Pipe, run.End.Signal);
    }

    [Fact]
    public void a_missing_program_is_named_with_its_packages()
    {
        string? path = Environment.GetEnvironmentVariable("PATH");
        Assert.Null(Programs.TryFind("no-such-program-of-ours"));
        Assert.NotNull(Programs.TryFind("sh"));
        Assert.Null(Programs.TryFind("/etc/passwd"));
        Assert.Equal(path, Environment.GetEnvironmentVariable("PATH"));
    }

    [Fact]
    public void a_complaint_is_what_the_program_said_without_its_warnings()
    {
        var run = new ProgramRun("lvcreate", new(5, null), "", "  WARNING: something old\n  Volume group \"vg\" has insufficient free space (3 extents): 5 required.\n");
        Assert.Equal("Volume group \"vg\" has insufficient free space (3 extents): 5 required", run.Complaint);
        Assert.Equal("exit status 5", (run with { Errors = "" }).Complaint);
        Assert.Equal("WARNING: only this", (run with { Errors = "  WARNING: only this\n" }).Complaint);
    }

    [Fact]
    public void everything_is_undone_in_reverse_whatever_fails()
    {
        var done = new List<string>();
        var undo = new UndoStack();
        undo.Push(() => done.Add("first"));
        undo.Push(() => throw new FailedException("second"));
        undo.Push(() => done.Add("third"));
        Assert.Equal("second", Assert.Single(undo.Run()).Message);
        Assert.Equal(["third", "first"], done);
        Assert.Empty(undo.Run());
    }

    private static Job Shell(string script) =>
        Job.Start(new(Programs.Find("sh"), [.. new[] { "sh", "-c", script }.Select(ByteString.FromText)]));
}
