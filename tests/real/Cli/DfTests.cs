using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Cli;

/// <summary>df and inspect show the numbers that the machine's own df shows of the same filesystem, mounted.</summary>
public sealed class DfTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("-t ext4", 40, 0)]
    [InlineData("-t ext4", 40, 17)]
    [InlineData("-t ext4 -m 20", 40, 25)]
    [InlineData("-t ext2 -b 1024 -m 0", 8, 6)]
    public void sizes_and_shares_are_those_of_df(string format, int mebibytes, int filled)
    {
        Require.LoopMounts();
        string image = folder.File("d.img");
        ImageBuilder.Format(image, (long)mebibytes << 20, format.Split(' '));
        string[] expected;
        using (LoopMount mount = LoopMount.Mount(image, "rw", type: format.Split(' ')[1]))
        {
            File.WriteAllBytes(Path.Combine(mount.Folder, "content"), new byte[filled << 20]);
            Shell.Run("sync", "-f", mount.Folder);
            expected = Shell.Run("df", "-h", "--output=size,used,avail,pcent", mount.Folder).Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        string[] found = JumpbagProgram.Bash(folder.Path, "jumpbag df -hq d.img").Output.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected, found[2..6]);
        Assert.Matches($@" {Regex.Escape(expected[3])} ", JumpbagProgram.Bash(folder.Path, "jumpbag inspect d.img").Output);
    }
}
