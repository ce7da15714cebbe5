using Jumpbag.Core.Events;
using Jumpbag.Storage;
using Jumpbag.Storage.Search;

namespace Jumpbag.Tests.Real.Storage;

public class SearchTests
{
    private const long MiB = 1024 * 1024;

    public static TheoryData<string, string, long, string> Formats => new()
    {
        { "ext4", "mke2fs", 40 * MiB, "mke2fs -q -t ext4 -L found part" },
        { "ext3", "mke2fs", 40 * MiB, "mke2fs -q -t ext3 -b 1024 -L found part" },
        { "ext2", "mke2fs", 40 * MiB, "mke2fs -q -t ext2 -b 4096 -O meta_bg,^resize_inode -L found part" },
        { "xfs", "mkfs.xfs", 320 * MiB, "mkfs.xfs -q -L found part" },
        { "btrfs", "mkfs.btrfs", 128 * MiB, "mkfs.btrfs -q -L found part" },
        { "ntfs", "mkntfs", 20 * MiB, "mkntfs -q -F -Q -L found part" },
        { "vfat", "mkfs.vfat", 64 * MiB, "mkfs.vfat -F 32 -n FOUND part" },
        { "exfat", "mkfs.exfat", 20 * MiB, "mkfs.exfat -L found part" },
        { "crypto_LUKS", "cryptsetup", 20 * MiB, "echo secret | cryptsetup luksFormat -q --type luks2 --label found --pbkdf pbkdf2 --pbkdf-force-iterations 1000 part -" },
        { "swap", "mkswap", 4 * MiB, "mkswap -L found part" },
        { "swap", "mkswap", 4 * MiB, "mkswap -p 65536 -L found part" },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void a_filesystem_at_an_odd_offset_without_a_table_is_found(string format, string program, long length, string command)
    {
        Workshop.Need(program);
        using var workshop = new Workshop();
        const long Start = 7 * MiB + 63 * 512;
        string disk = Place(workshop, length, command, Start);
        FoundSuperblock found = Assert.Single(Search(disk));
        Assert.Equal((Start, format, "found", false, ""), (found.Offset, found.Format, found.Label!.ToLowerInvariant(), found.FromBackup, found.Note));
        Dictionary<string, string> blkid = workshop.Blkid(workshop.File("part"));
        Assert.Equal(blkid["UUID"], found.Uuid);
    }

    public static TheoryData<string, string, long, string, long> Wiped => new()
    {
        { "ext4", "mke2fs", 300 * MiB, "mke2fs -q -t ext4 part", 4096 },
        { "ext4", "mke2fs", 300 * MiB, "mke2fs -q -t ext4 part", 100 * MiB },
        { "ext4", "mke2fs", 300 * MiB, "mke2fs -q -t ext4 -b 1024 part", 2048 },
        { "ext4", "mke2fs", 300 * MiB, "mke2fs -q -t ext4 -O sparse_super2 part", 2 * MiB },
        { "xfs", "mkfs.xfs", 320 * MiB, "mkfs.xfs -q part", MiB },
        { "btrfs", "mkfs.btrfs", 128 * MiB, "mkfs.btrfs -q part", MiB },
        { "ntfs", "mkntfs", 20 * MiB, "mkntfs -q -F -Q part", 512 },
        { "vfat", "mkfs.vfat", 64 * MiB, "mkfs.vfat -F 32 part", 512 },
        { "exfat", "mkfs.exfat", 20 * MiB, "mkfs.exfat part", 512 },
        { "crypto_LUKS", "cryptsetup", 20 * MiB, "echo secret | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 part -", 4096 },
    };

    [Theory]
    [MemberData(nameof(Wiped))]
    public void the_start_is_reckoned_from_a_backup_superblock(string format, string program, long length, string command, long wiped)
    {
        Workshop.Need(program);
        using var workshop = new Workshop();
        const long Start = 3 * MiB;
        string disk = Place(workshop, length, command, Start, () => workshop.Shell($"dd if=/dev/zero of=part bs=512 count={wiped / 512} conv=notrunc status=none"));
        FoundSuperblock found = Assert.Single(Search(disk));
        Assert.Equal((Start, format, true), (found.Offset, found.Format, found.FromBackup));
        Assert.NotEqual("", found.Note);
    }

    [Fact]
    public void copies_in_a_journal_are_not_filesystems()
    {
        Workshop.Need("debugfs");
        using var workshop = new Workshop();
        workshop.Sparse("part", 64 * MiB);
        File.WriteAllBytes(workshop.File("noise"), new byte[3 * 1024 * 1024]);
        // debugfs writes a transaction that holds the superblock's block into the journal.
        workshop.Shell("mke2fs -q -t ext4 -b 4096 part && dd if=part of=block bs=4096 count=1 status=none && printf 'jo\\njw -b 0 block\\njc\\n' | debugfs -w part");
        FoundSuperblock found = Assert.Single(Search(workshop.File("part")));
        Assert.Equal((0, false), (found.Offset, found.FromBackup));
    }

    [Fact]
    public void a_disk_image_within_a_filesystem_is_listed_as_lying_inside()
    {
        Workshop.Need("debugfs");
        using var workshop = new Workshop();
        workshop.Sparse("inner", 8 * MiB);
        workshop.Sparse("part", 64 * MiB);
        workshop.Shell("mke2fs -q -t ext4 -L inner inner && mke2fs -q -t ext4 -L outer part && debugfs -w -R 'write inner inner' part");
        IReadOnlyList<FoundSuperblock> found = Search(workshop.File("part"));
        Assert.Equal(["outer", "inner"], found.Select(f => f.Label));
        Assert.Contains("lies inside of the ext4 at byte 0", found[1].Note, StringComparison.Ordinal);
    }

    [Fact]
    public void all_partitions_of_a_disk_whose_table_was_wiped_are_found()
    {
        Workshop.Need("sfdisk");
        Workshop.Need("mkfs.vfat");
        using var workshop = new Workshop();
        string disk = workshop.Sparse("disk", 400 * MiB);
        workshop.Shell($"sfdisk -q '{disk}'", "label: gpt\nstart=2048,size=40960\nstart=43008,size=204800\nstart=250000,size=20480\n");
        workshop.Shell($"mke2fs -q -t ext4 -L one -E offset=1048576 '{disk}' 20M && mke2fs -q -t ext3 -L two -E offset=22020096 '{disk}' 100M && truncate -s 10M swap && mkswap -L three swap && dd if=swap of='{disk}' bs=512 seek=250000 conv=notrunc status=none");
        workshop.Shell($"dd if=/dev/zero of='{disk}' bs=512 count=34 conv=notrunc status=none");
        IReadOnlyList<FoundSuperblock> found = Search(disk);
        // The backup GPT is left, and tells where the table was.
        Assert.Equal([(0, "gpt", true), (1048576, "ext4", false), (22020096, "ext3", false), (128000000, "swap", false)],
            found.Select(f => (f.Offset, f.Format, f.FromBackup)));
    }

    [Fact]
    public void a_search_is_not_held_up_by_holes_and_runs_at_the_speed_of_the_disk()
    {
        Workshop.Need("mke2fs");
        using var workshop = new Workshop();
        string disk = workshop.Sparse("disk", 53_687_091_200);
        workshop.Shell($"mke2fs -q -t ext4 -E offset=525336576 '{disk}' 64M");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(525336576, Assert.Single(Search(disk)).Offset);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
    }

    private static string Place(Workshop workshop, long length, string command, long start, Action? damage = null)
    {
        workshop.Sparse("part", length);
        workshop.Shell(command);
        damage?.Invoke();
        string disk = workshop.Sparse("disk", start + length + 5 * MiB);
        workshop.Shell($"dd if=part of='{disk}' bs=1M oflag=seek_bytes seek={start} conv=notrunc,sparse status=none");
        return disk;
    }

    private static IReadOnlyList<FoundSuperblock> Search(string file)
    {
        using FileSource source = FileSource.Open(file);
        long done = 0;
        IReadOnlyList<FoundSuperblock> found = SuperblockSearch.Run(source, e => done = (e as Progressed)?.Progress.BytesDone ?? done, TestContext.Current.CancellationToken);
        Assert.Equal(source.Length, done);
        return found;
    }
}
