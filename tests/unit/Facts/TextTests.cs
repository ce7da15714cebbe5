using Jumpbag.Facts;
using Jumpbag.Facts.Probes;
using Jumpbag.Facts.Texts;

namespace Jumpbag.Tests.Unit.Facts;

public sealed class TextTests
{
    private static readonly DateTimeOffset End = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void a_kernel_record_is_its_priority_time_and_text_without_what_follows()
    {
        KernelRecord record = KernelRecord.Parse("3,1337,5140900,-,caller=T1;ata1.00: failed command: READ FPDMA QUEUED\n SUBSYSTEM=scsi\n DEVICE=+scsi:0:0:0:0\n")!;
        Assert.Equal((3, 0, 1337L, "ata1.00: failed command: READ FPDMA QUEUED"), (record.Priority, record.Facility, record.Sequence, record.Text));
        Assert.Equal(5.1409, record.SinceBoot.TotalSeconds, 6);
        Assert.Equal(3, KernelRecord.Parse("30,1,2,-;systemd[1]: hi\n")!.Facility);
        Assert.Equal("a\tb", KernelRecord.Parse(@"6,1,2,-;a\x09b")!.Text);
        Assert.Null(KernelRecord.Parse("nothing"));
        Assert.Null(KernelRecord.Parse("x,1,2,-;text"));
    }

    [Theory]
    [InlineData("EXT4-fs error (device sda1): ext4_lookup:1855: inode #2: comm ls: deleted inode referenced: 12", "filesystem", FactLevel.Critical)]
    [InlineData("EXT4-fs (sda1): Remounting filesystem read-only", "filesystem", FactLevel.Critical)]
    [InlineData("XFS (sdb1): Metadata I/O Error (0x4) detected at xfs_trans_read_buf_map. Shutting down filesystem.", "filesystem", FactLevel.Critical)]
    [InlineData("BTRFS error (device sda2): bdev /dev/sdb errs: wr 0, rd 12, flush 0, corrupt 0, gen 0", "filesystem", FactLevel.Critical)]
    [InlineData("sd 0:0:0:0: [sda] tag#0 Add. Sense: Unrecovered read error - auto reallocate failed", "medium", FactLevel.Critical)]
    [InlineData("critical medium error, dev sda, sector 1234 op 0x0:(READ)", "medium", FactLevel.Critical)]
    [InlineData("I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2", "disk", FactLevel.Warning)]
    [InlineData("ata3.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen", "disk", FactLevel.Warning)]
    [InlineData("nvme nvme0: I/O 123 QID 4 timeout, aborting", "disk", FactLevel.Warning)]
    [InlineData("md/raid1:md0: Disk failure on sdb1, disabling device.", "array", FactLevel.Critical)]
    [InlineData("device-mapper: thin: 253:4: switching pool to out-of-data-space (queue IO) mode", "array", FactLevel.Critical)]
    [InlineData("device-mapper: snapshots: Invalidating snapshot: Unable to allocate exception.", "array", FactLevel.Critical)]
    [InlineData("Out of memory: Killed process 1234 (mariadbd) total-vm:123kB", "oom", FactLevel.Critical)]
    [InlineData("INFO: task kworker/u8:2:123 blocked for more than 120 seconds.", "stuck", FactLevel.Warning)]
    [InlineData("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [a:1]", "oops", FactLevel.Critical)]
    [InlineData("nfs: server nas not responding, still trying", "server", FactLevel.Warning)]
    [InlineData("nf_conntrack: nf_conntrack: table full, dropping packet", "conntrack", FactLevel.Critical)]
    [InlineData("e1000e 0000:00:1f.6 eno1: NIC Link is Down", "link", FactLevel.Warning)]
    [InlineData("mariadbd[123]: segfault at 0 ip 00005 sp 0007 error 4 in mariadbd", "segfault", FactLevel.Warning)]
    public void words_of_the_kernel_have_a_meaning(string text, string kind, FactLevel level)
    {
        KernelTrouble.Meaning meaning = KernelTrouble.Of(text)!;
        Assert.Equal((kind, level), (meaning.Kind, meaning.Level));
        Assert.NotNull(meaning.Next);
    }

    [Theory]
    [InlineData("EXT4-fs (sda1): mounted filesystem with ordered data mode. Opts: errors=remount-ro")]
    [InlineData("EXT4-fs (sda1): recovery complete")]
    [InlineData("NMI watchdog: Perf NMI watchdog permanently disabled")]
    [InlineData("nvme nvme0: Shutdown timeout set to 10 seconds")]
    [InlineData("rcu: Hierarchical RCU implementation.")]
    [InlineData("RAS: Correctable Errors collector initialized.")]
    [InlineData("EDAC MC: Ver: 3.0.0")]
    [InlineData("thermal_sys: Registered thermal governor 'step_wise'")]
    [InlineData("ata1: SATA max UDMA/133 abar m2048@0xfebd1000 port 0xfebd1100 irq 28")]
    [InlineData("systemd[1]: Started kdump.service - Kernel crash dump capture service.")]
    [InlineData("eth0: link is up")]
    [InlineData("md0: detected capacity change from 0 to 2048")]
    public void what_is_no_trouble_has_none(string text) => Assert.Null(KernelTrouble.Of(text));

    [Fact]
    public void pressure_is_read_as_the_kernel_writes_it()
    {
        Assert.Equal(new Pressure(1.53, 0.87, 0.5, 0.25), Pressure.Parse("some avg10=1.53 avg60=0.87 avg300=0.21 total=8123\nfull avg10=0.50 avg60=0.25 avg300=0.00 total=4000\n"));
        Assert.NotNull(Pressure.Parse(File.Exists("/proc/pressure/io") ? File.ReadAllText("/proc/pressure/io") : "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"));
        Assert.Null(Pressure.Parse("nothing"));
    }

    [Fact]
    public void a_process_may_have_any_name()
    {
        Assert.Equal(new ProcessStat(17, "a) D (b", 'S'), ProcessStat.Parse("17 (a) D (b) S 1 17 17 0"));
        Assert.Equal(Environment.ProcessId, ProcessStat.Parse(File.ReadAllText("/proc/self/stat"))!.Id);
        Assert.Null(ProcessStat.Parse("17 (a"));
    }

    [Fact]
    public void messages_that_differ_in_numbers_are_one()
    {
        var groups = new MessageGroups();
        for (int i = 0; i < 40; i++)
            groups.Add($"I/O error, dev sda, sector {i * 777} op 0x{i:x}", 3, End.AddMinutes(i));
        groups.Add("something else", 3, End);
        Assert.Equal(2, groups.Kinds);
        Assert.Equal(41, groups.Messages);
        MessageGroups.Group many = groups.Worst.First();
        Assert.Equal((40, End, End.AddMinutes(39)), (many.Count, many.First, many.Last));
        Assert.Equal("40 times, last 12:39", MessageGroups.Times(many, End));
    }

    [Theory]
    [InlineData("Nov 27 04:10:12 db3 sshd[123]: error: x", "2026-11-27T04:10:12Z", "sshd", "error: x")]
    [InlineData("Nov  7 04:10:12 db3 kernel: [ 1.5] x", "2026-11-07T04:10:12Z", "kernel", "[ 1.5] x")]
    [InlineData("Dec 30 23:00:00 db3 cron[1]: x", "2025-12-30T23:00:00Z", "cron", "x")]
    [InlineData("2026-11-27T04:10:12.123456+01:00 db3 mariadbd[9]: x y", "2026-11-27T03:10:12Z", "mariadbd", "x y")]
    [InlineData("2026-11-27T04:10:12+0000 db3 sudo[9]: x", "2026-11-27T04:10:12Z", "sudo", "x")]
    public void a_line_of_a_log_has_a_time_and_a_program(string line, string time, string program, string text)
    {
        LogLine parsed = LogLine.Parse(line, End, TimeZoneInfo.Utc)!;
        Assert.Equal(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture), parsed.Time.AddTicks(-(parsed.Time.Ticks % TimeSpan.TicksPerSecond)));
        Assert.Equal((program, text), (parsed.Program, parsed.Text));
    }

    [Theory]
    [InlineData("no time here")]
    [InlineData("")]
    [InlineData("Nov 99 04:10:12 db3 x: y")]
    public void what_has_no_time_is_no_line_of_a_log(string line) => Assert.Null(LogLine.Parse(line, End, TimeZoneInfo.Utc));

    [Theory]
    [InlineData("2026-11-27 06:12:01 upgrade openssl:amd64 3.0.13-1 3.0.14-1", "upgrade", "openssl:amd64", "3.0.14-1")]
    [InlineData("2026-11-27 06:12:01 remove apache2:amd64 2.4.57-2 <none>", "remove", "apache2:amd64", "2.4.57-2")]
    [InlineData("2026-11-27T06:12:01+0000 SUBDEBUG Upgrade: openssl-libs-1:3.0.7-27.el9.x86_64", "upgrade", "openssl-libs", "1:3.0.7-27.el9.x86_64")]
    [InlineData("2026-11-27T06:12:01Z SUBDEBUG Installed: kernel-core-5.14.0-427.el9.x86_64", "installed", "kernel-core", "5.14.0-427.el9.x86_64")]
    [InlineData("Nov 27 06:12:01 Updated: 1:openssl-libs-1.0.2k-26.el7_9.x86_64", "updated", "openssl-libs", "1.0.2k-26.el7_9.x86_64")]
    [InlineData("2026-11-27 06:12:01|install|nginx|1.21.5-1|x86_64||repo|abc|", "install", "nginx", "1.21.5-1")]
    [InlineData("[2026-11-27T06:12:01+0000] [ALPM] upgraded openssl (3.3.0-1 -> 3.3.1-1)", "upgraded", "openssl", "3.3.1-1")]
    public void package_managers_note_what_they_did(string line, string action, string package, string version)
    {
        PackageChange change = Assert.Single(PackageLog.Parse(line, End, TimeZoneInfo.Utc));
        Assert.Equal((new DateTimeOffset(2026, 11, 27, 6, 12, 1, TimeSpan.Zero), action, package, version), (change.Time, change.Action, change.Package, change.Version));
    }

    [Theory]
    [InlineData("2026-11-27 06:12:01 status installed openssl:amd64 3.0.14-1")]
    [InlineData("2026-11-27 06:12:01 startup archives unpack")]
    [InlineData("[2026-11-27T06:12:01+0000] [PACMAN] Running 'pacman -Syu'")]
    [InlineData("|||||")]
    public void the_rest_of_their_logs_is_passed_over(string line) => Assert.Empty(PackageLog.Parse(line, End, TimeZoneInfo.Utc));

    [Fact]
    public void sudo_says_who_did_what_as_whom()
    {
        LogLine line = LogLine.Parse("Nov 27 03:11:00 web7 sudo:     anna : TTY=pts/0 ; PWD=/ ; USER=postgres ; COMMAND=/usr/bin/psql -c x ; y", End, TimeZoneInfo.Utc)!;
        SudoLine sudo = SudoLine.Of(line)!;
        Assert.Equal(("anna", "postgres", "/usr/bin/psql -c x ; y"), (sudo.User, sudo.As, sudo.Command));
        Assert.Null(SudoLine.Of(LogLine.Parse("Nov 27 03:11:00 web7 sudo: pam_unix(sudo:session): session opened for user root", End, TimeZoneInfo.Utc)!));
    }

    [Theory]
    [InlineData("thin-pool", "1 12/1024 34/16384 - rw discard_passdown queue_if_no_space - 1024", FactLevel.Info, "thin pool data 0.2%, metadata 1.2% full")]
    [InlineData("thin-pool", "1 12/1024 14000/16384 - rw discard_passdown queue_if_no_space - 1024", FactLevel.Warning, "thin pool data 85.4%, metadata 1.2% full")]
    [InlineData("thin-pool", "1 1000/1024 34/16384 - rw discard_passdown queue_if_no_space - 1024", FactLevel.Critical, "thin pool data 0.2%, metadata 97.7% full")]
    [InlineData("thin-pool", "1 12/1024 16384/16384 - out_of_data_space discard_passdown queue_if_no_space - 1024", FactLevel.Critical, "thin pool: it is out of data space, writes wait or fail; data 100%, metadata 1.2% full")]
    [InlineData("thin-pool", "Fail", FactLevel.Critical, "the thin pool has failed: its volumes cannot be read or written")]
    [InlineData("snapshot", "16/204800 16", FactLevel.Info, "snapshot 0% full")]
    [InlineData("snapshot", "180000/204800 16", FactLevel.Warning, "snapshot 87.9% full")]
    [InlineData("snapshot", "Invalid", FactLevel.Critical, "the snapshot has overflowed and is lost; its origin is well")]
    [InlineData("raid", "raid1 2 AA 204800/204800 idle 0 0 -", FactLevel.Info, "raid1 of 2 parts, AA")]
    [InlineData("raid", "raid1 2 AD 204800/204800 idle 0 0 -", FactLevel.Critical, "raid1 of 2 parts, AD: 1 failed")]
    [InlineData("raid", "raid5_ls 3 Aaa 20480/204800 recover 0 0 -", FactLevel.Info, "raid5_ls of 3 parts, Aaa, recover 10%")]
    [InlineData("multipath", "2 0 0 0 2 1 A 0 1 2 8:16 A 0 0 1 E 0 1 2 8:32 F 1 0 1", FactLevel.Warning, "1 of 2 paths failed")]
    [InlineData("error", "", FactLevel.Critical, "every read and write of it fails: a part of it is missing")]
    public void what_device_mapper_says_has_a_meaning(string type, string status, FactLevel level, string value)
    {
        MapperState state = MapperState.Of(type, status, "vg/lv");
        Assert.Equal((level, value), (state.Level, state.Value));
        Assert.True(level == FactLevel.Info || state.Next is not null);
    }

    [Theory]
    [InlineData("linear", "")]
    [InlineData("thin-pool", "")]
    [InlineData("thin-pool", "1 2 3 4 5")]
    [InlineData("snapshot", "")]
    [InlineData("raid", "raid1")]
    public void and_what_says_nothing_has_none(string type, string status) => Assert.Null(MapperState.Of(type, status, "vg/lv").Value);

    [Fact]
    public void a_disk_that_sleeps_was_left_alone()
    {
        SmartReport report = SmartReport.Parse("""{"smartctl":{"exit_status":2,"messages":[{"string":"Device is in STANDBY mode, exit(2)","severity":"information"}]},"device":{"name":"/dev/sda"}}""");
        Assert.True(report.IsAsleep);
        Assert.Empty(report.Worries);
        Assert.Null(report.Failure);
    }

    [Fact]
    public void a_disk_that_fails_says_so()
    {
        SmartReport report = SmartReport.Parse("""
            {"smartctl":{"exit_status":24,"messages":[]},"smart_status":{"passed":false},"power_on_time":{"hours":41000},"temperature":{"current":38},"ata_smart_attributes":{"table":[
              {"id":5,"name":"Reallocated_Sector_Ct","when_failed":"now","raw":{"value":24}},{"id":197,"name":"Current_Pending_Sector","when_failed":"","raw":{"value":8}},
              {"id":9,"name":"Power_On_Hours","when_failed":"","raw":{"value":41000}},{"id":198,"name":"Offline_Uncorrectable","when_failed":"","raw":{"value":0}}]}}
            """);
        Assert.False(report.Passed);
        Assert.Equal(["24 reallocated sectors", "Reallocated_Sector_Ct is below its threshold", "8 pending sectors"], report.Worries);
        Assert.Equal("FAILED, 41000 hours on, 38 °C", report.Summary);
    }

    [Fact]
    public void a_solid_state_disk_counts_otherwise()
    {
        SmartReport report = SmartReport.Parse("""
            {"smartctl":{"exit_status":0},"smart_status":{"passed":true},"nvme_smart_health_information_log":{"critical_warning":4,"available_spare":3,"available_spare_threshold":10,"percentage_used":101,"media_errors":7}}
            """);
        Assert.Equal(["critical warning 0x4", "7 media errors", "101% of its endurance used", "spare 3%, threshold 10%"], report.Worries);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"smart_status":"x","ata_smart_attributes":{"table":[1,{"id":"x"}]}}""")]
    [InlineData("""{"smartctl":{"messages":[{"string":5}]}}""")]
    public void anything_else_is_no_report(string text) => Assert.NotNull(SmartReport.Parse(text).Failure);

    [Fact]
    public void timers_are_read_as_systemd_shows_their_properties()
    {
        const string Shown = "LastTriggerUSec=Fri 2026-11-27 18:41:15 UTC\nId=tick.timer\n\nLastTriggerUSec=\nId=never.timer\n\nId=apt-daily.timer\nLastTriggerUSec=Fri 2026-11-27 06:12:01 CET\n";
        Assert.Equal([("tick.timer", new DateTimeOffset(2026, 11, 27, 18, 41, 15, TimeSpan.Zero)), ("apt-daily.timer", new(2026, 11, 27, 6, 12, 1, TimeSpan.Zero))], Timers.Parse(Shown, TimeZoneInfo.Utc));
    }

    [Fact]
    public void advice_of_the_kernel_is_no_trouble_of_its_own()
    {
        const string Advice = "\"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.";
        Assert.True(KernelTrouble.IsAdvice(Advice));
        Assert.Null(KernelTrouble.Of(Advice));
        Assert.Equal("stuck", KernelTrouble.Of("INFO: task mount:155 blocked for more than 120 seconds.")?.Kind);
    }
}
