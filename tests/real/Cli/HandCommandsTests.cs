using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Cli;

/// <summary>The lines of inspect --commands do what they say: the kernel mounts what they attach, and nothing stays attached.</summary>
public sealed class HandCommandsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void a_partition_is_mounted_here()
    {
        Require.LoopMounts();
        Shell.Run("bash", "-c", """
            set -e; cd "$1"; truncate -s 40M d.img; printf 'label: dos\n2048,16M\n' | sfdisk -q d.img
            truncate -s 16M fs; mke2fs -q -F fs; echo x >found.txt; debugfs -w -R 'write found.txt found.txt' fs 2>/dev/null
            dd if=fs of=d.img bs=1M seek=1 conv=notrunc status=none
            """, "bash", folder.Path);
        // In a mount namespace of its own, so that /mnt of the machine is left alone.
        ShellResult result = JumpbagProgram.Bash(folder.Path, "jumpbag inspect --commands d.img >lines; cat lines; unshare -m bash -c '. ./lines'; losetup -j d.img");
        Assert.True(result.Output.Contains(" found.txt\n", StringComparison.Ordinal) && result.Output.EndsWith(" lost+found\n", StringComparison.Ordinal), result.Output + result.Errors);
    }

    /// <summary>Over two disks, in a partition inside of a volume, and with a dirty journal; in a machine with device-mapper.</summary>
    [Fact]
    public void volumes_are_mounted_in_a_machine_with_device_mapper()
    {
        File.WriteAllText(folder.File("make"), """
            vgcreate -q vgtwo /dev/vda /dev/vdb
            lvcreate -q -y -L 88M -n data vgtwo; lvcreate -q -y -L 24M -n disk vgtwo; lvcreate -q -y -L 8M -n origin vgtwo
            mke2fs -q -t ext4 -O ^has_journal /dev/vgtwo/origin
            lvcreate -q -y -s -L 4M -n snap vgtwo/origin
            mount /dev/vgtwo/snap /mnt; echo x >/mnt/on-the-snapshot.txt; umount /mnt
            lvcreate -q -y --type thin-pool -L 16M -n pool vgtwo; lvcreate -q -y -V 64M -n thin --thinpool pool vgtwo
            mke2fs -q -t ext4 -O ^has_journal /dev/vgtwo/thin; mount /dev/vgtwo/thin /mnt; echo x >/mnt/first.txt; umount /mnt
            lvcreate -q -y -s -n thinsnap vgtwo/thin
            mount /dev/vgtwo/thin /mnt; rm /mnt/first.txt; echo x >/mnt/second.txt; umount /mnt
            mke2fs -q /dev/vgtwo/data; mount /dev/vgtwo/data /mnt; echo x >/mnt/over-two.txt; umount /mnt
            echo 2048 | sfdisk -q --no-reread --no-tell-kernel /dev/vgtwo/disk
            loop=$(losetup --find --show --offset 1048576 /dev/vgtwo/disk)
            mke2fs -q $loop; mount $loop /mnt; echo x >/mnt/inside.txt; umount /mnt; losetup --detach $loop
            vgchange -q -an vgtwo
            """);
        foreach (string name in new[] { "vda", "vdb" })
            using (FileStream file = File.Create(folder.File(name)))
                file.SetLength(88 << 20);
        string[] take = ["mke2fs", "sfdisk", "losetup", "mount", "umount", "e2fsck", "blockdev"];
        ShellResult made = VirtualMachine.Run(folder.File("make"), [folder.File("vda"), folder.File("vdb")], take);
        Assert.True(made.Status == 0, made.Output + made.Errors);
        JumpbagProgram.UnpackDemo(folder.Path);
        ShellResult printed = JumpbagProgram.Bash(folder.Path,
            "(jumpbag inspect --commands vda --disk vdb; jumpbag inspect --commands d.img) | sed -E 's,(vd[ab])\\),/dev/\\1),; s,d\\.img\\),/dev/vdc),'");
        File.WriteAllText(folder.File("lines"), "set +e\n" + printed.Output + "\nlosetup -a\ndmsetup ls\n");
        ShellResult result = VirtualMachine.Run(folder.File("lines"), [folder.File("vda"), folder.File("vdb"), folder.File("d.img")], take);
        string all = printed.Output + result.Output + result.Errors;
        foreach (string file in new[] { "over-two.txt", "inside.txt", "on-the-snapshot.txt", "first.txt", "second.txt", "anna", "etc" })
            Assert.Equal((file, 1), (file, result.Output.Split('\n').Count(line => line.EndsWith($" {file}", StringComparison.Ordinal))));
        Assert.True(result.Output.TrimEnd().EndsWith("No devices found", StringComparison.Ordinal), all);
    }

    /// <summary>What Jumpbag does not read: made with the real programs, and opened in the machine by the lines that are printed there.</summary>
    [Fact]
    public void formats_that_are_not_read_are_opened_by_the_printed_lines()
    {
        string? program = Environment.GetEnvironmentVariable("JUMPBAG_BIN");
        Assert.SkipUnless(program is { Length: > 0 } && !File.Exists(program + ".dll"), "needs the native binary: JUMPBAG_BIN");
        (string Format, string Make)[] made =
        [
            ("xfs", "truncate -s 320M $F; mkfs.xfs -q $F"), ("btrfs", "truncate -s 160M $F; mkfs.btrfs -q $F"),
            ("vfat", "truncate -s 40M $F; mkfs.vfat $F"), ("exfat", "truncate -s 40M $F; mkfs.exfat $F"), ("udf", "truncate -s 40M $F; mkudffs --blocksize=512 $F"),
            ("ntfs", "truncate -s 40M $F; mkfs.ntfs -q -F $F"), ("squashfs", "mksquashfs tree $F -noappend"), ("erofs", "mkfs.erofs $F tree"),
            ("iso9660", "genisoimage -quiet -R -o $F tree"), ("crypto_LUKS", "truncate -s 40M $F"), ("linux_raid_member", "truncate -s 40M $F"),
        ];
        string[] take = ["losetup", "mount", "umount", "mke2fs", "cryptsetup", "mdadm", "ntfs-3g", "sed", program];
        foreach (string tool in take.Concat(["mkfs.xfs", "mkfs.btrfs", "mkfs.vfat", "mkfs.exfat", "mkudffs", "mkfs.ntfs", "mksquashfs", "mkfs.erofs", "genisoimage"]))
            Require.Tool(tool);
        Directory.CreateDirectory(folder.File("tree"));
        File.WriteAllText(folder.File("tree/found.txt"), "x");
        foreach ((string format, string make) in made)
            Shell.Run("bash", "-c", $"cd \"$1\"; F=$2; {{ {make}; }} >log 2>&1 || {{ cat log >&2; false; }}; truncate -s %4096 $F", "bash", folder.Path, format);
        string source = Path.Combine(VirtualMachine.Repository, "tests", "real", "Cli", "by-hand.sh");
        File.WriteAllText(folder.File("script"), $"PATH=$PATH:{Path.GetDirectoryName(program)}\nformats=({string.Join(' ', made.Select(one => one.Format))})\n{File.ReadAllText(source)}");
        ShellResult result = VirtualMachine.Run(folder.File("script"), made.Select(one => folder.File(one.Format)),
            ["xfs", "btrfs", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859-1", "nls_utf8", "exfat", "udf", "isofs", "squashfs", "erofs", "fuse", "dm-crypt", "xts", "raid1", "af_alg", "algif_skcipher"], take);
        string all = result.Output + result.Errors;
        Assert.True(result.Status == 0 && result.Output.EndsWith("done\n", StringComparison.Ordinal), all);
        string[] lines = result.Output.Split('\n');
        foreach ((string format, _) in made)
            Assert.True(lines.Contains($"{format}: {(format is "crypto_LUKS" or "linux_raid_member" ? "inside ext4" : "found.txt")}"), $"{format}\n{all}");
        Assert.DoesNotContain(lines, line => line.StartsWith("left: ", StringComparison.Ordinal));
    }
}
