using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Facts;

/// <summary>Volumes, an array and a filesystem in real trouble, under a real kernel (troubled-volumes.sh). The oracle for percentages is lvs.</summary>
public sealed class TroubledVolumesTests(TroubledVolumesTests.Machine machine) : IClassFixture<TroubledVolumesTests.Machine>
{
    [Theory]
    [InlineData("lvm", "thin-pool", "vg-1/pool", "warning", "^thin pool data 8[0-9](\\.[0-9])?%, metadata [0-9.]+% full$")]
    [InlineData("lvm", "snapshot", "vg-1/filling", "warning", "^snapshot 8[0-9](\\.[0-9])?% full$")]
    [InlineData("lvm", "snapshot", "vg-1/lost", "critical", "^the snapshot has overflowed and is lost; its origin is well$")]
    [InlineData("lvm", "raid", "vg-1/mirrored", "info", "^raid1 of 2 parts, (AA|Aa|aa)")]
    [InlineData("lvm", "suspended", "halted", "critical", "^is suspended")]
    [InlineData("lvm", "error", "broken", "critical", "^every read and write of it fails")]
    [InlineData("raid", "degraded", "md7", "critical", "^raid1 lacks 1 of 2 disks \\(loop2 is faulty.*; the next disk takes it down$")]
    [InlineData("filesystems", "errors", "/mnt/files", "critical", "^ext4 noted [12] errors? in its superblock, last [0-9:]+ in .*it takes no more writes")]
    [InlineData("kernel", "filesystem", "kernel", "critical", "EXT4-fs")]
    [InlineData("kernel", "array", "kernel", "critical", "md/raid1:md7: Disk failure on loop2|device-mapper: snapshots: Invalidating")]
    public void it_is_found_and_told(string probe, string name, string subject, string level, string value)
    {
        JsonElement fact = Assert.Single(machine.Lines.Facts(probe, name), fact => fact.Text("subject") == subject);
        Assert.Equal(level, fact.Text("level"));
        Assert.Matches(value, fact.Text("value"));
        Assert.True(level == "info" || fact.Text("next").Length > 0);
    }

    [Fact]
    public void percentages_are_those_that_lvs_shows()
    {
        double[] pool = Numbers(Assert.Single(machine.Lines.Facts("lvm", "thin-pool")).Text("value"));
        Assert.Equal(machine.Percent("pool", 0), pool[0], 0.06);
        Assert.Equal(machine.Percent("pool", 1), pool[1], 0.06);
        Assert.Equal(machine.Percent("filling", 0), Numbers(Assert.Single(machine.Lines.Facts("lvm", "snapshot"), fact => fact.Text("subject") == "vg-1/filling").Text("value"))[0], 0.06);
    }

    private static double[] Numbers(string text) => [.. Regex.Matches(text, @"[0-9]+(\.[0-9]+)?").Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture))];

    /// <summary>Booted when the first test asks, so that one which cannot be had skips the tests.</summary>
    public sealed class Machine
    {
        private static readonly string[] Programs = ["mke2fs", "mount", "losetup", "mdadm", "sfdisk"];

        private readonly Lazy<string[]> answered = new(Boot);

        internal JsonElement[] Lines => [.. answered.Value.Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)];

        /// <summary>As "lvs" shows it: data (0) or metadata (1).</summary>
        public double Percent(string volume, int column) =>
            double.Parse(answered.Value.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Single(words => words is ["lvs", var name, ..] && name == volume)[2 + column], CultureInfo.InvariantCulture);

        private static string[] Boot()
        {
            string? program = Environment.GetEnvironmentVariable("JUMPBAG_BIN");
            Assert.SkipUnless(program is { Length: > 0 } && !File.Exists(program + ".dll"), "needs the native binary: JUMPBAG_BIN");
            foreach (string tool in Programs)
                Require.Tool(tool);
            using var folder = new TemporaryFolder();
            string[] disks = [folder.File("vda"), folder.File("vdb")];
            foreach (string disk in disks)
                using (FileStream file = File.Create(disk))
                    file.SetLength(160L << 20);
            string source = Path.Combine(VirtualMachine.Repository, "tests", "real", "Facts", "troubled-volumes.sh");
            File.WriteAllText(folder.File("script"), $"PATH=$PATH:{Path.GetDirectoryName(program)}\n{File.ReadAllText(source)}");
            ShellResult result = VirtualMachine.Run(folder.File("script"), disks, ["raid1"], [.. Programs, program]);
            Assert.True(result.Status == 0, result.Output + result.Errors);
            return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
    }
}
