using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Mounting;

/// <summary>mount and umount as a person runs them, on the demo's disk, whose home has a dirty journal.</summary>
public sealed class MountCommandTests
{
    /// <summary>What the scripts need: nothing of a mount may be left, neither in the table nor as a process.</summary>
    private const string Helpers = """
        trap 'cd "$top"; umount -l m 2>/dev/null' EXIT
        top=$PWD; mkdir m
        server() { pgrep -f "^$BIN mount.* m\$"; }
        gone() { for _ in $(seq 100); do if ! grep -q "$top/m" /proc/self/mountinfo && ! server >/dev/null && ! pgrep -f "jumpbag-guard.* $top/m\$" >/dev/null; then echo gone; return; fi; sleep 0.05; done; grep "$top/m" /proc/self/mountinfo; server; pgrep -fa jumpbag-guard; }

        """;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(100);

    private static ShellResult Run(string script, bool root = false)
    {
        Require.Fuse();
        Require.Tool("pgrep");
        if (root)
            Require.LoopMounts();
        Assert.SkipUnless(File.Exists(JumpbagProgram.Path), "needs the program: dotnet build src/Jumpbag, or JUMPBAG_BIN");
        using var folder = new TemporaryFolder();
        JumpbagProgram.UnpackDemo(folder.Path);
        return Shell.Try(Deadline, "bash", "-c", $"cd \"$1\"; BIN=$2; jumpbag() {{ timeout 40 \"$BIN\" \"$@\"; }}; unset COLUMNS\n{Helpers}{script}", "bash", folder.Path, JumpbagProgram.Path);
    }

    [Fact]
    public void it_returns_once_mounted_and_umount_leaves_nothing()
    {
        ShellResult result = Run("""
            jumpbag mount d.img m; echo $?
            cat m/etc/hostname m/home/anna/letters/last-words.txt | wc -l
            awk '$2 == "'"$top"'/m" { print $1, $3, $4 }' /proc/mounts | cut -d, -f1-3
            cat /sys/class/bdi/$(stat -c %Hd:%Ld m)/read_ahead_kb
            cat m/no-such
            echo x >m/new
            jumpbag umount m; echo $?
            gone
            """);
        Assert.Equal("0\n2\nd.img fuse.jumpbag ro,nosuid,nodev\n1024\n0\ngone\n", result.Output);
        Assert.Matches(@"^d\.img: clean: .*\nd\.img@vg_demo/home at /home: journal replayed: .*\nm: d\.img is mounted, read-only; 'jumpbag umount m' ends it\n[\s\S]*m/no-such: No such file[^\n]*\n[^\n]*m/new: Read-only file system\nm: unmounted\n$", result.Errors);
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public void nothing_is_left_when_the_server_ends(string signal)
    {
        ShellResult result = Run($$"""
            jumpbag mount -q d.img m
            (cd m/etc; exec sleep 30) & holder=$!
            sleep 0.2
            kill -{{signal}} $(server)
            gone
            kill $holder
            """);
        Assert.Equal("gone\n", result.Output);
    }

    [Fact]
    public void in_the_foreground_it_stays_and_ends_by_a_signal()
    {
        ShellResult result = Run("""
            "$BIN" mount --foreground d.img m & pid=$!
            for _ in $(seq 200); do [ -e m/etc ] && break; sleep 0.05; done
            cat m/etc/hostname
            kill -TERM $pid; wait $pid; echo $?
            gone
            """);
        Assert.Equal("i7tiny\n130\ngone\n", result.Output);
    }

    /// <summary>As much as a person does at once: a copy of all, and several who read and list all beside it.</summary>
    [Fact]
    public void the_servers_memory_stays_bounded_whatever_is_read_at_once()
    {
        Require.Tool("python3");
        ShellResult result = Run("""
            python3 - <<'END'
            import os
            pool = bytes(range(256)) * 400
            os.mkdir('t'); os.mkdir('t/wide')
            for n in range(12000):
                folder = 't/wide' if n % 3 == 0 else f't/d{n % 40}/e{n // 40 % 20}'
                os.makedirs(folder, exist_ok=True)
                with open(f'{folder}/a-name-of-a-common-length-{n:05}', 'wb') as file:
                    file.write(pool[n % 256:n % 256 + n * 37 % 5000])
            with open('t/large', 'wb') as file:
                for n in range(400):
                    file.write(pool[n % 256:])
            END
            truncate -s 200M i; mke2fs -q -t ext4 -N 20000 -d t i; rm -rf t
            "$BIN" mount --foreground -q i m & pid=$!
            for _ in $(seq 200); do [ -e m/large ] && break; sleep 0.05; done
            readers=; for n in 1 2 3; do tar -cf - -C m . | cksum >sum$n & readers="$readers $!"; done
            find m -printf '%p %s %i %T@\n' >/dev/null & readers="$readers $!"
            cp -a m copy; wait $readers
            cat sum? | sort -u | wc -l; find copy -type f | wc -l; diff -r m copy && echo same
            sed -n 's/VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$pid/status
            kill -TERM $pid; wait $pid; gone
            """);
        string[] lines = result.Output.Split('\n');
        Assert.Equal(["1", "12001", "same"], lines[..3]);
        Assert.InRange(int.Parse(lines[3], System.Globalization.CultureInfo.InvariantCulture), 1, 256 * 1024);
        Assert.Equal("gone", lines[4]);
    }

    [Fact]
    public void what_is_busy_is_not_unmounted_and_who_holds_it_is_told()
    {
        ShellResult result = Run("""
            jumpbag mount -q d.img m
            (cd m/etc; exec sleep 30) & holder=$!
            (exec sleep 31 <m/etc/fstab) & reader=$!
            sleep 0.3
            jumpbag umount m; echo $?
            jumpbag umount --lazy m; echo $?
            kill $holder $reader; wait
            gone
            """);
        Assert.Equal("1\n0\ngone\n", result.Output);
        Assert.Matches(@"^jumpbag: .*/m: is in use: .*sleep \(\d+\) works in it.*\nhint: .*--lazy", result.Errors);
        Assert.Matches(@"sleep \(\d+\) has .*/m/etc/fstab open", result.Errors);
    }

    [Fact]
    public void a_mount_whose_server_and_guard_both_died_can_still_be_unmounted()
    {
        ShellResult result = Run("""
            jumpbag mount -q d.img m
            kill -9 $(pgrep -f "jumpbag-guard.* $top/m\$"); kill -9 $(server); sleep 0.3
            ls m
            jumpbag mount -q d.img m; echo $?
            jumpbag umount -q m; echo $?
            gone
            """);
        Assert.Equal("4\n0\ngone\n", result.Output);
        Assert.Contains("not connected", result.Errors);
    }

    [Theory]
    [InlineData("jumpbag mount -q d.img nope", 1, @"^jumpbag: nope: no such folder\nhint: 'mkdir nope'")]
    [InlineData("jumpbag mount -q d.img d.img", 1, @"^jumpbag: d\.img: is not a folder\n$")]
    [InlineData("touch m/x; jumpbag mount -q d.img m", 4, @"^jumpbag: m: the folder is not empty, .*\nhint: ")]
    [InlineData("jumpbag mount -q nofile m", 1, @"^jumpbag: nofile: no such file\n$")]
    [InlineData("jumpbag mount -q d.img@7 m", 1, @"^jumpbag: d\.img has no partition 7\nhint: ")]
    [InlineData("jumpbag mount -q d.img:/etc/fstab m", 1, @"^jumpbag: d\.img:/etc/fstab: is not a directory\nhint: ")]
    [InlineData("jumpbag mount -q --all --raw d.img m", 2, "^jumpbag: --all, --raw and --kernel exclude one another\n$")]
    [InlineData("jumpbag mount -q --raw d.img:/etc m", 2, @"^jumpbag: d\.img:/etc: a path is of one filesystem\nhint: ")]
    [InlineData("jumpbag mount -q d.img m; jumpbag mount -q d.img m", 4, @"^jumpbag: m: d\.img is mounted there already\nhint: 'jumpbag umount m'")]
    [InlineData("jumpbag umount m", 1, "^jumpbag: m: nothing is mounted there\nhint: ")]
    [InlineData("jumpbag umount /proc", 4, "^jumpbag: /proc: proc .* was not mounted by jumpbag\nhint: ")]
    [InlineData("jumpbag umount nope", 1, "^jumpbag: nope: no such folder\n$")]
    public void it_refuses_and_says_why(string script, int status, string errors)
    {
        ShellResult result = Run($"{script}\nstatus=$?\njumpbag umount -q m 2>/dev/null; exit $status");
        Assert.Equal(status, result.Status);
        Assert.Matches(errors, result.Errors);
    }

    [Fact]
    public void of_all_file_systems_each_has_a_folder_and_a_part_of_a_tree_can_be_had()
    {
        ShellResult result = Run("""
            jumpbag mount -q --all d.img m; ls m; ls m/vg_demo-home; ls m/1/grub
            ls -id m/1 m/vg_demo-root m/vg_demo-home | awk '{ print $1 }' | sort | uniq -d | wc -l
            jumpbag umount -q m
            jumpbag mount -q d.img:/home/anna m; ls m; jumpbag umount -q m
            jumpbag mount --dry-run -q --all d.img m
            gone
            """);
        Assert.Equal("1\nvg_demo-home\nvg_demo-root\nanna\njens\nlost+found\ngrub.cfg\n0\nletters\nphotos\nshared.txt\n"
            + "d.img@1 at m/1\nd.img@vg_demo/root at m/vg_demo-root\nd.img@vg_demo/home at m/vg_demo-home\ngone\n", result.Output);
    }

    [Fact]
    public void other_programs_open_the_raw_files_and_come_to_the_same_result_as_on_the_bare_range()
    {
        Require.Tool("qemu-img");
        ShellResult result = Run("""
            jumpbag mount -q --raw d.img m; ls m
            bare() { dd if=d.img of=bare bs=512 skip=$1 count=$2 status=none; }
            size() { echo $(($(stat -c %s "$1") / 512)); }
            bare 2048 $(size m/1); cmp bare m/1 && echo same-1
            bare 45056 $(size m/vg_demo-root); cmp bare m/vg_demo-root && echo same-root
            # The same verdict: clean, and dirty with what e2fsck says of it.
            for v in root home; do
              bare $([ $v = root ] && echo 45056 || echo 176128) $(size m/vg_demo-$v)
              e2fsck -fn bare >bare.log 2>&1; echo $?
              e2fsck -fn m/vg_demo-$v >raw.log 2>&1; echo $?
              diff <(sed s,^bare:,x:, bare.log) <(sed s,^m/vg_demo-$v:,x:, raw.log) && echo verdict-$v
            done
            qemu-img convert -f raw -O qcow2 m/vg_demo-root x.qcow2 && qemu-img compare -q -f qcow2 -F raw x.qcow2 m/vg_demo-root && echo converted
            [ $(du -k x.qcow2 | cut -f1) -lt 20000 ] && echo sparse
            jumpbag umount -q m; gone
            """);
        Assert.Matches("^1\n2\nvg_demo-home\nvg_demo-root\nsame-1\nsame-root\n0\n0\nverdict-root\n(\\d+)\n\\1\nverdict-home\nconverted\nsparse\ngone\n$", result.Output);
    }

    [Fact]
    public void losetup_and_the_kernels_mount_work_on_a_raw_file()
    {
        ShellResult result = Run("""
            jumpbag mount -q --raw d.img m; mkdir k
            loop=$(losetup --find --show --read-only m/vg_demo-root); mount -o ro $loop k && cat k/etc/hostname
            jumpbag umount m; echo $?
            umount k; losetup -d $loop; sleep 0.3
            jumpbag umount -q m; gone
            """, root: true);
        Assert.Equal("i7tiny\n1\ngone\n", result.Output);
        Assert.Matches(@"is in use: /dev/loop\d+ is attached to .*/m/vg_demo-root", result.Errors);
    }

    [Fact]
    public void the_kernel_mounts_it_all_and_umount_undoes_loop_devices_too()
    {
        ShellResult result = Run("""
            jumpbag mount -q --kernel d.img m; echo $?
            jumpbag mount -q --kernel --no-replay d.img m; echo $?
            cat m/etc/hostname; ls m/home m/boot/grub
            grep -c "$top/m" /proc/self/mountinfo
            awk '$5 ~ "^'"$top"'/m" { print $6 }' /proc/self/mountinfo | grep -vc ^ro
            losetup -l -n -O BACK-FILE,RO,AUTOCLEAR | grep -c "$top/d.img *1 *1"
            jumpbag umount -q m; echo $?
            losetup -l | grep -c "$top/d.img"
            jumpbag mount -q --kernel --dry-run d.img@vg_demo/root m
            gone
            """, root: true);
        Assert.Equal("4\n0\ni7tiny\nm/boot/grub:\ngrub.cfg\n\nm/home:\nanna\njens\nlost+found\n3\n0\n3\n0\n0\n"
            + "LOOP1=$(losetup --find --show --read-only --offset 23068672 --sizelimit 67108864 d.img)    # d.img@vg_demo/root\nmount -t ext4 -o ro,nosuid,nodev $LOOP1 m\ngone\n", result.Output);
        Assert.Matches(@"^jumpbag: d\.img@vg_demo/home: its journal is dirty, .*\nhint: without --kernel .*--no-replay", result.Errors);
    }

    /// <summary>A loop device shows one range of one file: what lies otherwise is refused, with a way that works.</summary>
    [Theory]
    [InlineData("make-array i d- 0 3 64", "d-0@md/data --disk d-1 --disk d-2")]
    [InlineData("make-array i d- 1 2 64", "d-0@md/data --disk d-1")]
    [InlineData("make-volume snapshot i d", "d/disk0@bench/volume")]
    public void the_kernel_is_given_nothing_that_lies_in_pieces(string make, string words)
    {
        ShellResult result = Run($$"""
            mkdir t; echo kept >t/file; truncate -s 8M i; mke2fs -q -t ext4 -d t i; {{VirtualMachine.Repository}}/bench/{{make}}
            jumpbag mount -q --kernel {{words}} m; echo $?; losetup -l | grep -c "$top"
            jumpbag mount -q {{words}} m; cat m/file; jumpbag umount -q m
            gone
            """, root: true);
        Assert.Equal("4\n0\nkept\ngone\n", result.Output);
        Assert.Matches(@"^jumpbag: \S+: does not lie in one piece in one file, so that no offset leads to it\nhint: without --kernel it is read by jumpbag itself\n$", result.Errors);
    }

    [Fact]
    public void what_only_the_kernel_reads_on_stripes_is_mounted_from_its_raw_file_as_the_hint_says()
    {
        Require.Tool("mkfs.xfs");
        Assert.SkipUnless(File.ReadAllText("/proc/filesystems").Contains("\txfs\n", StringComparison.Ordinal), "needs a kernel with XFS");
        ShellResult result = Run($$"""
            mkdir k; truncate -s 320M i; mkfs.xfs -q i; mount -o loop i k; echo kept >k/file; umount k; {{VirtualMachine.Repository}}/bench/make-array i d- 0 3 64
            jumpbag mount -q --kernel d-0@md/data m --disk d-1 --disk d-2 2>errors; echo $?; cat errors
            jumpbag mount -q --raw d-0@md/data m --disk d-1 --disk d-2
            eval "$(grep -o "mount -t [^']*" errors) m/* k"; cat k/file; umount k
            for _ in $(seq 50); do jumpbag umount -q m 2>/dev/null && break; sleep 0.1; done; gone
            """, root: true);
        Assert.Equal("4\njumpbag: d-0@md/data: does not lie in one piece in one file, so that no offset leads to it\n"
            + "hint: 'jumpbag mount --raw' shows it as a file, which 'mount -t xfs -o ro,loop,nouuid,norecovery' takes\nkept\ngone\n", result.Output);
    }

    /// <summary>Without its root directory nothing of a filesystem can be read; e2fsck finds the files again, in an overlay.</summary>
    [Fact]
    public void a_repaired_view_is_mounted_by_its_overlay_and_never_by_the_kernel()
    {
        ShellResult result = Run("""
            mkdir t k; echo kept >t/file; truncate -s 8M i; mke2fs -q -t ext4 -d t i; debugfs -w -R 'clri <2>' i 2>/dev/null
            jumpbag mount -q i m 2>errors; echo $?
            sha256sum i >before; jumpbag fsck --yes i >/dev/null 2>&1 </dev/null; echo $?
            jumpbag mount -q --overlay i.jumpbag-overlay i m; cat m/lost+found/* 2>/dev/null; jumpbag umount -q m
            jumpbag mount -q --all --overlay i.jumpbag-overlay i m; cat m/disk/lost+found/* 2>/dev/null; jumpbag umount -q m
            jumpbag mount -q --raw --overlay i.jumpbag-overlay i m; e2fsck -fn m/disk >/dev/null 2>&1; echo e2fsck $?
            mount -o ro,loop m/disk k; cat k/lost+found/* 2>/dev/null; umount k
            for _ in $(seq 50); do jumpbag umount -q m 2>/dev/null && break; sleep 0.1; done
            jumpbag mount -q --kernel --overlay i.jumpbag-overlay i m; echo $?
            sha256sum -c --quiet before && echo untouched
            gone
            """, root: true);
        Assert.Equal("1\n0\nkept\nkept\ne2fsck 0\nkept\n4\nuntouched\ngone\n", result.Output);
        Assert.Matches("jumpbag: i: the kernel would mount the disk as it is, without the overlay\nhint: without --kernel it is read by jumpbag itself\n$", result.Errors);
    }

    [Fact]
    public void the_kernel_mounts_what_we_cannot_read_beside_its_original()
    {
        Require.Tool("mkfs.xfs");
        Assert.SkipUnless(File.ReadAllText("/proc/filesystems").Contains("\txfs\n", StringComparison.Ordinal), "needs a kernel with XFS");
        ShellResult result = Run("""
            mkdir k; truncate -s 320M x.img; mkfs.xfs -q x.img; mount -o loop x.img k; echo kept >k/file
            umount k; mount -o loop x.img k
            cp --sparse=always x.img copy.img
            jumpbag mount -q --kernel --no-replay copy.img m; cat m/file; grep "$top/m " /proc/mounts | grep -o 'nouuid\|norecovery' | sort
            jumpbag umount -q m; umount k
            jumpbag mount -q x.img m; echo $?
            gone
            """, root: true);
        Assert.Equal("kept\nnorecovery\nnouuid\n4\ngone\n", result.Output);
    }

    [Fact]
    public void the_lines_of_a_dry_run_mount_the_same()
    {
        ShellResult result = Run("""
            jumpbag mount -q --kernel --no-replay --dry-run d.img m >lines; . ./lines
            ls m/home; umount m/home m/boot m; losetup -d $LOOP1 $LOOP2 $LOOP3; gone
            """, root: true);
        Assert.Equal("anna\njens\nlost+found\ngone\n", result.Output);
    }

    [Fact]
    public void who_is_not_root_mounts_through_the_helper_and_reads_all()
    {
        Require.Root();
        Require.Tool("fusermount3");
        Require.Tool("setpriv");
        ShellResult result = Run("""
            chown -R 65534:65534 .; chmod 755 .
            mkdir bin; cp -rL "$(dirname "$BIN")/." bin/; BIN=$top/bin/jumpbag; chmod -R a+rX bin
            user() { setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$top" DOTNET_ROOT="$DOTNET_ROOT" timeout 60 "$@"; }
            user "$BIN" mount -q d.img m; echo $?
            user cat m/etc/hostname; user ls m/root m/lost+found >/dev/null && echo all
            ls m 2>&1 | grep -o 'Permission denied'
            user "$BIN" umount -q m; echo $?; gone
            user "$BIN" mount -q d.img m; kill -9 $(server); gone
            user "$BIN" mount -q d.img m; kill -TERM $(server); gone
            grep -q '^user_allow_other' /etc/fuse.conf || user "$BIN" mount -q --allow-other d.img m
            # A file that nobody may run hides the helper, in mounts that only this line sees.
            export -f user; export top; unshare -m bash -c 'mount --bind /dev/null "$(command -v fusermount3)"; user "$0" mount -q d.img m' "$BIN"; echo $?
            user "$BIN" mount -q --kernel d.img@1 m; echo $?
            """);
        Assert.Equal("0\ni7tiny\nall\nPermission denied\n0\ngone\ngone\ngone\n1\n1\n", result.Output);
        Assert.Matches(@"jumpbag: fusermount3 is missing[^\n]*\nhint: it is in the package fuse3, of Debian and of the RPM distributions", result.Errors);
        Assert.Matches(@"jumpbag: mount --kernel: only root may\nhint: ", result.Errors);
    }

    [Fact]
    public void others_are_let_in_as_far_as_the_modes_let_them()
    {
        Require.Root();
        Require.Tool("setpriv");
        ShellResult result = Run("""
            chmod 755 .
            other() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
            jumpbag mount -q --allow-other d.img m
            other cat m/etc/hostname; other ls m/root 2>&1 | grep -o 'Permission denied'
            jumpbag umount -q m; gone
            """);
        Assert.Equal("i7tiny\nPermission denied\ngone\n", result.Output);
    }

    [Fact]
    public void damage_is_told_once_in_the_log_and_in_the_foreground_on_the_terminal()
    {
        ShellResult result = Run("""
            mkdir t; head -c 3M /dev/urandom >t/big; mke2fs -q -t ext4 -b 1024 -d t x.img 8M >/dev/null
            from=$(debugfs -R 'bmap big 2000' x.img 2>/dev/null); truncate -s $((from * 1024)) x.img
            jumpbag mount -q --log log x.img m 2>/dev/null; head -c 300K m/big | cmp -n 300000 - t/big; tail -c 1K m/big; tail -c 1K m/big
            jumpbag umount -q m; gone; cat log
            "$BIN" mount -q --foreground x.img m 2>told & pid=$!
            for _ in $(seq 200); do [ -e m/big ] && break; sleep 0.05; done
            cat m/big >/dev/null; jumpbag umount -q m; wait $pid; echo $?
            grep -c '^damaged: m/big: bytes 2048000-[0-9]*: .*beyond the end of the image' told
            """);
        Assert.Matches(@"^gone\ndamaged: m/big: bytes \d+-\d+: beyond the end of the image\n3\n1\n$", result.Output);
    }
}
