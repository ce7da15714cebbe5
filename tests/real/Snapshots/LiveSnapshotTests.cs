using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Snapshots;

/// <summary>
/// jumpbag snapshot on live volumes under a real kernel with device-mapper and lvm2, with a writer running (live-snapshots.sh): what
/// the checks of the script answer. The oracles are LVM, the kernel's mounts and checksums taken in there.
/// </summary>
public sealed class LiveSnapshotTests(LiveSnapshotTests.Machine machine) : IClassFixture<LiveSnapshotTests.Machine>
{
    /// <summary>A section of the script and how many checks it has, so that one that ends early does not pass.</summary>
    [Theory]
    [InlineData("fixed", 15)]
    [InlineData("refused", 20)]
    [InlineData("overflow", 10)]
    [InlineData("hooks", 11)]
    [InlineData("signals", 6)]
    [InlineData("terminal", 5)]
    [InlineData("crash", 16)]
    [InlineData("two", 4)]
    [InlineData("keep", 8)]
    [InlineData("wait", 13)]
    [InlineData("dry", 6)]
    [InlineData("thin", 11)]
    [InlineData("backup", 16)]
    [InlineData("xfs", 4)]
    [InlineData("journal", 7)]
    [InlineData("guest", 8)]
    [InlineData("xfsguest", 2)]
    [InlineData("xfsgroup", 7)]
    [InlineData("guestgroup", 5)]
    public void it_holds_on_a_live_system(string section, int checks)
    {
        string[] lines = [.. machine.Lines.SkipWhile(line => !line.StartsWith($"section {section} ", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => !line.StartsWith("section ", StringComparison.Ordinal) && line != "done")];
        string failed = string.Join('\n', lines.Where(line => line.StartsWith("not ok ", StringComparison.Ordinal)));
        Assert.True(failed.Length == 0, failed);
        Assert.True(lines.Count(line => line.StartsWith("ok ", StringComparison.Ordinal)) == checks, string.Join('\n', lines.DefaultIfEmpty(machine.Failure)));
    }

    /// <summary>Two boots, so that each is done within its time on a slow machine.</summary>
    public sealed class Machine
    {
        private static readonly string[] Boots = ["fixed refused overflow hooks signals dry two", "terminal crash keep wait thin backup xfs journal guest xfsguest xfsgroup guestgroup"];

        private static readonly string[] Programs = ["mke2fs", "mkfs.xfs", "mkfs.btrfs", "sfdisk", "script", "mount", "umount", "losetup", "blockdev", "fstrim", "dumpe2fs", "seq", "sync", "stat", "openssl"];

        // Not when it is made: what is missing then would fail the tests instead of skipping them.
        private readonly Lazy<(IReadOnlyList<string> Lines, string Failure)> answered = new(Boot);

        public IReadOnlyList<string> Lines => answered.Value.Lines;

        public string Failure => answered.Value.Failure;

        private static (IReadOnlyList<string> Lines, string Failure) Boot()
        {
            string? program = Environment.GetEnvironmentVariable("JUMPBAG_BIN");
            Assert.SkipUnless(program is { Length: > 0 } && !File.Exists(program + ".dll"), "needs the native binary: JUMPBAG_BIN");
            foreach (string tool in Programs)
                Require.Tool(tool);
            List<string> lines = [], failures = [];
            foreach (string sections in Boots)
            {
                using var folder = new TemporaryFolder();
                string[] disks = [folder.File("vda"), folder.File("vdb")];
                foreach (string disk in disks)
                    using (FileStream file = File.Create(disk))
                        file.SetLength(disk.EndsWith('a') ? 1500L << 20 : 400L << 20);
                string source = Path.Combine(VirtualMachine.Repository, "tests", "real", "Snapshots", "live-snapshots.sh");
                File.WriteAllText(folder.File("script"), $"PATH=$PATH:{Path.GetDirectoryName(program)} SECTIONS='{sections}'\n{File.ReadAllText(source)}");
                ShellResult result = VirtualMachine.Run(folder.File("script"), disks, ["xfs", "btrfs", "fuse", "ext2"], [.. Programs, program], minutes: 12);
                lines.AddRange(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
                failures.Add($"exit status {result.Status} {result.Errors}");
            }
            return (lines, string.Join('\n', failures));
        }
    }
}
