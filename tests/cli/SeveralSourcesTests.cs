using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>What lies on more than one disk, and what is in use while it is read.</summary>
public sealed class SeveralSourcesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void a_group_over_two_disks_is_whole_with_both_and_in_part_with_one()
    {
        MakeGroup("0", "one", "two");
        Assert.Equal("whole\n", Run(0, "jumpbag cat -q --disk two one@vg/all:/name"));
        Assert.Equal("whole\n", Run(0, "jumpbag cat -q --disk one two@vg/all:/name"));
        Assert.Matches("vg/all", Run(0, "jumpbag inspect --disk two one"));
        // The start of the filesystem lies on the disk that is there, its end does not.
        ShellResult partial = JumpbagProgram.Bash(folder.Path, "jumpbag inspect one");
        Assert.Matches("vg/all", partial.Output);
        Assert.Matches("missing|not here|not given|--disk", partial.Output + partial.Errors);
    }

    [Fact]
    public void with_a_disk_missing_what_is_on_it_is_listed_and_all_else_delivered()
    {
        // The filesystem has 256 blocks of 1 KiB on each disk: the large file and the last directory reach the second one.
        MakeGroup("0", "one", "two", """
            head -c 300000 /dev/urandom > large; echo small > small
            printf 'write small small\nwrite large large\nmkdir late\ncd late\nwrite small lost\n' | debugfs -w fs0 2>/dev/null
            """);
        ShellResult copied = JumpbagProgram.Bash(folder.Path, "jumpbag cp -q -r one@vg/all:/ out; echo $?; cat out/small; cmp -n 200000 large out/large; stat -c %s out/large; cut -d ' ' -f 2 out/.jumpbag-damaged | tail -n +2");
        // The copy goes into a folder that is not there, and so becomes the contents of "/".
        Assert.True(copied.Output.StartsWith("3\nsmall\n300000\n", StringComparison.Ordinal), copied.Output + copied.Errors);
        // Two causes: the blocks themselves are missing, and further on the block that tells where they would be.
        (int Start, int End)[] ranges = [.. Regex.Matches(copied.Errors, @"damaged: one@vg/all:/large: bytes (\d+)-(\d+): [^\n]*missing")
            .Select(m => (int.Parse(m.Groups[1].Value, null), int.Parse(m.Groups[2].Value, null)))];
        Assert.True(ranges is [( > 200000 and < 262144, _), (_, 299999)] && ranges[0].End + 1 == ranges[1].Start, copied.Errors);
        Assert.Matches(@"damaged: one@vg/all:/late: ", copied.Errors);

        ShellResult listed = JumpbagProgram.Bash(folder.Path, "jumpbag ls -q -R one@vg/all:/");
        Assert.True(listed.Status == 3 && Regex.IsMatch(listed.Output, "large[\\s\\S]*small"), $"{listed.Status}\n{listed.Output}{listed.Errors}");
        Assert.Matches(@"damaged: one@vg/all:/late: [^\n]*", listed.Errors);

        // With the disk found, the same with --resume gets the rest.
        Assert.Equal("lost\n", Run(0, "jumpbag cp -q -r --resume --disk two one@vg/all:/ out && cmp large out/large && ls -A out/late && test ! -e out/.jumpbag-damaged"));
    }

    [Fact]
    public void an_external_journal_is_taken_from_a_further_disk()
    {
        Require.LoopMounts();
        string image = folder.File("fs.img"), journal = folder.File("journal.img");
        ImageBuilder.Format(journal, 8 << 20, "-O", "journal_dev", "-b", "4096");
        string device = Shell.Run("losetup", "--show", "--find", journal).Trim();
        try
        {
            ImageBuilder.Format(image, 64 << 20, "-t", "ext4", "-b", "4096", "-J", $"device={device}");
            using (LoopMount mount = LoopMount.Mount(image, $"rw,journal_path={device}"))
            {
                var workload = new Workload(mount.Folder, 5, 4096);
                workload.Run(150);
                workload.ShutDown(how: 1);
            }
            Assert.Matches("journal not replayed: the external journal [0-9a-f-]{36} is not given; pass it with --disk", JumpbagProgram.Bash(folder.Path, "jumpbag ls fs.img:/").Errors);
            ShellResult copied = JumpbagProgram.Bash(folder.Path, "jumpbag cp -r --disk journal.img fs.img:/ out");
            Assert.True(copied.Status == 0, copied.Errors);
            Assert.Matches("fs.img: journal replayed: [1-9]", copied.Errors);
            // Now the kernel recovers the very same two: what was copied above was read from them before.
            using LoopMount recovered = LoopMount.Mount(image, $"rw,noatime,journal_path={device}");
            Assert.Empty(TreeComparison.Differences(TreeSnapshot.OfFolder(recovered.Folder), TreeSnapshot.OfFolder(folder.File("out")), TreeAspects.OfACopy & ~TreeAspects.Accessed));
        }
        finally
        {
            Shell.Run("losetup", "--detach", device);
        }
    }

    [Fact]
    public void groups_of_one_name_are_told_apart_by_their_UUIDs()
    {
        MakeGroup("a", "a1", "a2");
        MakeGroup("b", "b1", "b2");
        ShellResult ambiguous = JumpbagProgram.Bash(folder.Path, "jumpbag cat --disk a2 --disk b1 --disk b2 a1@vg/all:/name");
        Assert.Equal(2, ambiguous.Status);
        Match choice = Regex.Match(ambiguous.Errors, @"vg@\w{6,8}");
        Assert.True(choice.Success, ambiguous.Errors);
        Assert.Equal("whole\n", Run(0, $"jumpbag cat -q --disk a2 --disk b1 --disk b2 a1@{choice.Value}/all:/name"));
    }

    [Fact]
    public void a_source_that_is_mounted_read_write_is_warned_about()
    {
        Require.LoopMounts();
        string image = folder.File("live.img");
        ImageBuilder.Format(image, 16 << 20, "-t", "ext4");
        using LoopMount mount = LoopMount.Mount(image, "rw");
        ShellResult result = JumpbagProgram.Bash(folder.Path, "jumpbag inspect live.img");
        Assert.Matches($"live.img is mounted read-write at {Regex.Escape(mount.Folder)}", result.Errors);
    }

    /// <summary>The metadata as LVM spells it (see LvmDisk): 64 + 64 extents of 4 KiB, with a filesystem of 512 KiB over both.</summary>
    private void MakeGroup(string seed, string first, string second, string fill = "")
    {
        LvmDisk[] disks = [new($"{seed}1".PadRight(32, 'p')), new($"{seed}2".PadRight(32, 'p'))];
        string text = LvmDisk.Text(LvmDisk.Uuids($"{seed}group"), 1, disks, LvmDisk.Volume("all", LvmDisk.Stripes(0, 64, ("pv0", 0)), LvmDisk.Stripes(64, 64, ("pv1", 0))));
        string fs = folder.File($"fs{seed}");
        ImageBuilder.Format(fs, 512 << 10, "-t", "ext2", "-b", "1024");
        Run(0, $"echo whole >name; debugfs -w -R 'write name name' fs{seed} 2>/dev/null\n{fill}");
        byte[] content = File.ReadAllBytes(fs);
        foreach ((LvmDisk disk, string name, int half) in new[] { (disks[0], first, 0), (disks[1], second, 1) })
        {
            disk.Write(text);
            content.AsSpan(half * (256 << 10), 256 << 10).CopyTo(disk.Bytes.AsSpan(LvmDisk.DataStart));
            File.WriteAllBytes(folder.File(name), disk.Bytes);
        }
    }

    private string Run(int status, string script)
    {
        ShellResult result = JumpbagProgram.Bash(folder.Path, script);
        Assert.True(status == result.Status, $"exit status {result.Status}\n{result.Output}{result.Errors}");
        return result.Output;
    }
}
