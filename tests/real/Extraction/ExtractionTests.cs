using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Extraction;
using Jumpbag.Host;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Extraction;

/// <summary>Extraction beside the kernel's own mount of the same image.</summary>
public sealed class ExtractionTests
{
    private static readonly string[] Everything = ["-t", "ext4", "-b", "4096", "-I", "256", "-O", "ea_inode,large_dir"];

    private static string Sh(string script) => Shell.Run("sh", "-ec", script);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void a_whole_tree_is_extracted_as_the_kernel_shows_it(int seed)
    {
        Require.LoopMounts();
        using var folder = new TemporaryFolder();
        string image = folder.File("image"), disk = folder.File("disk");
        ImageBuilder.Format(image, 512 << 20, Everything);
        Assert.Null(ImageBuilder.TryFill(image, new RandomTree(seed), hasJournal: true));
        ImageBuilder.Format(disk, 1L << 30, Everything);
        using LoopMount to = LoopMount.Mount(disk, "rw,noatime,user_xattr,acl,data=writeback");
        string copy = Path.Combine(to.Folder, "copy");
        Extracted extracted = Extracted.From(image, "/", copy, new() { Recursive = true, Jobs = 4 });
        Assert.True(extracted.Result.IsComplete, extracted.Told);
        Assert.Empty(extracted.Result.AttributesLost);
        using LoopMount from = LoopMount.Mount(image);
        Assert.Empty(TreeComparison.Differences(TreeSnapshot.OfFolder(from.Folder), TreeSnapshot.OfFolder(copy), TreeAspects.OfACopy & ~TreeAspects.Accessed));
        Assert.Empty(Extracted.LeftOvers(copy));

        // A second run with --resume finds all of it there, and goes on in the same place.
        Extracted again = Extracted.From(image, "/", copy, new() { Recursive = true, Resume = true });
        Assert.True(again.Result.IsComplete, again.Told);
        Assert.Equal(0, again.Result.Files + again.Result.HardLinks + again.Result.SymbolicLinks + again.Result.SpecialFiles + again.Result.Directories);
        Assert.Empty(TreeComparison.Differences(TreeSnapshot.OfFolder(from.Folder), TreeSnapshot.OfFolder(copy), TreeAspects.OfACopy & ~TreeAspects.Accessed));
    }

    [Fact]
    public void an_interrupted_run_leaves_nothing_half_written_and_resume_completes_it()
    {
        Require.LoopMounts();
        using var folder = new TemporaryFolder();
        string image = Small(folder), copy = folder.File("copy");
        using LoopMount from = LoopMount.Mount(image);
        TreeSnapshot expected = TreeSnapshot.OfFolder(Path.Combine(from.Folder, "tree"));
        for (int after = 0; after < 60; after += 7)
        {
            using var cancel = new CancellationTokenSource();
            using FileSource source = FileSource.Open(image);
            var slow = new CountingDevice(source, after * 3, cancel.Cancel);
            ExtractionResult result = Extracted.From(slow, "/tree", copy, new() { Recursive = true, Resume = true, Jobs = 2 }, cancel.Token).Result;
            Assert.True(result.Failed == 0, $"after {after}");
            if (Directory.Exists(copy))
                Assert.Empty(Extracted.LeftOvers(copy));
        }
        Extracted done = Extracted.From(image, "/tree", copy, new() { Recursive = true, Resume = true });
        Assert.True(done.Result.IsComplete, done.Told);
        Assert.Empty(TreeComparison.Differences(expected, TreeSnapshot.OfFolder(copy), TreeAspects.OfACopy));
    }

    [Fact]
    public void what_a_killed_run_left_is_cleaned_up_and_gone_on_with()
    {
        Require.LoopMounts();
        using var folder = new TemporaryFolder();
        string image = Small(folder), copy = folder.File("copy");
        Sh($"mkdir -m 700 {copy} {copy}/sub; touch {copy}/.jumpbag-00000000-0.part; head -c 9 /dev/zero > {copy}/sub/.jumpbag-1234abcd-1f.part");
        Extracted done = Extracted.From(image, "/tree", copy, new() { Recursive = true, Resume = true });
        Assert.True(done.Result.IsComplete, done.Told);
        Assert.Empty(Extracted.LeftOvers(copy));
        using LoopMount from = LoopMount.Mount(image);
        Assert.Empty(TreeComparison.Differences(TreeSnapshot.OfFolder(Path.Combine(from.Folder, "tree")), TreeSnapshot.OfFolder(copy), TreeAspects.OfACopy));
    }

    [Fact]
    public void a_full_disk_ends_the_run_with_whole_files_only()
    {
        Require.LoopMounts();
        using var folder = new TemporaryFolder();
        string image = Small(folder), room = folder.File("room");
        Directory.CreateDirectory(room);
        Sh($"mount -t tmpfs -o size=3m none {room}");
        try
        {
            // With --resume the room is not checked beforehand, so the disk does become full.
            Extracted full = Extracted.From(image, "/tree", room, new() { Recursive = true, Resume = true });
            Assert.NotNull(full.Result.Stopped);
            Assert.True(full.Result.Files > 0, full.Told);
            Assert.Empty(Extracted.LeftOvers(room));
            FailedException refused = Assert.Throws<FailedException>(() => Extracted.From(image, "/tree", Path.Combine(room, "other")));
            Assert.Contains("are needed", refused.Message);
            Sh($"mount -o remount,size=64m {room}");
            Extracted rest = Extracted.From(image, "/tree", room, new() { Recursive = true, Resume = true });
            Assert.True(rest.Result.IsComplete, rest.Told);
            using LoopMount from = LoopMount.Mount(image);
            Assert.Empty(TreeComparison.Differences(TreeSnapshot.OfFolder(Path.Combine(from.Folder, "tree")),
                TreeSnapshot.OfFolder(Path.Combine(room, "tree")), TreeAspects.OfACopy));
        }
        finally
        {
            Shell.Run("umount", room);
        }
    }

    [Fact]
    public void existing_files_are_kept_unless_told_and_links_at_the_destination_are_not_followed()
    {
        Require.LoopMounts();
        using var folder = new TemporaryFolder();
        string image = Small(folder), copy = folder.File("copy"), outside = folder.File("outside");
        Sh($"mkdir -p {copy}/tree {outside}; echo mine > {copy}/tree/f1; ln -s {outside} {copy}/tree/sub; echo kept > {outside}/victim; ln -s {outside}/victim {copy}/tree/f2");
        Extracted refused = Extracted.From(image, "/tree", copy);
        Assert.Equal(3, refused.Result.Failed);
        Assert.Equal("mine\n", File.ReadAllText(Path.Combine(copy, "tree/f1")));
        Assert.Equal(3, refused.Events.OfType<FileFailed>().Count());

        Extracted kept = Extracted.From(image, "/tree", copy, new() { Recursive = true, Overwrite = OverwriteMode.NoClobber });
        Assert.True(kept.Result.Skipped > 2, kept.Told);
        Assert.Equal("mine\n", File.ReadAllText(Path.Combine(copy, "tree/f1")));

        Extracted forced = Extracted.From(image, "/tree", copy, new() { Recursive = true, Overwrite = OverwriteMode.Force });
        Assert.Equal(1, forced.Result.Failed);
        Assert.NotEqual("mine\n", File.ReadAllText(Path.Combine(copy, "tree/f1")));
        Assert.Null(new FileInfo(Path.Combine(copy, "tree/f2")).LinkTarget);
        Assert.Equal("kept\n", File.ReadAllText(Path.Combine(outside, "victim")));
        Assert.Single(Directory.GetFileSystemEntries(outside));
    }

    [Fact]
    public void a_truncated_image_gives_all_that_is_left_and_lists_the_rest()
    {
        Require.LoopMounts();
        using var folder = new TemporaryFolder();
        string image = Small(folder), copy = folder.File("copy");
        string blocks = Shell.Run("debugfs", "-R", "blocks /tree/large", image);
        long first = blocks.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(long.Parse).Min();
        using (FileSource source = FileSource.Open(image))
        {
            var bad = new BadRange(source, (first + 1) * 4096 + 512, 1024);
            Extracted damaged = Extracted.From(bad, "/tree/large", copy, new());
            Damage damage = Assert.Single(damaged.Events.OfType<FileDamaged>()).Damage;
            Assert.Equal((4096 + 512, 1024), (damage.Offset, damage.Length));
            Assert.Equal(1, damaged.Result.Damaged);
        }
        using LoopMount from = LoopMount.Mount(image);
        byte[] original = File.ReadAllBytes(Path.Combine(from.Folder, "tree/large")), got = File.ReadAllBytes(copy);
        original.AsSpan(4096 + 512, 1024).Clear();
        Assert.True(original.AsSpan().SequenceEqual(got));
    }

    [Fact]
    public void a_tree_of_thousands_of_levels_is_extracted()
    {
        Require.LoopMounts();
        using var folder = new TemporaryFolder();
        string image = folder.File("image"), copy = folder.File("copy");
        ImageBuilder.Format(image, 128 << 20, "-t", "ext4", "-N", "20000");
        using (LoopMount fill = LoopMount.Mount(image, "rw"))
            Assert.Equal(6000, Descend(fill.Folder, 6000, make: true));
        Extracted extracted = Extracted.From(image, "/", copy);
        Assert.True(extracted.Result.IsComplete, extracted.Told);
        Assert.Equal(1, extracted.Result.Files);
        Assert.Equal(6000, Descend(copy, int.MaxValue, make: false));
    }

    [Fact]
    public void an_acl_that_the_destination_would_hand_down_is_not_taken()
    {
        Require.LoopMounts();
        Require.Tool("setfacl");
        using var folder = new TemporaryFolder();
        string image = Small(folder), disk = folder.File("disk");
        ImageBuilder.Format(disk, 64 << 20, "-t", "ext4");
        using LoopMount to = LoopMount.Mount(disk, "rw,acl");
        Sh($"mkdir {to.Folder}/in; chmod 2775 {to.Folder}/in; chgrp 77 {to.Folder}/in; setfacl -d -m u:99:rwx {to.Folder}/in");
        Extracted extracted = Extracted.From(image, "/tree", to.Folder + "/in");
        Assert.True(extracted.Result.IsComplete, extracted.Told);
        using LoopMount from = LoopMount.Mount(image);
        Assert.Empty(TreeComparison.Differences(TreeSnapshot.OfFolder(Path.Combine(from.Folder, "tree")), TreeSnapshot.OfFolder(to.Folder + "/in/tree"), TreeAspects.OfACopy));
    }

    [Fact]
    public void blocks_are_shared_or_copied_within_the_kernel_where_the_filesystem_is_the_same()
    {
        Require.LoopMounts();
        Require.Tool("mkfs.xfs");
        using var folder = new TemporaryFolder();
        string disk = folder.File("disk");
        Sh($"truncate -s 1G {disk}; mkfs.xfs -q -m reflink=1 {disk}");
        using LoopMount? host = LoopMount.TryMount(disk, "rw", out string? refusal, type: "xfs");
        Assert.SkipUnless(host is not null, $"needs the kernel's XFS: {refusal}");
        string image = Small(folder), inside = Path.Combine(host!.Folder, "image"), copy = Path.Combine(host.Folder, "copy");
        File.Copy(image, inside);
        Extracted extracted = Extracted.From(inside, "/tree", copy);
        Assert.True(extracted.Result.IsComplete, extracted.Told);
        Assert.True(extracted.Result.KernelBytes > 3_000_000);
        using LoopMount from = LoopMount.Mount(image);
        Assert.Empty(TreeComparison.Differences(TreeSnapshot.OfFolder(Path.Combine(from.Folder, "tree")), TreeSnapshot.OfFolder(copy), TreeAspects.OfACopy | TreeAspects.Holes));
    }

    /// <summary>How many folders named "d" lie in one another, of those that are made or there; in the last a file "f".</summary>
    private static int Descend(string top, int most, bool make)
    {
        Assert.Equal(Errno.None, DirectoryHandle.Open(ByteString.FromText(top), out DirectoryHandle? at));
        int depth = 0;
        for (; depth < most && (!make || at!.MakeDirectory("d"u8, 0x1ED) == Errno.None) && at!.OpenDirectory("d"u8, out DirectoryHandle? next) == Errno.None; depth++)
        {
            at.Dispose();
            at = next;
        }
        using (at)
        {
            if (make && at!.Create("f"u8, 0x1A4, out FileHandle? made) == Errno.None)
                made!.Dispose();
            Assert.Equal(Errno.None, at!.Status("f"u8, out _));
        }
        return depth;
    }

    /// <summary>/tree: forty files, a folder, hard links and one file of 4 MB.</summary>
    private static string Small(TemporaryFolder folder)
    {
        string image = folder.File("image");
        ImageBuilder.Format(image, 64 << 20, "-t", "ext4", "-b", "4096");
        using LoopMount fill = LoopMount.Mount(image, "rw");
        Sh($"cd {fill.Folder}; mkdir -p tree/sub/deeper; for i in $(seq 40); do head -c $((i*700)) /dev/urandom > tree/f$i; done; " +
            "head -c 4000000 /dev/urandom > tree/large; for i in $(seq 20); do head -c 30000 /dev/urandom > tree/sub/g$i; ln tree/sub/g$i tree/sub/deeper/h$i; done; " +
            "ln -s f1 tree/link; mkfifo tree/fifo; chmod 4755 tree/f3; chown 12:34 tree/f4; chmod 2750 tree/sub; touch -d @5.000000007 tree/sub tree");
        return image;
    }

    /// <summary>A device that does something after a number of reads.</summary>
    private sealed class CountingDevice(BlockDevice below, int after, Action then) : BlockDevice
    {
        private int left = after;

        public override long Length => below.Length;

        public override void Read(long offset, Span<byte> destination)
        {
            if (Interlocked.Decrement(ref left) == 0)
                then();
            below.Read(offset, destination);
        }

        public override IEnumerable<Extent> Extents(long offset, long length) => [new(offset, length, ExtentKind.Computed)];
    }

    /// <summary>A device with bad sectors.</summary>
    private sealed class BadRange(BlockDevice below, long start, long length) : BlockDevice
    {
        public override long Length => below.Length;

        public override void Read(long offset, Span<byte> destination)
        {
            if (offset < start + length && offset + destination.Length > start)
                throw new UnreadableException(offset, destination.Length, "input/output error");
            below.Read(offset, destination);
        }

        public override IEnumerable<Extent> Extents(long offset, long length) => [new(offset, length, ExtentKind.Computed)];
    }
}
