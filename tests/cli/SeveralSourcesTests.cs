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
    private void MakeGroup(string seed, string first, string second)
    {
        LvmDisk[] disks = [new($"{seed}1".PadRight(32, 'p')), new($"{seed}2".PadRight(32, 'p'))];
        string text = LvmDisk.Text(LvmDisk.Uuids($"{seed}group"), 1, disks, LvmDisk.Volume("all", LvmDisk.Stripes(0, 64, ("pv0", 0)), LvmDisk.Stripes(64, 64, ("pv1", 0))));
        string fs = folder.File($"fs{seed}");
        ImageBuilder.Format(fs, 512 << 10, "-t", "ext2", "-b", "1024");
        Run(0, $"echo whole >name; debugfs -w -R 'write name name' fs{seed} 2>/dev/null");
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
