using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Facts;

/// <summary>Real trouble, made on this machine, is found; and looking for it changes nothing.</summary>
[Collection("stuck tasks")] // Those of other tests would be found too.
public sealed class MachineStateTests
{
    [Fact]
    public void nothing_is_opened_for_writing_and_no_program_is_run_that_alters_the_system()
    {
        Require.Tool("strace");
        using var folder = new TemporaryFolder();
        ShellResult result = JumpbagProgram.Bash(folder.Path, """
            export JUMPBAG_STATE=$PWD/state DOTNET_EnableDiagnostics=0
            strace -f -qq -e trace=open,openat,openat2,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat,truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,fchownat,lchown,utimensat,setxattr,fsetxattr,mount,umount2,init_module,finit_module,delete_module,kill,execve,ioctl,adjtimex,clock_adjtime,settimeofday,syslog,swapon,swapoff,reboot,sethostname -o trace "$BIN" facts -q >screen
            """);
        Assert.True(result.Status == 0, result.Errors);
        string[] trace = [.. File.ReadLines(folder.File("trace")).Where(line => !line.Contains(" = -1 E", StringComparison.Ordinal))];
        Assert.Contains(trace, line => line.Contains("/proc/self/mountinfo", StringComparison.Ordinal));
        Assert.Contains(trace, line => line.Contains("/dev/kmsg", StringComparison.Ordinal) && line.Contains("O_RDONLY", StringComparison.Ordinal));
        string[] writing = [.. trace.Where(line => Regex.IsMatch(line, @"\b(open|openat|openat2)\(.*O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)") && !line.Contains("\"/dev/null\"", StringComparison.Ordinal))];
        // A thread's name is written into the process itself. A JIT build's runtime shares memory with its debugger and among its own processes; the native binary does not.
        Assert.DoesNotContain(writing, line => !Regex.IsMatch(line, @"""/(dev/shm|tmp)/(\.dotnet|clr-|doublemapper|dotnet)|memfd:|/proc/self/coredump_filter|""/proc/self/task/\d+/comm"""));
        string[] altering = [.. trace.Where(line => Regex.IsMatch(line, @"\b(creat|mkdir(at)?|unlink(at)?|rename(at2?)?|link(at)?|symlink(at)?|mknod(at)?|f?truncate|f?chmod(at)?|[fl]?chown(at)?|utimensat|f?setxattr|mount|umount2|(f?init|delete)_module|settimeofday|swapo(n|ff)|reboot|sethostname)\("))];
        Assert.DoesNotContain(altering, line => !Regex.IsMatch(line, @"""/(dev/shm|tmp)/(\.dotnet|clr-|doublemapper|dotnet)|ftruncate\(\d+, \d{10,}"));
        Assert.DoesNotContain(trace, line => Regex.IsMatch(line, @"execve\(""[^""]*/(modprobe|insmod|kmod|lvm|lvs|vgs|pvs|dmsetup|mdadm|mount|systemd[^""]*|service|hostnamectl|timedatectl|loginctl)"""));
        // The clock is asked, not set: modes=0. Device-mapper is asked for states only.
        // Of a call that is interrupted in the trace the values stand in the line of its end.
        string[] clock = [.. trace.Where(line => Regex.IsMatch(line, @"adjtime[x]?\b.*\{modes="))];
        Assert.NotEmpty(clock);
        Assert.All(clock, line => Assert.Contains("{modes=0,", line, StringComparison.Ordinal));
        Assert.DoesNotContain(trace, line => Regex.IsMatch(line, @"ioctl\(.*(DM_(?!TABLE_STATUS|VERSION)|BLK(?!GETSIZE)|LOOP_|SG_IO)"));
        Assert.False(Directory.Exists(folder.File("state")), "a look leaves nothing in the state folder");
    }

    [Fact]
    public void a_full_filesystem_and_one_without_inodes_are_critical()
    {
        Require.Root();
        using var folder = new TemporaryFolder();
        string space = folder.File("space"), inodes = folder.File("inodes");
        try
        {
            ShellResult made = Shell.Try("bash", "-c", $"mkdir '{space}' '{inodes}' && mount -t tmpfs -o size=1m tmpfs '{space}' && mount -t tmpfs -o nr_inodes=20 tmpfs '{inodes}'");
            Assert.SkipUnless(made.Status == 0, $"needs to mount a tmpfs: {made.Errors}");
            Shell.Try("bash", "-c", $"dd if=/dev/zero of='{space}/x' bs=4k; for i in $(seq 30); do : >'{inodes}/'$i; done");
            (_, JsonElement[] lines) = FactsProgram.Run(folder.Path, "--only filesystems");
            JsonElement full = lines.Facts("filesystems", "space").Single(fact => fact.Text("subject") == space);
            Assert.Equal("critical", full.Text("level"));
            Assert.StartsWith("100% full, 0B left of 1M", full.Text("value"), StringComparison.Ordinal);
            JsonElement none = lines.Facts("filesystems", "inodes").Single(fact => fact.Text("subject") == inodes);
            Assert.Equal("critical", none.Text("level"));
            Assert.Contains("0 left of 20", none.Text("value"), StringComparison.Ordinal);
            Shell.Run("mount", "-o", "remount,ro", inodes);
            (_, lines) = FactsProgram.Run(folder.Path, "--only filesystems");
            Assert.Equal("info", lines.Facts("filesystems", "inodes").Single(fact => fact.Text("subject") == inodes).Text("level"));
        }
        finally
        {
            Shell.Try("umount", space, inodes);
        }
    }

    [Fact]
    public void a_deleted_file_that_is_held_open_is_named_with_its_process_and_how_to_empty_it()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("big file");
        using (var stream = new FileStream(file, FileMode.CreateNew))
        {
            stream.Write(new byte[120 << 20]);
            File.Delete(file);
            (_, JsonElement[] lines) = FactsProgram.Run(folder.Path, "--only deleted");
            JsonElement fact = lines.Facts("deleted", "deleted").Single(fact => fact.Text("subject") == file);
            Assert.Contains($"({Environment.ProcessId}) keeps 120M", fact.Text("value"), StringComparison.Ordinal);
            Assert.Matches($"^/proc/{Environment.ProcessId}/fd/[0-9]+$", fact.Text("source"));
            Assert.EndsWith($": >{fact.Text("source")}", fact.Text("next"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void a_task_that_is_stuck_is_named_with_where_it_is()
    {
        Require.Root();
        Require.Fuse();
        using var folder = new TemporaryFolder();
        using var mount = new SilentMount(folder.File("silent"));
        using Process stuck = Process.Start("stat", ["-f", mount.Folder]);
        for (int i = 0; i < 100 && mount.Waiting == 0; i++)
            Thread.Sleep(50);
        stuck.Kill();
        (_, JsonElement[] lines) = FactsProgram.Run(folder.Path, "--only pressure");
        JsonElement fact = Assert.Single(lines.Facts("pressure", "stuck"));
        Assert.Contains($"stat ({stuck.Id})", fact.Text("value"), StringComparison.Ordinal);
        Assert.Equal("warning", fact.Text("level"));
    }

    [Fact]
    public void logins_are_those_that_last_shows()
    {
        Require.Tool("last");
        using var folder = new TemporaryFolder();
        ShellResult last = Shell.Try("bash", "-c", "last -w -s -1days | grep -v -e '^reboot' -e '^runlevel' -e '^wtmp' -e '^shutdown' -e '^$' | awk '{print $1}' | sort | uniq -c | awk '{print $2\" \"$1}'");
        (_, JsonElement[] lines) = FactsProgram.Run(folder.Path, "--only logins");
        string[] ours = [.. lines.Facts("logins", "login").Select(fact => fact.Text("subject").Split(' ')[0]).GroupBy(user => user).Select(group => group.Key).Order(StringComparer.Ordinal)];
        Assert.Equal(last.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]).Order(StringComparer.Ordinal), ours);
    }
}
