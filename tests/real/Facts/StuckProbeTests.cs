using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Facts;

[Collection("stuck tasks")]
public sealed class StuckProbeTests
{
    /// <summary>Of the probe for one mount.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(4);

    [Fact]
    public void a_probe_that_is_stuck_in_the_kernel_is_abandoned_and_delays_nothing_beyond_its_deadline()
    {
        Require.Root();
        Require.Fuse();
        using var folder = new TemporaryFolder();
        using var mount = new SilentMount(folder.File("silent"));
        long begin = Stopwatch.GetTimestamp();
        (ShellResult result, JsonElement[] lines) = FactsProgram.Run(folder.Path, "--only filesystems,deleted,raid");
        TimeSpan took = Stopwatch.GetElapsedTime(begin);
        Assert.True(result.Status == 0, result.Errors);
        Assert.True(mount.Waiting > 0, "nobody asked the mount");

        JsonElement fact = Assert.Single(lines.Facts("mount", "timeout"));
        Assert.Equal(("critical", mount.Folder), (fact.Text("level"), fact.Text("subject")));
        Assert.Contains("stuck in the kernel", fact.Text("value"), StringComparison.Ordinal);
        Assert.Equal("timeout", lines.Single(line => line.Text("type") == "probe" && line.Text("probe") == $"mount {mount.Folder}").Text("result"));
        // It is stuck for real: it was killed and is there still.
        string process = Regex.Match(fact.Text("source"), @"process (\d+)").Groups[1].Value;
        Assert.Matches(@"\) D ", File.ReadAllText($"/proc/{process}/stat"));
        // All else was told.
        Assert.Contains(lines.Facts("filesystems", "space"), space => space.Text("subject") == "/");
        Assert.Equal("ok", lines.Single(line => line.Text("type") == "probe" && line.Text("probe") == "filesystems").Text("result"));
        Assert.Equal("ok", lines.Single(line => line.Text("type") == "probe" && line.Text("probe") == "deleted").Text("result"));
        double seconds = lines[^1].GetProperty("seconds").GetDouble();
        Assert.True(seconds < Deadline.TotalSeconds + 4 && took < Deadline + TimeSpan.FromSeconds(8), string.Create(CultureInfo.InvariantCulture, $"{seconds} s, {took.TotalSeconds} s with its start"));
    }

    [Fact]
    public void ten_of_them_take_no_longer_than_one()
    {
        Require.Root();
        Require.Fuse();
        using var folder = new TemporaryFolder();
        SilentMount[] mounts = [.. Enumerable.Range(0, 10).Select(number => new SilentMount(folder.File($"silent{number}")))];
        try
        {
            (ShellResult result, JsonElement[] lines) = FactsProgram.Run(folder.Path, "--only filesystems");
            Assert.True(result.Status == 0, result.Errors);
            Assert.Equal(mounts.Select(mount => mount.Folder).Order(), lines.Facts("mount", "timeout").Select(fact => fact.Text("subject")).Order());
            Assert.True(lines[^1].GetProperty("seconds").GetDouble() < Deadline.TotalSeconds + 6);
        }
        finally
        {
            foreach (SilentMount mount in mounts)
                mount.Dispose();
        }
    }

    [Fact]
    public void a_budget_ends_what_is_not_done()
    {
        Require.Root();
        Require.Fuse();
        using var folder = new TemporaryFolder();
        using var mount = new SilentMount(folder.File("silent"));
        (_, JsonElement[] lines) = FactsProgram.Run(folder.Path, "--only filesystems --budget 1.5");
        Assert.Single(lines.Facts("mount", "timeout"));
        Assert.InRange(lines[^1].GetProperty("seconds").GetDouble(), 1.5, 3);
    }
}
