using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>The two disks of the questions people ask: where to mount what fdisk -l shows. The numbers are theirs.</summary>
public sealed class ClassicDiskTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void the_root_of_a_disk_of_53687091200_bytes_is_at_byte_525336576() => Check("ext4", """
        truncate -s 53687091200 disk.img
        printf 'label: dos\nlabel-id: 0x0007a1d5\nstart=2048, size=1024000, bootable\nstart=1026048, size=101799936\nstart=102825984\n' | sfdisk -q disk.img
        mke2fs -q -t ext2 -F -E offset=1048576 disk.img 20M
        """, 525336576, @"0x0007a1d5", "@2", "2048 1048576\n1026048 525336576\n102825984 52646903808\n");

    [Fact]
    public void a_DOS_partition_from_sector_63_is_at_byte_32256() => Check("ext3", """
        truncate -s 80M disk.img
        printf 'label: dos\nunit: sectors\n63,100000\n' | sfdisk -q --force disk.img
        """, 32256, "MBR", "@1", "63 32256\n");

    private void Check(string type, string make, long offset, string table, string layer, string starts)
    {
        ShellResult made = JumpbagProgram.Bash(folder.Path, $"""
            set -e
            {make}
            truncate -s 20M fs.img; mke2fs -q -t {type} -F -L rootfs fs.img; echo 'the host name' >hostname
            printf 'mkdir etc\nwrite hostname etc/hostname\nwrite /dev/null etc/fstab\n' | debugfs -w fs.img >/dev/null 2>&1
            dd if=fs.img of=disk.img bs=512 seek={offset / 512} conv=notrunc,sparse status=none
            """);
        Assert.True(made.Status == 0, made.Errors);
        ShellResult inspected = JumpbagProgram.Bash(folder.Path, "jumpbag inspect disk.img");
        Assert.Contains(table, inspected.Output);
        Assert.Contains("host the host name", inspected.Output);
        Assert.Equal(starts, JumpbagProgram.Bash(folder.Path, "jumpbag inspect disk.img | awk '$1 ~ /^@/ { print $2, $3 }'").Output);
        Assert.Equal("the host name\nfstab\nhostname\nthe host name\n", JumpbagProgram.Bash(folder.Path,
            $"jumpbag cat -q disk.img:/etc/hostname; jumpbag ls -q disk.img{layer}:/etc; jumpbag cp -q -r disk.img:/etc out; cat out/hostname").Output);
    }
}
