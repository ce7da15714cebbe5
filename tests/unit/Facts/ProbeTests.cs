using System.IO.Compression;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Facts;
using Jumpbag.Facts.Databases;
using Jumpbag.Facts.Probes;
using Jumpbag.Facts.Running;
using Jumpbag.Host;

namespace Jumpbag.Tests.Unit.Facts;

public sealed class ProbeTests
{
    private const string Mounts = """
        22 27 0:21 / /proc rw,relatime - proc proc rw
        27 1 254:0 / / rw,relatime - ext4 /dev/vda1 rw,errors=remount-ro
        28 27 254:0 /srv /srv/bind rw,relatime - ext4 /dev/vda1 rw
        29 27 254:16 / /data rw,relatime - xfs /dev/vdb ro
        30 27 0:40 / /mnt/nas rw,relatime - nfs4 nas:/export rw,vers=4.2
        31 30 254:32 / /mnt/nas/local rw,relatime - ext4 /dev/vdc rw
        32 27 0:41 / /auto rw - autofs systemd-1 rw
        33 27 0:42 / /home/anna/remote rw,nosuid - fuse.sshfs anna@far: rw
        34 27 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro
        35 27 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw

        """;

    [Fact]
    public void mounts_that_may_hang_and_what_lies_below_them_are_asked_by_processes_of_their_own()
    {
        Assert.Equal(["/mnt/nas", "/mnt/nas/local", "/home/anna/remote"], FileSystemsProbe.MountsThatMayHang(Encoding.ASCII.GetBytes(Mounts)));
        IReadOnlyList<MountEntry> all = MountEntry.Parse(Encoding.ASCII.GetBytes(Mounts));
        Assert.Equal(["/", "/data"], FileSystemsProbe.Asked(all).Where(mount => !FileSystemsProbe.MayHang(mount, all)).Select(mount => mount.MountPoint.ToString()));
    }

    [Theory]
    [InlineData("rw,relatime - xfs /dev/vdb ro")]
    [InlineData("rw,relatime - ext4 /dev/vdb rw,emergency_ro,errors=remount-ro")]
    [InlineData("ro,relatime - ext4 /dev/vdb ro")]
    public void a_filesystem_that_became_read_only_is_critical(string mount)
    {
        using FakeMachine machine = new FakeMachine().With("/proc/self/mountinfo", $"29 27 254:16 / /tmp {mount}\n").With("/etc/fstab", "/dev/vdb /tmp xfs defaults 0 0\n");
        Fact fact = Assert.Single(machine.Run(FileSystemsProbe.Run), fact => fact.Name == "readOnly");
        Assert.Equal((FactLevel.Critical, "/tmp"), (fact.Level, fact.Subject));
    }

    [Fact]
    public void errors_that_ext4_noted_are_critical()
    {
        using FakeMachine machine = new FakeMachine().With("/proc/self/mountinfo", "27 1 8:1 / /tmp rw - ext4 /dev/sda1 rw,errors=remount-ro\n").With("/sys/class/block/sda1/dev", "8:1\n").With("/sys/fs/ext4/sda1/errors_count", "3\n").With("/sys/fs/ext4/sda1/last_error_time", "1795770000\n").With("/sys/fs/ext4/sda1/last_error_func", "ext4_lookup\n");
        Fact fact = Assert.Single(machine.Run(FileSystemsProbe.Run), fact => fact.Name == "errors");
        Assert.Equal((FactLevel.Critical, "/tmp", "ext4 noted 3 errors in its superblock, last 09:00 in ext4_lookup; after an error it takes no more writes (errors=remount-ro)"), (fact.Level, fact.Subject, fact.Value));
    }

    [Fact]
    public void an_array_without_redundancy_is_critical_and_one_that_can_lose_another_disk_warns()
    {
        using FakeMachine machine = new FakeMachine().With("/proc/mdstat", "Personalities : [raid1] [raid6]\n");
        Array("md0", "raid1", 2, 1);
        Array("md1", "raid6", 6, 1);
        Array("md2", "raid1", 2, 0);
        machine.With("/sys/block/md0/md/dev-sdb1/state", "faulty\n");
        Fact[] facts = machine.Run(RaidProbe.Run);
        Fact worst = Assert.Single(facts, fact => fact.Level == FactLevel.Critical);
        Assert.Equal(("md0", "raid1 lacks 1 of 2 disks (sdb1 is faulty), recover 13%; the next disk takes it down"), (worst.Subject, worst.Value));
        Assert.Equal("md1", Assert.Single(facts, fact => fact.Level == FactLevel.Warning).Subject);

        void Array(string name, string level, int disks, int missing) => machine.With($"/sys/block/{name}/md/array_state", "clean\n").With($"/sys/block/{name}/md/level", level + "\n").With($"/sys/block/{name}/md/raid_disks", $"{disks}\n")
            .With($"/sys/block/{name}/md/degraded", $"{missing}\n").With($"/sys/block/{name}/md/sync_action", missing > 0 ? "recover\n" : "idle\n").With($"/sys/block/{name}/md/sync_completed", missing > 0 ? "2600 / 20000\n" : "none\n");
    }

    [Fact]
    public void a_disk_that_is_offline_is_critical_and_names_of_no_disks_are_passed_over()
    {
        using FakeMachine machine = new FakeMachine().With("/sys/block/sda/device/state", "offline\n").With("/sys/block/sda/size", "2048\n").With("/sys/block/sdb/device/state", "running\n")
            .With("/sys/block/sdb/device/ioerr_cnt", "0x100\n").With("/sys/block/sdb/device/iorequest_cnt", "0x1000\n").With("/sys/block/loop0/size", "0\n").With("/sys/class/nvme/nvme0/state", "dead\n");
        Fact[] facts = machine.Run(DisksProbe.Run);
        Assert.Equal(["nvme0", "sda"], facts.Where(fact => fact.Level == FactLevel.Critical).Select(fact => fact.Subject).Order());
        Assert.Equal("256 requests failed of 4096 since boot", Assert.Single(facts, fact => fact.Level == FactLevel.Warning).Value);
        Assert.DoesNotContain(facts, fact => fact.Subject == "loop0");
    }

    [Fact]
    public void no_disk_that_the_kernel_put_to_sleep_is_opened()
    {
        using FakeMachine machine = new FakeMachine().With("/sys/block/sda/device/power/runtime_status", "suspended\n").With("/sys/block/sda/removable", "0\n");
        machine.Run(SmartProbe.Run);
        // Where the probe cannot ask at all it says that instead.
        Assert.True(machine.Context!.Outcome != ProbeOutcome.Ok || machine.Lines.Any(line => line.Value == "asleep, left alone"));
        Assert.DoesNotContain(machine.Lines, line => line.Type == "evidence");
    }

    [Fact]
    public void the_default_route_is_read_with_its_bytes_turned_round()
    {
        const string Table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\neth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        Assert.Equal([("eth0", "192.168.2.1")], NetworkProbe.DefaultRoutes(Table));
    }

    [Fact]
    public void name_servers_are_those_of_resolv_conf() =>
        Assert.Equal(["10.0.0.1", "fe80::1"], NameServers.Listed("# c\nsearch x\nnameserver 10.0.0.1\nnameserver\tfe80::1\nnameserver nonsense\nnameserver 10.0.0.1\n").Select(server => server.ToString()));

    [Fact]
    public void listening_sockets_are_found_by_their_flags() =>
        Assert.Equal([KeyValuePair.Create("22551", "/run/mysqld/mysqld.sock")], LocalServers.Listening("""
            Num       RefCount Protocol Flags    Type St Inode Path
            0000000000000000: 00000002 00000000 00010000 0001 01 22551 /run/mysqld/mysqld.sock
            0000000000000000: 00000003 00000000 00000000 0001 03 22552 /run/mysqld/mysqld.sock
            0000000000000000: 00000002 00000000 00010000 0001 01 22553 @abstract
            0000000000000000: 00000002 00000000 00010000 0001 01 22554
            """));

    [Fact]
    public void failed_units_are_named_with_their_titles()
    {
        using var machine = new FakeMachine();
        Fact[] facts = machine.Run(context => UnitsProbe.Failed(context, "● nginx.service loaded failed failed A high performance web server\n  data.mount    loaded failed failed /data\n"));
        Assert.Equal([("nginx.service", "failed: A high performance web server"), ("data.mount", "failed: /data")], facts.Where(fact => fact.Level == FactLevel.Warning).Select(fact => (fact.Subject, fact.Value)));
    }

    [Theory]
    [InlineData("vg_i7tiny-vm_zoneminder", "LVM-abc", "vg_i7tiny/vm_zoneminder")]
    [InlineData("vg--a-lv--b", "LVM-abc", "vg-a/lv-b")]
    [InlineData("vg-pool-tpool", "LVM-abc", "vg/pool")]
    [InlineData("luks-1234", "CRYPT-LUKS2-x", "luks-1234")]
    public void volumes_have_the_names_that_people_know(string name, string uuid, string shown) => Assert.Equal(shown, VolumesProbe.VolumeName(name, uuid));

    [Fact]
    public void what_changed_in_the_last_day_is_one_line_a_kind()
    {
        using FakeMachine machine = new FakeMachine { Now = DateTimeOffset.UtcNow }.With("/etc/fstab", "x").With("/etc/deep/er/file", "x").With("/etc/mtab", "x")
            .With("/var/lib/systemd/timers/stamp-apt-daily.timer", "")
            .With("/var/log/dpkg.log", $"{DateTime.UtcNow.AddHours(-2):yyyy-MM-dd HH:mm:ss} upgrade libc6:amd64 1 2\n{DateTime.UtcNow.AddHours(-1):yyyy-MM-dd HH:mm:ss} install linux-image-6.1:amd64 <none> 6.1\n{DateTime.UtcNow.AddDays(-3):yyyy-MM-dd HH:mm:ss} upgrade old:amd64 1 2\n");
        Fact[] changed = [.. machine.Run(context => ChangesProbe.OfDisk(context, TimeZoneInfo.Utc)).Where(fact => fact.Level == FactLevel.Changed)];
        Assert.Equal(["packages", "etc", "timers"], changed.Select(fact => fact.Name));
        Assert.StartsWith("1 installed, 1 upgraded, last ", changed[0].Value, StringComparison.Ordinal);
        Assert.EndsWith(": linux-image-6.1, libc6", changed[0].Value, StringComparison.Ordinal);
        Assert.StartsWith("2 files changed", changed[1].Value, StringComparison.Ordinal);
        Assert.Contains("deep/er/file", changed[1].Value, StringComparison.Ordinal);
    }

    [Fact]
    public void a_log_that_rotation_packed_is_read_to_its_end_and_not_beyond_what_is_held()
    {
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 200_000).Select(i => $"line {i:D20}\n")));
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(text);
        string end = LogFiles.Unpack(packed.ToArray());
        Assert.Equal(4 << 20, end.Length);
        Assert.Equal(Encoding.ASCII.GetString(text[^(4 << 20)..]), end);
        Assert.ThrowsAny<Exception>(() => LogFiles.Unpack(packed.ToArray()[..1000]));
    }

    [Fact]
    public void lines_are_cut_wherever_the_pieces_end_and_those_too_long_are_dropped()
    {
        var lines = new LineSplitter(10);
        Assert.Equal(["ab"], Cut("a", "b\nc"));
        Assert.Equal(["cd", "e"], Cut("d\n\ne\n"));
        Assert.Equal(["next"], Cut(new string('x', 30), "x\nnext\n"));

        string[] Cut(params string[] pieces) => [.. pieces.SelectMany(piece => lines.Add(Encoding.ASCII.GetBytes(piece))).Select(Encoding.ASCII.GetString)];
    }
}
