using Jumpbag.Core;
using Jumpbag.FileSystems.Ext;
using Jumpbag.FileSystems.Ext.Journal;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Journal;

/// <summary>
/// Filesystems that ended without unmounting, and copies taken of mounted ones: the kernel mounts one copy, recovering it,
/// and Jumpbag must show the same tree of the other.
/// </summary>
public sealed class RecoveredByTheKernel
{
    /// <summary>What mke2fs is told, and what mount is told.</summary>
    public static TheoryData<string, string> Forms() => new()
    {
        { "-t ext4 -b 4096", "" },
        { "-t ext4 -b 1024", "" },
        { "-t ext4 -b 2048 -O ^64bit", "" },
        { "-t ext4 -b 4096 -O ^metadata_csum", "" },
        { "-t ext4 -b 4096 -O ^metadata_csum,^64bit", "journal_checksum" },
        { "-t ext4 -b 1024 -O ^metadata_csum,^64bit", "journal_async_commit,data=writeback" },
        { "-t ext4 -b 1024", "journal_async_commit,data=writeback" },
        { "-t ext4 -b 1024", "data=journal" },
        { "-t ext4 -b 4096 -O ^metadata_csum", "data=journal" },
        { "-t ext4 -b 4096 -O ^metadata_csum", "data=journal,journal_checksum" },
        { "-t ext4 -b 4096 -O orphan_file", "data=writeback" },
        { "-t ext3 -b 1024", "" },
        { "-t ext3 -b 4096", "data=journal" },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void a_filesystem_that_ended_without_unmounting_is_shown_as_the_kernel_recovers_it(string make, string options)
    {
        using var folder = new TemporaryFolder();
        for (int seed = 1; seed <= 3; seed++)
        {
            string image = DirtyImage.Make(folder, make, options, seed, steps: 60 * seed);
            CompareWithTheKernel(folder, image, $"{make} {options} seed {seed}", mustReplay: true);
        }
    }

    [Theory]
    [InlineData("-t ext4 -b 4096 -O fast_commit")]
    [InlineData("-t ext4 -b 1024 -O fast_commit")]
    [InlineData("-t ext4 -b 4096 -O fast_commit,^metadata_csum,^64bit")]
    public void fast_commits_are_shown_as_the_kernel_replays_them(string make)
    {
        // The kernel counts the blocks anew; its own replay is the last change of what it touches, and may need another
        // block in a directory.
        const TreeAspects ignored = TreeAspects.Allocated | TreeAspects.Changed | TreeAspects.DirectorySize;
        using var folder = new TemporaryFolder();
        int withFastCommits = 0;
        for (int seed = 1; seed <= 10; seed++)
        {
            string image = DirtyImage.Make(folder, make, "", seed, steps: 25 * seed);
            ExtFileSystem fileSystem = CompareWithTheKernel(folder, image, $"{make} seed {seed}", mustReplay: true, ignored);
            withFastCommits += fileSystem.Summary.Opened.Contains("fast commits", StringComparison.Ordinal) ? 1 : 0;
        }
        Assert.True(withFastCommits >= 7, $"only {withFastCommits} of the images have fast commits");
    }

    /// <summary>
    /// Here the kernel is no oracle of its own recovery: it refuses to mount. What it showed before the end was flushed, and is.
    /// </summary>
    [Fact]
    public void fast_commits_that_the_kernel_cannot_replay_are_shown_as_they_were_flushed()
    {
        using var folder = new TemporaryFolder();
        string image = folder.File("flushed.img");
        ImageBuilder.Format(image, 64 << 20, "-t", "ext4", "-b", "4096", "-O", "fast_commit");
        TreeSnapshot expected;
        using (LoopMount mount = LoopMount.Mount(image, "rw,noatime"))
        {
            ByteString top = ByteString.FromText(mount.Folder);
            ByteString Path(string name) => top.Join(ByteString.FromText(name));
            void Flushed(string name)
            {
                int fd = Posix.Open(Path(name), 0x42);
                Posix.Write(fd, new byte[5000], 0);
                Posix.Flush(fd);
                Posix.Close(fd);
            }
            Flushed("first");
            Shell.Run("sync", "--file-system", mount.Folder);
            Posix.MakeDirectory(Path("removed"));
            Flushed("removed/a");
            Directory.Delete($"{mount.Folder}/removed", recursive: true);
            Posix.MakeDirectory(Path("made"));
            Flushed("made/b");
            expected = TreeSnapshot.OfFolder(mount.Folder);
            new Workload(mount.Folder, 1, 4096).ShutDown(how: 2);
        }
        using FileSource source = FileSource.Open(image);
        ExtFileSystem fileSystem = ExtFileSystem.Open(source, new ExtOpenOptions());
        Assert.Contains("fast commits", fileSystem.Summary.Opened, StringComparison.Ordinal);
        // The links of directories are those that the kernel's replay gives them, one where a fast commit made them.
        const TreeAspects ignored = TreeAspects.Allocated | TreeAspects.Changed | TreeAspects.Modified | TreeAspects.Links;
        Assert.Empty(TreeComparison.Differences(expected, TreeSnapshot.Of(fileSystem), ignored));
    }

    [Theory]
    [InlineData("-t ext4 -b 4096", "commit=1")]
    [InlineData("-t ext4 -b 1024", "commit=1,data=journal")]
    public void a_copy_of_a_mounted_filesystem_is_shown_as_the_kernel_recovers_it(string make, string options)
    {
        using var folder = new TemporaryFolder();
        string image = folder.File("live.img"), copy = folder.File("copy.img");
        ImageBuilder.Format(image, 64 << 20, [.. make.Split(' '), "-J", "size=4"]);
        for (int round = 1; round <= 3; round++)
        {
            using (LoopMount mount = LoopMount.Mount(image, $"rw,{options}"))
            {
                string top = Directory.CreateDirectory(Path.Combine(mount.Folder, $"round{round}")).FullName;
                new Workload(top, round, 4096).Run(80);
                Shell.Run("sync", "--file-system", mount.Folder);
                Shell.Run("cp", "--sparse=always", image, copy);
            }
            CompareWithTheKernel(folder, copy, $"{make} {options} round {round}", mustReplay: false);
        }
    }

    internal static ExtFileSystem CompareWithTheKernel(
        TemporaryFolder folder, string image, string what, bool mustReplay, TreeAspects ignored = TreeAspects.None)
    {
        string recovered = folder.File("recovered.img"), before = Shell.Run("sha256sum", image);
        Shell.Run("cp", "--sparse=always", image, recovered);
        TreeSnapshot expected;
        using (LoopMount mount = LoopMount.Mount(recovered, "rw,noatime"))
            expected = TreeSnapshot.OfFolder(mount.Folder);
        using FileSource source = FileSource.Open(image);
        ExtFileSystem fileSystem = ExtFileSystem.Open(source, new ExtOpenOptions());
        string opened = fileSystem.Summary.Opened;
        if (mustReplay)
            Assert.Matches("^journal replayed: [1-9][0-9]* transactions?, [1-9][0-9]* blocks?", opened);
        List<string> differences = [.. TreeComparison.Differences(expected, TreeSnapshot.Of(fileSystem), ignored)];
        // Replaying an entry changes the directory, and the kernel then takes the time of the replay (and may index it).
        if (ignored.HasFlag(TreeAspects.DirectorySize))
            differences.RemoveAll(line => line.Contains(", Directory): modified: ", StringComparison.Ordinal)
                || line.Contains(", Directory): flags: ", StringComparison.Ordinal));
        Assert.True(differences.Count == 0, $"{what}, {opened}:\n{string.Join('\n', differences)}");
        Assert.Equal(before, Shell.Run("sha256sum", image));
        return fileSystem;
    }
}
