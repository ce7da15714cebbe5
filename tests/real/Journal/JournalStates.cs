using System.Text.RegularExpressions;
using Jumpbag.Core;
using Jumpbag.FileSystems.Ext;
using Jumpbag.FileSystems.Ext.Journal;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Journal;

/// <summary>What is said of a journal, and what is shown where it is elsewhere, damaged or not wanted.</summary>
public sealed class JournalStates
{
    [Fact]
    public void without_replay_the_raw_state_is_shown_and_said()
    {
        using var folder = new TemporaryFolder();
        string image = DirtyImage.Make(folder, "-t ext4 -b 4096", "", seed: 1, steps: 100);
        using FileSource source = FileSource.Open(image);
        ExtFileSystem raw = ExtFileSystem.Open(source, new ExtOpenOptions { Replay = false });
        Assert.StartsWith("journal not replayed: ", raw.Summary.Opened, StringComparison.Ordinal);
        Assert.Same(source, raw.Device);
        Assert.Equal("dirty", raw.Summary.State);
        // debugfs does not look at the journal either.
        string listed = Shell.Run("debugfs", "-R", "ls -p /", image);
        IEnumerable<string> expected = Regex.Matches(listed, "^/[1-9][0-9]*/[0-9]+/[0-9]+/[0-9]+/([^/]+)/", RegexOptions.Multiline)
            .Select(m => m.Groups[1].Value).Where(name => name is not ("." or ".."));
        Assert.Equal(expected.Order(), raw.List(raw.GetNode(2, Fail), Fail).Select(e => e.Name.ToString()).Order());
    }

    [Fact]
    public void a_cleanly_unmounted_filesystem_is_clean()
    {
        using var folder = new TemporaryFolder();
        string image = folder.File("clean.img");
        ImageBuilder.Format(image, 16 << 20, "-t", "ext4");
        using (LoopMount mount = LoopMount.Mount(image, "rw"))
            new Workload(mount.Folder, 1, 1024).Run(20);
        using FileSource source = FileSource.Open(image);
        ExtFileSystem fileSystem = ExtFileSystem.Open(source, new ExtOpenOptions());
        Assert.Equal(("clean", "clean"), (fileSystem.Summary.Opened, fileSystem.Summary.State));
        Assert.Same(source, fileSystem.Device);
    }

    [Fact]
    public void a_journal_is_left_alone_where_the_superblock_does_not_ask_for_it()
    {
        using var folder = new TemporaryFolder();
        string image = DirtyImage.Make(folder, "-t ext4 -b 4096", "", seed: 2, steps: 50);
        Shell.Run("debugfs", "-w", "-R", "feature -needs_recovery", image);
        ExtFileSystem fileSystem = RecoveredByTheKernel.CompareWithTheKernel(folder, image, "without needs_recovery", mustReplay: false);
        Assert.Equal("clean", fileSystem.Summary.Opened);
    }

    [Fact]
    public void the_error_that_the_journal_records_is_one_of_the_filesystem()
    {
        using var folder = new TemporaryFolder();
        string image = folder.File("errors.img");
        ImageBuilder.Format(image, 16 << 20, "-t", "ext4", "-O", "^metadata_csum,^64bit", "-b", "1024");
        long journal = long.Parse(Shell.Run("debugfs", "-R", "bmap <8> 0", image), null);
        using (FileStream file = File.OpenWrite(image))
        {
            file.Position = journal * 1024 + 0x20;
            file.Write([0xFF, 0xFF, 0xFF, 0xFB]);
        }
        using FileSource source = FileSource.Open(image);
        Assert.Equal("errors", ExtFileSystem.Open(source, new ExtOpenOptions()).Summary.State);
    }

    [Fact]
    public void a_damaged_journal_inode_is_found_through_the_superblock()
    {
        using var folder = new TemporaryFolder();
        string image = DirtyImage.Make(folder, "-t ext4 -b 4096", "", seed: 3, steps: 100);
        using FileSource source = FileSource.Open(image);
        TreeSnapshot expected = TreeSnapshot.Of(ExtFileSystem.Open(source, new ExtOpenOptions()));
        Shell.Run("debugfs", "-w", "-R", "clri <8>", image);
        ExtFileSystem fileSystem = ExtFileSystem.Open(source, new ExtOpenOptions());
        Assert.StartsWith("journal replayed: ", fileSystem.Summary.Opened, StringComparison.Ordinal);
        Assert.Empty(TreeComparison.Differences(expected, TreeSnapshot.Of(fileSystem)));
    }

    [Fact]
    public void a_damaged_primary_superblock_does_not_lose_the_journal()
    {
        using var folder = new TemporaryFolder();
        string image = DirtyImage.Make(folder, "-t ext4 -b 1024", "", seed: 3, steps: 100);
        using FileSource source = FileSource.Open(image);
        TreeSnapshot expected = TreeSnapshot.Of(ExtFileSystem.Open(source, new ExtOpenOptions()));
        Shell.Run("dd", "if=/dev/zero", $"of={image}", "bs=1024", "seek=1", "count=1", "conv=notrunc");
        ExtFileSystem fileSystem = ExtFileSystem.Open(source, new ExtOpenOptions());
        Assert.StartsWith("journal replayed: ", fileSystem.Summary.Opened, StringComparison.Ordinal);
        Assert.Empty(TreeComparison.Differences(expected, TreeSnapshot.Of(fileSystem)));
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(4096)]
    public void an_external_journal_is_replayed_where_it_is_given_and_named_where_it_is_not(int blockSize)
    {
        Require.LoopMounts();
        using var folder = new TemporaryFolder();
        string image = folder.File("fs.img"), journal = folder.File("journal.img");
        ImageBuilder.Format(journal, 8 << 20, "-O", "journal_dev", "-b", $"{blockSize}");
        string device = Shell.Run("losetup", "--show", "--find", journal).Trim();
        try
        {
            ImageBuilder.Format(image, 64 << 20, "-t", "ext4", "-b", $"{blockSize}", "-J", $"device={device}");
            using (LoopMount mount = LoopMount.Mount(image, $"rw,journal_path={device}"))
            {
                var workload = new Workload(mount.Folder, 5, blockSize);
                workload.Run(150);
                workload.ShutDown(how: 1);
            }
            using FileSource source = FileSource.Open(image), log = FileSource.Open(journal);
            Guid uuid = ExternalJournal.Identify(log)!.Value;
            string missing = ExtFileSystem.Open(source, new ExtOpenOptions()).Summary.Opened;
            Assert.Equal($"journal not replayed: the external journal {uuid} is not given; pass it with --disk", missing);

            ExtFileSystem fileSystem = ExtFileSystem.Open(source, new ExtOpenOptions { FindJournal = id => id == uuid ? log : null });
            Assert.Matches("^journal replayed: [1-9][0-9]* transactions?, [1-9][0-9]* blocks?", fileSystem.Summary.Opened);
            TreeSnapshot actual = TreeSnapshot.Of(fileSystem);
            // Now the kernel recovers the very same two: what was shown above was read from them before.
            using (LoopMount mount = LoopMount.Mount(image, $"rw,noatime,journal_path={device}"))
                Assert.Empty(TreeComparison.Differences(TreeSnapshot.OfFolder(mount.Folder), actual));
        }
        finally
        {
            Shell.Run("losetup", "--detach", device);
        }
    }

    private static void Fail(Damage damage) => Assert.Fail(damage.ToString());
}
