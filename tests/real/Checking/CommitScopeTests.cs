using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Checking;

/// <summary>Where a check keeps its changes, who may run it, and what a commit is refused for.</summary>
public sealed class CommitScopeTests : IDisposable
{
    private const string Prepare = """
        export TMPDIR=$PWD PATH=$PATH:/usr/sbin LC_ALL=C E2FSCK_TIME=1700000000
        damaged() { truncate -s $2 $1; mke2fs -q -t ext4 -b 1024 $1; debugfs -w -R 'clri <2>' $1 2>/dev/null; }

        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>The volumes are made by LVM on two disks; where their bytes lie is as pvs and lvcreate say.</summary>
    [Theory]
    [InlineData("-i 2 -I 16k", 16, 2)]
    [InlineData("", 1024, 1)]
    public void a_volume_is_written_to_where_its_extents_lie(string layout, int chunkKiB, int stripes)
    {
        Require.LoopMounts();
        Require.Tool("vgcreate");
        ShellResult result = Bash($$"""
            truncate -s 24M a b; la=$(losetup -f --show a); lb=$(losetup -f --show b); trap 'losetup -d $la $lb' EXIT
            cat >lvm.conf <<END
            devices { filter = [ "a|^$la$|", "a|^$lb$|", "r|.*|" ] use_devicesfile = 0 obtain_device_list_from_udev = 0 external_device_info_source = "none" }
            global { locking_dir = "$PWD" event_activation = 0 }
            activation { udev_sync = 0 udev_rules = 0 }
            backup { backup = 0 archive = 0 }
            END
            export LVM_SYSTEM_DIR=$PWD
            (pvcreate $la $lb; vgcreate -s 1m vg $la $lb; lvcreate --driverloaded n -an -Zn -Wn -n v -L 16m {{layout}} vg) >log 2>&1 || cat log
            start=$(pvs --noheadings --units b --nosuffix -o pe_start $la 2>>log | tr -d ' ')
            trap - EXIT; losetup -d $la $lb
            damaged copy 16M
            cat >place.py <<'END'
            import sys
            mode, start, chunk, stripes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) << 10, int(sys.argv[4])
            disks = [open(name, 'r+b') for name in 'ab']
            with open(sys.argv[5], 'rb' if mode == 'put' else 'wb') as volume:
                for i in range((16 << 20) // chunk):
                    disk = disks[i % stripes]
                    disk.seek(start + i // stripes * chunk)
                    if mode == 'put': disk.write(volume.read(chunk))
                    else: volume.write(disk.read(chunk))
            END
            python3 place.py put $start {{chunkKiB}} {{stripes}} copy
            sha256sum a b >before
            e2fsck -f -y copy >/dev/null 2>&1; echo e2fsck $?
            jumpbag fsck --yes --disk b a@vg/v >/dev/null 2>log || cat log
            sha256sum -c --quiet before && jumpbag ls -q --disk b --overlay a@vg-v.jumpbag-overlay a@vg/v
            jumpbag fsck --commit --yes --disk b a@vg/v 2>log || cat log
            python3 place.py get $start {{chunkKiB}} {{stripes}} found; cmp found copy && echo same
            jumpbag fsck --undo --yes --disk b a@vg/v 2>log || cat log; sha256sum -c --quiet before && echo undone
            """);
        Assert.Equal("e2fsck 1\nlost+found\nsame\nundone\n", result.Output);
    }

    [Fact]
    public void a_disk_in_use_changed_or_another_is_not_written()
    {
        Require.LoopMounts();
        ShellResult result = Bash("""
            damaged i 12M; jumpbag fsck --yes i >/dev/null 2>&1; cp i before; cp i.jumpbag-overlay kept
            try() { jumpbag fsck --commit "$@" i 2>&1 | grep -v '^i: \|^what'; echo "${PIPESTATUS[0]}"; cmp i before; }
            loop=$(losetup -f --show -r i); try --yes | sed "s,$loop,LOOP,"; losetup -d $loop
            sleep 60 <i & try --yes | sed 's/process [0-9]*/process N/'; kill %1; wait
            try </dev/null
            printf x | dd of=i bs=1 seek=$((1024 * 1024 + 5)) conv=notrunc status=none; cp i changed
            printf x | dd of=i bs=1 seek=2050 conv=notrunc status=none
            jumpbag fsck --commit --yes i; echo $?; jumpbag ls --overlay i.jumpbag-overlay i; echo $?; jumpbag fsck --yes i; echo $?
            cp before i; truncate -s 13M i; jumpbag ls --overlay i.jumpbag-overlay i; echo $?
            cp before i; printf x | dd of=i.jumpbag-overlay bs=1 seek=100 conv=notrunc status=none; jumpbag ls --overlay i.jumpbag-overlay i; echo $?
            jumpbag ls --overlay before i; echo $?; jumpbag ls --overlay none i; echo $?; cp kept again; jumpbag ls --overlay kept --overlay again i; echo $?
            cmp i before && echo untouched
            """);
        Assert.Equal("""
            jumpbag: i: is in use: the loop device LOOP
            hint: end that, then run this again
            4
            jumpbag: i: is in use: process N (sleep)
            hint: end that, then run this again
            4
            jumpbag: i: would be written to, and there is no terminal to ask at
            hint: '--yes' says that it may be
            4
            4
            4
            4
            4
            4
            4
            1
            2
            untouched

            """, result.Output);
        Assert.Equal(3, Regex.Count(result.Errors, "does not belong to i as it is now: block"));
        Assert.Contains("i.jumpbag-overlay: is damaged: its header fails its checksum", result.Errors);
        Assert.Contains("before: is not an overlay of jumpbag", result.Errors);
    }

    /// <summary>A mount holds a device for itself, and so do other programs that ask for it; while nobody does, it is ours.</summary>
    [Fact]
    public void a_block_device_is_written_to_while_nobody_else_has_it()
    {
        Require.LoopMounts();
        Require.Tool("unshare");
        ShellResult result = Bash("""
            export JUMPBAG_STATE=$PWD/state; mkdir k t; echo content >t/file
            truncate -s 12M i; mke2fs -q -t ext4 -b 1024 -d t i; debugfs -w -R 'ssv free_blocks_count 7' i 2>/dev/null; cp i before
            cp i copy; e2fsck -f -y copy >/dev/null 2>&1; echo e2fsck $?
            loop=$(losetup -f --show i); trap 'umount k 2>/dev/null; losetup -d $loop' EXIT
            jumpbag fsck --yes $loop >/dev/null 2>log </dev/null; echo repaired $?
            grep -o "in the overlay $PWD/state/overlays/.*-${loop##*/}.jumpbag-overlay" log | sed 's/.*-loop.*\(\.jumpbag\)/overlay\1/'; ls
            jumpbag cat -q --overlay state/overlays/*.jumpbag-overlay $loop:/file
            try() { jumpbag fsck --commit --yes $loop 2>&1 | tail -n 2 | sed "s,$loop,LOOP,g"; echo "${PIPESTATUS[0]}"; }
            mount -o ro $loop k; try; jumpbag fsck --commit --dry-run $loop >/dev/null 2>&1; echo $?; umount k
            # Held in another mount namespace: no table that we can read tells of it, the kernel does.
            mkfifo held; unshare -m sh -c "mount -o ro $loop k; echo >held; exec sleep 60" & read -r _ <held; try; kill %1; wait; rm held
            dd if=$loop of=now bs=1M status=none; cmp now before && echo untouched
            jumpbag fsck --commit --yes $loop 2>/dev/null; echo committed $?; ls state/overlays | sed 's/.*\././'
            dd if=$loop of=now bs=1M status=none; cmp now copy && echo same
            jumpbag fsck --undo --yes $loop 2>/dev/null; echo $?; dd if=$loop of=now bs=1M status=none; cmp now before && echo undone
            """);
        Assert.Equal("""
            e2fsck 1
            repaired 0
            overlay.jumpbag-overlay
            before
            copy
            i
            k
            log
            state
            t
            content
            jumpbag: LOOP: is in use: mounted at K
            hint: end that, then run this again
            4
            4
            jumpbag: LOOP: is in use: mounted, or held by a volume group, an array or swap
            hint: unmount it (and deactivate what stands on it), then run this again
            4
            untouched
            committed 0
            .jumpbag-undo
            same
            0
            undone

            """, result.Output.Replace($"{folder.Path}/k", "K", StringComparison.Ordinal));
    }

    /// <summary>One disk of several, or one of several places of a block, must not be changed by itself: read yes, written no.</summary>
    [Theory]
    [InlineData("make-array copy d- 0 3 64", "d-0@md/data --disk d-1 --disk d-2", "it lies on a RAID array, whose disks must not be changed one by one")]
    [InlineData("make-array copy d- 1 2 64", "d-1@md/data --disk d-0", "it lies on a RAID array, whose disks must not be changed one by one")]
    [InlineData("make-array copy d- 5 3 64", "d-0@md/data --disk d-2", "it lies on a RAID array, whose disks must not be changed one by one")]
    [InlineData("make-volume thin copy d", "d/disk0@bench/volume", "d/disk0@bench/volume is a thin volume, whose blocks are not its alone, or are computed")]
    [InlineData("make-volume snapshot copy d", "d/disk0@bench/volume", "d/disk0@bench/volume is a snapshot volume, whose blocks are not its alone, or are computed")]
    [InlineData("make-volume snapshot copy d", "d/disk0@bench/origin", "d/disk0@bench/origin has the snapshot volume, which would show the changes")]
    public void what_is_no_blocks_only_place_is_repaired_in_the_overlay_and_never_written(string make, string words, string why)
    {
        if (make.Contains("thin", StringComparison.Ordinal))
            Require.Tool("thin_restore");
        ShellResult result = Bash($$"""
            damaged copy 8M; {{VirtualMachine.Repository}}/bench/{{make}}; sha256sum d* d/* >before 2>/dev/null
            jumpbag fsck --yes {{words}} >/dev/null 2>log </dev/null; echo $?; grep 'into the disk' log
            overlay=$(ls *.jumpbag-overlay d/*.jumpbag-overlay 2>/dev/null)
            eval "$(sed -n 's/^to read it: jumpbag cp -r/jumpbag cp -r -q/p' log)" 2>log; echo $?; ls rescued
            jumpbag fsck --commit --yes --overlay $overlay {{words}} 2>log; echo $?; grep -v degraded log; jumpbag fsck --commit --dry-run --overlay $overlay {{words}} 2>/dev/null; echo $?
            sha256sum -c --quiet before && echo untouched; ls $overlay >/dev/null
            """);
        string locator = words.Split(' ')[0];
        Assert.Equal($"0\nit cannot be written into the disk: {why}\n0\nlost+found\n4\njumpbag: {locator}: the overlay cannot be written into the disk: {why}\n"
            + "hint: read the repaired view with '--overlay FILE' ('jumpbag cp' copies the files out), or run the checker on the activated volume\n4\nuntouched\n", result.Output);
    }

    [Fact]
    public void a_member_of_an_array_is_not_checked_by_itself()
    {
        ShellResult result = Bash($$"""
            damaged copy 8M; {{VirtualMachine.Repository}}/bench/make-array copy d- 1 2 64
            jumpbag fsck --yes d-0 </dev/null 2>&1; echo $?; ls *overlay 2>/dev/null
            """);
        Assert.Equal("jumpbag: d-0: is a member of an array, which is checked as a whole\nhint: there are d-0@md/data\n4\n", result.Output);
    }

    /// <summary>Its checker would look for the journal's device on this machine.</summary>
    [Fact]
    public void a_filesystem_whose_journal_is_elsewhere_is_not_checked()
    {
        Require.LoopMounts();
        ShellResult result = Bash("""
            truncate -s 8M j; mke2fs -q -O journal_dev -b 1024 j >/dev/null; loop=$(losetup -f --show j)
            truncate -s 12M i; mke2fs -q -t ext4 -b 1024 -J device=$loop i >/dev/null; losetup -d $loop; sha256sum i j >before
            jumpbag fsck --yes i </dev/null 2>&1; echo $?; jumpbag fsck --yes i --disk j </dev/null >/dev/null 2>&1; echo $?
            jumpbag fsck --yes j </dev/null 2>&1 | head -n 1; echo "${PIPESTATUS[0]}"; sha256sum -c --quiet before && ls
            """);
        Assert.Equal("jumpbag: i: cannot be checked in an overlay: its journal is on another device\n"
            + "hint: make an overlay for each device by hand (device-mapper's snapshot target), and check those\n4\n4\n"
            + "jumpbag: j: holds jbd, for which no checker is known\n4\nbefore\ni\nj\n", result.Output);
    }

    [Fact]
    public void without_root_and_in_a_folder_that_cannot_be_written()
    {
        Require.Root();
        Require.Tool("setpriv");
        Require.Tool("fusermount3");
        ShellResult result = Bash("""
            mkdir disks bin; damaged disks/i 12M; cp "$(dirname "$BIN")"/* bin 2>/dev/null
            chown 65534:65534 disks disks/i .; chmod 755 . disks; chmod 400 disks/i; sha256sum disks/i >before
            user() { setpriv --reuid 65534 --regid 65534 --clear-groups bin/jumpbag "$@" </dev/null; }
            user fsck --yes disks/i >/dev/null; echo $?; ls disks; user ls -q --overlay disks/i.jumpbag-overlay disks/i; user fsck --commit --yes disks/i 2>&1 | tail -1
            rm disks/i.jumpbag-*; chown root disks; export JUMPBAG_STATE=$PWD/state
            user fsck --yes disks/i >/dev/null; echo $?; ls disks state/overlays | sed 's/^[0-9a-f]\{8\}-/SUM-/'
            user fsck --commit --dry-run disks/i 2>/dev/null; echo $?
            sha256sum -c --quiet before && echo untouched; grep "$PWD" /proc/mounts; ls -d jumpbag-fsck-* 2>/dev/null
            """);
        Assert.Equal("0\ni\ni.jumpbag-overlay\nlost+found\njumpbag: disks/i: cannot be written: Permission denied\n0\ndisks:\ni\n\nstate/overlays:\nSUM-i.jumpbag-overlay\n0\nuntouched\n", result.Output);
    }

    [Fact]
    public void the_image_is_opened_to_be_read_and_nothing_else()
    {
        Require.Tool("strace");
        ShellResult result = Bash("""
            damaged disk.img 12M
            strace -f -y -e trace=open,openat,write,pwrite64,pwritev,ftruncate,fallocate,ioctl,mmap,copy_file_range -o trace "$BIN" fsck --yes disk.img >/dev/null 2>&1 </dev/null; echo $?
            grep -E 'open(at)?\(.*"disk\.img"' trace | grep -vE 'O_RDONLY' ; grep -cE 'open(at)?\(.*"disk\.img".*O_RDONLY' trace | sed 's/^[1-9].*/opened/'
            grep -E "(write|pwrite64|pwritev|ftruncate|fallocate)\([0-9]+<$PWD/disk\.img>" trace
            grep -cE 'pwrite64\([0-9]+<.*disk\.img\.jumpbag-overlay' trace | sed 's/^[1-9].*/overlay/'
            """);
        Assert.Equal("0\nopened\noverlay\n", result.Output);
    }

    /// <summary>The partition reaches beyond the end of the image: those bytes are errors to the checker, and nothing can be committed there.</summary>
    [Fact]
    public void what_cannot_be_read_is_an_error_to_the_checker_and_is_written_to_the_overlay()
    {
        Require.Tool("sfdisk");
        ShellResult result = Bash("""
            damaged fs 12M; { head -c 32256 /dev/zero; cat fs; } >d.img; echo "start=63, type=83" | sfdisk -q --force d.img
            truncate -s 650000 d.img; sha256sum d.img >before
            jumpbag fsck --yes d.img@1 >log 2>errors </dev/null; echo $?
            grep -ciE 'error reading|short read|input/output' log | sed 's/^[1-9].*/errors/'
            sha256sum -c --quiet before && echo untouched
            """);
        Assert.Matches("^[013]\nerrors\nuntouched\n$", result.Output);
    }

    [Fact]
    public void memory_stays_bounded_however_much_changes()
    {
        Require.Tool("time");
        ShellResult result = Bash("""
            mkdir bin; export PATH=$PWD/bin:$PATH; truncate -s 2G i; mke2fs -q -t ext4 i
            cat >bin/e2fsck <<'END'
            #!/bin/sh
            for file; do :; done
            dd if=/dev/urandom of="$file" bs=128k count=2500 seek=100 conv=notrunc status=none
            exit 1
            END
            chmod +x bin/e2fsck
            /usr/bin/time -q -o figures -f %M "$BIN" fsck --yes --json i 2>/dev/null </dev/null | grep -o '"changedBlocks":[0-9]*'; cat figures
            """);
        string[] lines = result.Output.Split('\n');
        Assert.Equal("\"changedBlocks\":80000", lines[0]);
        Assert.InRange(int.Parse(lines[1], System.Globalization.CultureInfo.InvariantCulture), 1, 256 * 1024);
    }

    private ShellResult Bash(string script)
    {
        Require.Tool("e2fsck");
        Require.Tool("python3");
        ShellResult result = JumpbagProgram.Bash(folder.Path, Prepare + script);
        TestContext.Current.TestOutputHelper?.WriteLine(result.Output + result.Errors);
        return result;
    }
}
