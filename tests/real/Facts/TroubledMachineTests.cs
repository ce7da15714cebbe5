using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.SystemdJournal;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Facts;

/// <summary>
/// Volumes, an array, a filesystem, services, a task and a disk in real trouble, under a real kernel and systemd (troubled-machine.sh). The oracles are lvs, systemctl,
/// journalctl and smartctl.
/// </summary>
public sealed class TroubledMachineTests(TroubledMachineTests.Machine machine) : IClassFixture<TroubledMachineTests.Machine>
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
    [InlineData("units", "failed", "ledger.service", "warning", "^failed: The ledger$")]
    [InlineData("units", "failed", "hungry.service", "warning", "^failed")]
    [InlineData("kernel", "oom", "kernel", "critical", "Memory cgroup out of memory: Killed process [0-9]+ \\(dd\\)")]
    [InlineData("kernel", "stuck", "kernel", "warning", "INFO: task mount:[0-9]+ blocked for more than 1 seconds")]
    [InlineData("pressure", "stuck", "tasks", "warning", "^1 stuck in the kernel: mount \\([0-9]+\\) in ")]
    [InlineData("pressure", "oomKills", "memory", "warning", "^1 processes? killed for want of memory")]
    [InlineData("changes", "timers", "timers", "changed", "^1 ran, last [0-9:]+: tick.timer$")]
    [InlineData("smart", "smart", "nvme0n1", "critical", "^says it is failing: critical warning 0x4$")]
    [InlineData("smart", "smart", "sda", "info", "^passed, 1 hours on, 31 °C$")]
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

    [Fact]
    public void units_timers_errors_and_disks_are_those_that_systemd_and_smartmontools_show()
    {
        Assert.Equal(machine.Answers("failed").Select(line => line.Split(' ')[0]).Order(), machine.Lines.Facts("units", "failed").Select(fact => fact.Text("subject")).Order());
        Assert.All(machine.Answers("timer").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]), timer => Assert.Contains(machine.Lines.Facts("changes", "timer"), fact => fact.Text("subject") == timer));
        string[] told = [.. machine.Lines.Where(line => line.Text("probe") == "logs" && line.Text("name").StartsWith("error ", StringComparison.Ordinal)).Select(line => line.Text("value"))];
        Assert.All(machine.Answers("error"), message => Assert.Contains(told, value => value.Contains(": " + message, StringComparison.Ordinal)));
        Assert.Equal(machine.Answers("error").Distinct().Count(), told.Length);
        Assert.Contains(machine.Answers("error"), message => message == "cannot open /srv/ledger: it is gone");
        Assert.NotEmpty(machine.Answers("kernel"));
        Assert.Equal(["sda PASSED", "nvme0n1 FAILED!"], machine.Answers("smart"));
        Assert.All(machine.Lines.Where(line => line.Text("type") == "probe"), probe => Assert.Equal("ok", probe.Text("result")));
    }

    [Fact]
    public void the_journals_file_of_a_machine_that_runs_is_read_as_journalctl_shows_it()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("system.journal");
        using (var packed = new GZipStream(new MemoryStream(Convert.FromBase64String(string.Concat(machine.Answers("journal")))), CompressionMode.Decompress))
        using (FileStream plain = File.Create(file))
            packed.CopyTo(plain);
        var reader = new JournalReader(new(new LiveFiles(), file, new FileInfo(file).Length));
        ILookup<bool, string> told = reader.Troubles(DateTimeOffset.UtcNow.AddDays(-1)).Where(entry => entry.Priority <= 3).ToLookup(entry => entry.IsOfKernel, entry => entry.Message.Trim());
        Assert.Equal(machine.Answers("kernel"), told[true].SelectMany(message => message.Split('\n')));
        Assert.Equal(machine.Answers("error"), told[false]);
        Assert.Equal((0, null), reader.Damage);
    }

    private static double[] Numbers(string text) => [.. Regex.Matches(text, @"[0-9]+(\.[0-9]+)?").Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture))];

    /// <summary>Booted when the first test asks, so that one which cannot be had skips the tests.</summary>
    public sealed class Machine
    {
        private static readonly string[] Programs = ["mke2fs", "mount", "losetup", "mdadm", "sfdisk", "smartctl"];

        private readonly Lazy<string[]> answered = new(Boot);

        internal JsonElement[] Lines => [.. answered.Value.Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)];

        /// <summary>As "lvs" shows it: data (0) or metadata (1).</summary>
        public double Percent(string volume, int column) =>
            double.Parse(answered.Value.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Single(words => words is ["lvs", var name, ..] && name == volume)[2 + column], CultureInfo.InvariantCulture);

        /// <summary>What another program said: the lines that begin with its word, without that.</summary>
        public string[] Answers(string word) => [.. answered.Value.Where(line => line.StartsWith(word + " ", StringComparison.Ordinal)).Select(line => line[(word.Length + 1)..].Trim())];

        private static string[] Boot()
        {
            string? program = Environment.GetEnvironmentVariable("JUMPBAG_BIN");
            Assert.SkipUnless(program is { Length: > 0 } && !File.Exists(program + ".dll"), "needs the native binary: JUMPBAG_BIN");
            foreach (string tool in Programs)
                Require.Tool(tool);
            using var folder = new TemporaryFolder();
            string[] disks = [folder.File("vda"), folder.File("vdb")], others = [folder.File("ata"), folder.File("nvme")];
            foreach (string disk in disks.Concat(others))
                using (FileStream file = File.Create(disk))
                    file.SetLength(160L << 20);
            string source = Path.Combine(VirtualMachine.Repository, "tests", "real", "Facts", "troubled-machine.sh");
            File.WriteAllText(folder.File("script"), $"PATH=$PATH:{Path.GetDirectoryName(program)}\n{File.ReadAllText(source)}");
            // "Its reliability is degraded", says the second.
            string[] hardware = ["-drive", $"file={others[0]},format=raw,if=ide", "-drive", $"file={others[1]},format=raw,if=none,id=second", "-device", "nvme,serial=second,drive=second,smart_critical_warning=4"];
            ShellResult result = VirtualMachine.Run(folder.File("script"), disks, ["raid1", "ata_piix", "sd_mod"], [.. Programs, program], hardware: hardware, systemd: true);
            Assert.True(result.Status == 0, result.Output + result.Errors);
            return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
    }
}
