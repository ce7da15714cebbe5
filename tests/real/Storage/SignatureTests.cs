using Jumpbag.Storage;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Tests.Real.Storage;

public class SignatureTests
{
    private const long MiB = 1024 * 1024;

    /// <summary>Format, the program that must be there, MiB, and a command in which $F is the file; $D an empty folder with a file in it.</summary>
    public static TheoryData<string, string, int, string> Formats => new()
    {
        { "ext2", "mke2fs", 4, "mke2fs -q -t ext2 -L 'my label' $F" },
        { "ext3", "mke2fs", 16, "mke2fs -q -t ext3 -L boot $F" },
        { "ext4", "mke2fs", 16, "mke2fs -q -t ext4 -L röot $F" },
        { "ext4 without a label", "mke2fs", 16, "mke2fs -q -t ext4 $F" },
        { "ext4 of 64 KiB blocks", "mke2fs", 64, "mke2fs -q -F -t ext4 -b 65536 $F" },
        { "ext4 without a journal", "mke2fs", 16, "mke2fs -q -t ext4 -O ^has_journal -L nojournal $F" },
        { "jbd", "mke2fs", 16, "mke2fs -q -O journal_dev -L journal $F" },
        { "xfs", "mkfs.xfs", 320, "mkfs.xfs -q -L xfslabel $F" },
        { "xfs version 4", "mkfs.xfs", 320, "mkfs.xfs -q -m crc=0 -L old $F" },
        { "xfs log", "mkfs.xfs", 320, "truncate -s 64M log && mkfs.xfs -q -l logdev=log,size=64M $F && mv log $F" },
        { "btrfs", "mkfs.btrfs", 128, "mkfs.btrfs -q -L butter $F" },
        { "ntfs", "mkntfs", 16, "mkntfs -q -F -Q -L 'Windows Ü' $F" },
        { "ntfs of 4096-byte sectors", "mkntfs", 32, "mkntfs -q -F -Q -s 4096 -c 4096 -L big $F" },
        { "fat12", "mkfs.vfat", 2, "mkfs.vfat -F 12 -n FLOPPY $F" },
        { "fat16", "mkfs.vfat", 20, "mkfs.vfat -F 16 -n SIXTEEN -i 1234abcd $F" },
        { "fat32", "mkfs.vfat", 64, "mkfs.vfat -F 32 -n THIRTYTWO $F" },
        { "fat32 without a label", "mkfs.vfat", 64, "mkfs.vfat -F 32 $F" },
        { "fat32 of 4096-byte sectors", "mkfs.vfat", 300, "mkfs.vfat -F 32 -S 4096 -n BIG $F" },
        { "exfat", "mkfs.exfat", 16, "mkfs.exfat -L Stick $F" },
        { "swap", "mkswap", 4, "mkswap -L schwap $F" },
        { "swap of 16 KiB pages", "mkswap", 4, "mkswap -p 16384 $F" },
        { "swap of 64 KiB pages", "mkswap", 4, "mkswap -p 65536 $F" },
        { "swsuspend", "mkswap", 4, "mkswap -L resume $F && printf S1SUSPEND | dd of=$F bs=1 seek=4086 conv=notrunc status=none" },
        { "luks1", "cryptsetup", 8, "echo secret | cryptsetup luksFormat -q --type luks1 --pbkdf-force-iterations 1000 $F -" },
        { "luks2", "cryptsetup", 20, "echo secret | cryptsetup luksFormat -q --type luks2 --label safe --subsystem vault --pbkdf pbkdf2 --pbkdf-force-iterations 1000 $F -" },
        { "luks2 with a wiped first header", "cryptsetup", 20, "echo secret | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 $F - && dd if=/dev/zero of=$F bs=4096 count=1 conv=notrunc status=none" },
        { "f2fs", "mkfs.f2fs", 64, "mkfs.f2fs -q -l flash $F" },
        { "squashfs", "mksquashfs", 1, "mksquashfs $D $F -noappend -quiet" },
        { "iso9660", "genisoimage", 1, "genisoimage -quiet -V DISC -o $F $D" },
        { "iso9660 with Joliet", "genisoimage", 1, "genisoimage -quiet -J -R -V 'A longer name of a disc' -o $F $D" },
        { "udf", "mkudffs", 8, "mkudffs -l 'Disc Ü' $F" },
        { "udf of 512-byte blocks", "mkudffs", 8, "mkudffs -b 512 -l small $F" },
        { "jfs", "mkfs.jfs", 20, "mkfs.jfs -q -L aix $F" },
        { "nilfs2", "mkfs.nilfs2", 160, "mkfs.nilfs2 -q -L continuous $F" },
        { "reiserfs", "mkfs.reiserfs", 40, "mkfs.reiserfs -q -f -l reiser $F" },
        { "erofs", "mkfs.erofs", 1, "mkfs.erofs -x-1 $F $D" },
        { "romfs", "genromfs", 1, "genromfs -f $F -d $D -V rommy" },
        { "cramfs", "mkfs.cramfs", 1, "mkfs.cramfs -n crammy $D $F" },
        { "minix 1", "mkfs.minix", 4, "mkfs.minix -1 $F" },
        { "minix 2", "mkfs.minix", 4, "mkfs.minix -2 $F" },
        { "minix 3", "mkfs.minix", 4, "mkfs.minix -3 $F" },
        { "ufs 1", "makefs", 4, "makefs -t ffs -s 4m -o version=1 $F $D" },
        { "ufs 2", "makefs", 4, "makefs -t ffs -s 4m -o version=2 $F $D" },
        { "ufs, big-endian", "makefs", 4, "makefs -t ffs -B big -s 4m -o version=2 $F $D" },
        { "ocfs2", "mkfs.ocfs2", 256, "yes | mkfs.ocfs2 -q -M local -L cluster --fs-features=local -N 1 $F" },
        { "gfs2", "mkfs.gfs2", 256, "mkfs.gfs2 -q -O -p lock_nolock -t cluster:fs -J 8 $F" },
        { "bcache", "make-bcache", 16, "make-bcache -B $F" },
        { "hfs", "hformat", 4, "hformat -l Macintosh $F" },
        { "nothing", "sh", 4, "true" },
        { "noise", "sh", 4, "head -c 4194304 /dev/urandom > $F" },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void a_signature_is_what_blkid_says(string format, string program, int mebibytes, string command)
    {
        Workshop.Need("blkid");
        Workshop.Need(program);
        using var workshop = new Workshop();
        string file = Make(workshop, mebibytes, command);
        Dictionary<string, string> expected = workshop.Blkid(file);

        using FileSource source = FileSource.Open(file);
        Signature? found = Signature.Probe(source);

        Assert.Equal(format is not ("nothing" or "noise"), expected.ContainsKey("TYPE"));
        Assert.Equal(expected.GetValueOrDefault("TYPE"), found?.Format);
        Assert.Equal(expected.GetValueOrDefault("LABEL"), found?.Label);
        Assert.Equal(expected.GetValueOrDefault("UUID"), found?.Uuid);
        Assert.Equal(expected.GetValueOrDefault("USAGE"), found?.Usage);
        foreach (string tag in new[] { "VERSION", "UUID_SUB", "SUBSYSTEM", "LOGUUID" })
            if (expected.TryGetValue(tag, out string? value) && found!.Format is not ("xfs" or "bcache"))
                Assert.Equal(value, found.Details?.GetValueOrDefault(tag));
        if (found?.Size is { } size)
            Assert.InRange(size, 1, source.Length);
        if (found is not null)
            Assert.Empty(Signature.Contradicting(source, found).Select(other => other.Format));
    }

    [Fact]
    public void a_remnant_beside_a_filesystem_is_told_where_blkid_is_ambivalent()
    {
        Workshop.Need("mkfs.btrfs");
        Workshop.Need("blkid");
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", 128 * MiB), old = workshop.Sparse("old", 128 * MiB);
        workshop.Shell($"mkfs.btrfs -q {old} >/dev/null 2>&1; mke2fs -q -F -t ext4 {file}; dd if={old} of={file} bs=4k skip=16 seek=16 count=1 conv=notrunc status=none");
        Assert.Contains("ambivalent", workshop.Shell($"blkid -p {file} 2>&1", mayFail: true));
        using FileSource source = FileSource.Open(file);
        Signature found = Signature.Probe(source)!;
        Assert.Equal(("ext4", "btrfs"), (found.Format, Assert.Single(Signature.Contradicting(source, found)).Format));
        Assert.Contains("btrfs", Assert.Single(Layer.OfDisk(source, "disk", []).Contradictions));
    }

    [Fact]
    public void a_physical_volume_is_what_blkid_says()
    {
        Workshop.Need("pvcreate");
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", 32 * MiB);
        string loop = workshop.Loop(file);
        try
        {
            workshop.Shell($"timeout 20 pvcreate -q -y {loop}", mayFail: true);
        }
        finally
        {
            workshop.Shell($"losetup -d {loop}");
        }
        Dictionary<string, string> expected = workshop.Blkid(file);
        if (!expected.ContainsKey("TYPE"))
            Assert.Skip("pvcreate does not work here");
        using FileSource source = FileSource.Open(file);
        Signature found = Signature.Probe(source)!;
        Assert.Equal(("LVM2_member", expected["UUID"], "raid", 32 * MiB), (found.Format, found.Uuid, found.Usage, found.Size));
    }

    [Theory]
    [InlineData("0.90")]
    [InlineData("1.0")]
    [InlineData("1.1")]
    [InlineData("1.2")]
    public void an_array_member_is_what_blkid_and_mdadm_say(string version)
    {
        Workshop.Need("mdadm");
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", 20 * MiB + 5 * 4096);
        byte[] superblock = version == "0.90" ? RaidSuperblocks.Version0(20 * MiB - 65536) : RaidSuperblocks.Version1(version, new FileInfo(file).Length);
        long offset = RaidSuperblocks.Offset(version, new FileInfo(file).Length);
        using (FileStream stream = File.OpenWrite(file))
        {
            stream.Position = offset;
            stream.Write(superblock);
        }
        Dictionary<string, string> expected = workshop.Blkid(file);
        string examined = workshop.Shell($"mdadm --examine '{file}'", mayFail: true);

        using FileSource source = FileSource.Open(file);
        Signature found = Signature.Probe(source)!;

        Assert.Equal("linux_raid_member", expected["TYPE"]);
        Assert.Equal("linux_raid_member", found.Format);
        Assert.Equal(expected["UUID"], found.Uuid);
        Assert.Equal(expected.GetValueOrDefault("LABEL"), found.Label);
        Assert.Equal(expected.GetValueOrDefault("UUID_SUB"), found.Details!.GetValueOrDefault("UUID_SUB"));
        Assert.Equal(expected["VERSION"], found.Details!["VERSION"]);
        Assert.Contains("Raid Level : raid1", examined, StringComparison.Ordinal);
        Assert.Equal("raid1", found.Details["LEVEL"]);
    }

    public static TheoryData<string, string, string> Containers => new()
    {
        { "qcow2", "qemu-img", "qemu-img create -q -f qcow2 $F 77M" },
        { "qcow", "qemu-img", "qemu-img create -q -f qcow $F 77M" },
        { "vmdk", "qemu-img", "qemu-img create -q -f vmdk $F 77M" },
        { "vdi", "qemu-img", "qemu-img create -q -f vdi $F 77M" },
        { "vhdx", "qemu-img", "qemu-img create -q -f vhdx $F 80M" },
        { "vpc", "qemu-img", "qemu-img create -q -f vpc -o force_size=on $F 77M" },
        { "vpc", "qemu-img", "qemu-img create -q -f vpc -o force_size=on,subformat=fixed $F 77M" },
        { "gzip", "gzip", "echo hello | gzip > $F" },
        { "xz", "xz", "echo hello | xz > $F" },
        { "zstd", "zstd", "echo hello | zstd -q > $F" },
        { "bzip2", "bzip2", "echo hello | bzip2 > $F" },
    };

    [Theory]
    [MemberData(nameof(Containers))]
    public void a_container_is_named_with_the_size_that_qemu_img_says(string format, string program, string command)
    {
        Workshop.Need(program);
        using var workshop = new Workshop();
        string file = workshop.File("image");
        workshop.Shell($"F='{file}'; {command}");
        using FileSource source = FileSource.Open(file);
        Signature found = Signature.Probe(source)!;
        Assert.Equal(format, found.Format);
        if (program == "qemu-img" && found.Size is not null)
            Assert.Contains($"\"virtual-size\": {found.Size}", workshop.Shell($"qemu-img info -f {format} --output=json '{file}'"), StringComparison.Ordinal);
        Assert.NotNull(ByHand.HandCommand(format));
    }

    [Fact]
    public void a_signature_at_an_offset_within_an_image_is_the_same()
    {
        Workshop.Need("mke2fs");
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", 64 * MiB);
        workshop.Shell($"mke2fs -q -t ext4 -L inner -E offset=1048576 '{file}' 32M");
        using FileSource source = FileSource.Open(file);
        Signature found = Signature.Probe(new Slice(source, MiB, 32 * MiB))!;
        Assert.Equal(("ext4", "inner", 32 * MiB), (found.Format, found.Label, found.Size));
        Assert.Null(Signature.Probe(source));
    }

    [Fact]
    public void a_probe_of_a_partition_of_a_large_image_takes_less_than_a_millisecond()
    {
        Workshop.Need("mke2fs");
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", 53_687_091_200);
        workshop.Shell($"mke2fs -q -t ext4 -E offset=525336576 '{file}' 64M");
        using FileSource source = FileSource.Open(file);
        var slice = new Slice(source, 525336576, 52121567232);
        for (int i = 0; i < 200; i++)
            Assert.NotNull(Signature.Probe(slice));
        long best = long.MaxValue;
        for (int i = 0; i < 200; i++)
        {
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            _ = Signature.Probe(slice);
            best = Math.Min(best, System.Diagnostics.Stopwatch.GetTimestamp() - start);
        }
        Assert.True(TimeSpan.FromTicks(best / 100) < TimeSpan.FromMilliseconds(1), $"{best} ns");
    }

    private static string Make(Workshop workshop, int mebibytes, string command)
    {
        string file = workshop.Sparse("disk", mebibytes * MiB), folder = workshop.File("content");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "hello"), string.Concat(Enumerable.Repeat("hello, world\n", 400)));
        workshop.Shell($"F='{file}'; D='{folder}'; {command}");
        return file;
    }
}
