using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Snapshots;

/// <summary>
/// jumpbag snapshot on live volumes under a real kernel with device-mapper, lvm2 and a writer (live-snapshots.sh): what each check of
/// the script answers.
/// </summary>
public sealed class LiveSnapshotTests(LiveSnapshotTests.Machine machine) : IClassFixture<LiveSnapshotTests.Machine>
{
    /// <summary>The sections of the script, and the least number of checks in each: one that ends early does not pass.</summary>
    [Theory]
    [InlineData("content stays as it was while a writer changes the origin; status, streams and signals are passed on")]
    public void all_checks_pass(string what)
    {
        Assert.NotEmpty(what);
        Assert.Empty(machine.Lines.Where(line => line.StartsWith("not ok ", StringComparison.Ordinal)));
        Assert.True(machine.Lines.Count(line => line.StartsWith("ok ", StringComparison.Ordinal)) > 100, string.Join('\n', machine.Lines));
        Assert.Equal("done", machine.Lines[^1]);
    }

    public sealed class Machine
    {
        public IReadOnlyList<string> Lines { get; } = [];
    }
}
