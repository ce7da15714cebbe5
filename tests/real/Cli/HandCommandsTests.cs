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
            lvcreate -q -y -L 88M -n data vgtwo; lvcreate -q -y -L 24M -n disk vgtwo
            mke2fs -q /dev/vgtwo/data; mount /dev/vgtwo/data /mnt; echo x >/mnt/over-two.txt; umount /mnt
            echo 2048 | sfdisk -q --no-reread --no-tell-kernel /dev/vgtwo/disk
            loop=$(losetup --find --show --offset 1048576 /dev/vgtwo/disk)
            mke2fs -q $loop; mount $loop /mnt; echo x >/mnt/inside.txt; umount /mnt; losetup --detach $loop
            vgchange -q -an vgtwo
            """);
        foreach (string name in new[] { "vda", "vdb" })
            using (FileStream file = File.Create(folder.File(name)))
                file.SetLength(64 << 20);
        string[] take = ["mke2fs", "sfdisk", "losetup", "mount", "umount", "e2fsck"];
        ShellResult made = VirtualMachine.Run(folder.File("make"), [folder.File("vda"), folder.File("vdb")], take);
        Assert.True(made.Status == 0, made.Output + made.Errors);
        JumpbagProgram.UnpackDemo(folder.Path);
        ShellResult printed = JumpbagProgram.Bash(folder.Path,
            "(jumpbag inspect --commands vda --disk vdb; jumpbag inspect --commands d.img) | sed -E 's,(vd[ab])\\),/dev/\\1),; s,d\\.img\\),/dev/vdc),'");
        File.WriteAllText(folder.File("lines"), "set +e\n" + printed.Output + "\nlosetup -a\ndmsetup ls\n");
        ShellResult result = VirtualMachine.Run(folder.File("lines"), [folder.File("vda"), folder.File("vdb"), folder.File("d.img")], take);
        string all = printed.Output + result.Output + result.Errors;
        foreach (string file in new[] { "over-two.txt", "inside.txt", "anna", "etc" })
            Assert.True(result.Output.Contains($" {file}", StringComparison.Ordinal), all);
        Assert.True(result.Output.TrimEnd().EndsWith("No devices found", StringComparison.Ordinal), all);
    }
}
