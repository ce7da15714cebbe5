using System.Globalization;
using System.Text.Json;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>The evidence of a machine that is dead, from its disk: a tree as Debian has it, made into a real ext4 by mke2fs.</summary>
public sealed class FactsSourceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly DateTime end = DateTime.UtcNow;

    public void Dispose() => folder.Dispose();

    private void Write(string path, string content)
    {
        string file = folder.File("tree" + path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }

    private string Stamp(int minutesBefore) => end.AddMinutes(-minutesBefore).ToString("MMM dd HH:mm:ss", CultureInfo.InvariantCulture).Replace(" 0", "  ", StringComparison.Ordinal) is var stamp && stamp[4] == ' ' ? stamp : end.AddMinutes(-minutesBefore).ToString("MMM dd HH:mm:ss", CultureInfo.InvariantCulture);

    private void MakeDisk()
    {
        Require.Tool("mke2fs");
        Write("/etc/hostname", "web7\n");
        Write("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n");
        Write("/etc/fstab", "UUID=00000000-0000-0000-0000-000000000001 / ext4 defaults 0 1\nUUID=deadbeef-0000-0000-0000-000000000000 /srv ext4 defaults 0 2\n//nas/x /mnt cifs username=a,password=hunter2 0 0\n");
        Write("/srv/.keep", "");
        Write("/var/log/syslog", $"{Stamp(5)} web7 kernel: [ 123.4] EXT4-fs error (device sda1): ext4_lookup:1855: inode #2: comm ls: deleted inode\n{Stamp(4)} web7 mariadbd[55]: InnoDB: Error: no space left on device\n");
        Write("/var/log/auth.log", $"{Stamp(3)} web7 sudo:     anna : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/mysql -psecretpw shop\n");
        Write("/var/log/dpkg.log", $"{end.AddMinutes(-6):yyyy-MM-dd HH:mm:ss} upgrade openssl:amd64 3.0.13-1 3.0.14-1\n");
        Write("/var/log/rotated", $"{Stamp(60)} web7 kernel: [ 1.0] sd 0:0:0:0: [sda] tag#0 Add. Sense: Unrecovered read error\n");
        Shell.Run("bash", "-c", "gzip -c \"$1\" >\"$2\"; rm \"$1\"", "bash", folder.File("tree/var/log/rotated"), folder.File("tree/var/log/syslog.1.gz"));
        Write("/var/lib/systemd/coredump/core.mariadbd.110.b0.1234.17.zst", "dump");
        Write("/boot/vmlinuz-6.1.0-28-amd64", "kernel");
        Shell.Run("truncate", "-s", "32M", folder.File("d.img"));
        Shell.Run("mke2fs", "-q", "-t", "ext4", "-d", folder.File("tree"), folder.File("d.img"));
    }

    private ShellResult Bash(string script) => JumpbagProgram.Bash(folder.Path, $"export JUMPBAG_STATE=$PWD/state\n{script}");

    [Fact]
    public void release_logs_also_packed_ones_packages_crashes_and_changes_come_from_the_disk()
    {
        MakeDisk();
        ShellResult result = Bash("before=$(sha256sum <d.img); jumpbag facts --source d.img; [ \"$before\" = \"$(sha256sum <d.img)\" ] && jumpbag facts -q --source d.img --all >all && grep -q '/srv: UUID=deadbeef-0000-0000-0000-000000000000 ext4 defaults' all");
        Assert.True(result.Status == 0, result.Errors);
        Assert.Contains("Debian GNU/Linux 12 (bookworm)", result.Output, StringComparison.Ordinal);
        string text = result.Output.ReplaceLineEndings(" ").Replace("   ", " ", StringComparison.Ordinal);
        Assert.Contains("!! kernel: EXT4-fs error (device sda1)", text, StringComparison.Ordinal);
        Assert.Contains("!! kernel: sd 0:0:0:0: [sda] tag#0 Add. Sense: Unrecovered read error", text, StringComparison.Ordinal);
        Assert.Contains("mariadbd: InnoDB: Error: no space left on device", text, StringComparison.Ordinal);
        Assert.Contains("mariadbd: dump of a program", text, StringComparison.Ordinal);
        Assert.Contains("1 upgraded, last", text, StringComparison.Ordinal);
        Assert.Contains("1 command by anna", text, StringComparison.Ordinal);
    }

    [Fact]
    public void errors_of_the_last_day_come_from_systemds_journal_too_and_damage_in_it_is_told()
    {
        string journal = folder.File("tree/var/log/journal/0123456789abcdef0123456789abcdef/system.journal");
        Directory.CreateDirectory(Path.GetDirectoryName(journal)!);
        SystemdJournals.Write(journal, 3000, compact: true, "zstd");
        File.Copy(journal, Path.Combine(Path.GetDirectoryName(journal)!, "user-1000.journal"));
        using (FileStream damaged = File.OpenWrite(Path.Combine(Path.GetDirectoryName(journal)!, "user-1000.journal")))
            damaged.Write(new byte[64]);
        MakeDisk();
        ShellResult result = Bash("jumpbag facts --source d.img --all --json");
        JsonElement[] lines = [.. result.Output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        string[] logs = [.. lines.Where(line => line.GetProperty("type").GetString() == "fact" && line.GetProperty("probe").GetString() == "logs").Select(line => line.GetProperty("value").GetString()!)];
        Assert.Contains(logs, value => value.StartsWith("EXT4-fs error (device sda1): ext4_lookup", StringComparison.Ordinal) && value.Contains(" messages, last ", StringComparison.Ordinal));
        Assert.Contains(logs, value => value.StartsWith("sshd: caf\u00e9 ", StringComparison.Ordinal));
        Assert.Contains(logs, value => value.EndsWith(" errors and troubles of the last day, 8.0M", StringComparison.Ordinal));
        JsonElement end = lines.Single(line => line.GetProperty("type").GetString() == "probe" && line.GetProperty("probe").GetString() == "logs");
        Assert.Equal("failed", end.GetProperty("result").GetString());
        Assert.EndsWith("user-1000.journal was not read: it does not begin as a journal does", end.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void secrets_of_the_disk_are_masked_also_in_the_bundle()
    {
        MakeDisk();
        ShellResult result = Bash("jumpbag facts --source d.img --json --bundle b.tar.gz; mkdir b; tar -xzf b.tar.gz -C b; grep -rhoe hunter2 -e secretpw b; grep -rh 'cifs username' b");
        Assert.DoesNotContain("hunter2", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secretpw", result.Output, StringComparison.Ordinal);
        Assert.Contains("cifs username=a,password=***", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void an_error_flag_and_a_dirty_journal_in_the_superblock_are_told()
    {
        Require.Tool("debugfs");
        MakeDisk();
        ShellResult result = Bash("debugfs -w -R 'set_super_value state 2' d.img 2>/dev/null; debugfs -w -R 'feature needs_recovery' d.img >/dev/null 2>&1; jumpbag facts --source d.img --json");
        JsonElement[] facts = [.. result.Output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.GetProperty("type").GetString() == "fact")];
        Assert.Equal("critical", facts.Single(fact => fact.GetProperty("name").GetString() == "errors").GetProperty("level").GetString());
    }

    [Fact]
    public void the_demo_disk_has_a_home_that_was_not_unmounted()
    {
        JumpbagProgram.UnpackDemo(folder.Path);
        ShellResult result = Bash("jumpbag facts -q --source d.img");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.Contains(" ! d.img@vg_demo/home: was not unmounted", result.Output, StringComparison.Ordinal);
        Assert.Equal(1, Bash("head -c 1M /dev/zero >z.img; jumpbag facts --source z.img").Status);
    }
}
