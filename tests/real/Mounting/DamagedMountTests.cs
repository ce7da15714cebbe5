using System.Text;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Mounting;

/// <summary>Damage through the mount: an error at exactly what is bad, and all else as if nothing were.</summary>
public sealed class DamagedMountTests
{
    private const int Block = 4096;

    [Fact]
    public void a_bad_sector_is_an_error_for_its_page_and_for_nothing_else()
    {
        using var folder = new TemporaryFolder();
        MemoryDevice device = Make(folder, out byte[] content);
        long first = BlockOf(folder, "big", 100);
        device.Bad.Add((first * Block + 512, first * Block + 1024));
        using var ours = new MountedTree(device);
        // The kernel reads ahead over the bad place, and must not hold its neighbours to be bad.
        Assert.Equal(0, ours.Read("big", 0, 100 * Block).Status);
        Assert.Equal(0, ours.Read("big", 101 * Block, content.Length - 101 * Block).Status);
        ShellResult bad = ours.Read("big", 100 * Block + 100, 10);
        Assert.Contains("Input/output error", bad.Errors);
        Assert.Equal(content[(101 * Block)..], Tail(ours.File("big"), 101 * Block));
        Assert.Equal("small\n", File.ReadAllText(ours.File("small")));
        Assert.NotEqual(0, Shell.Try("cp", ours.File("big"), "/dev/null").Status);
        Assert.Contains($"/big: bytes {100 * Block + 512}-{100 * Block + 1023}: a bad sector", ours.Told);
    }

    [Fact]
    public void an_inode_whose_checksum_does_not_match_is_seen_and_not_read()
    {
        using var folder = new TemporaryFolder();
        MemoryDevice device = Make(folder, out _);
        device.Bytes[InodeOffset(folder, "small") + 0x64] ^= 1; // i_generation
        using var ours = new MountedTree(device);
        Assert.Contains("small", Shell.Run("ls", "-l", ours.Folder));
        Assert.Contains("Input/output error", Shell.Try("cat", ours.File("small")).Errors);
        Assert.Equal(0, Shell.Try("cat", ours.File("big")).Status);
        Assert.Contains(ours.Told, line => line.StartsWith("/small: ", StringComparison.Ordinal) && line.Contains("checksum"));
    }

    [Fact]
    public void a_folder_with_a_bad_block_lists_the_rest_and_ends_in_an_error()
    {
        using var folder = new TemporaryFolder();
        MemoryDevice device = Make(folder, out _);
        long block = BlockOf(folder, "many", 1);
        device.Bad.Add((block * Block, (block + 1) * Block));
        using var ours = new MountedTree(device);
        ShellResult listed = Shell.Try("ls", ours.File("many"));
        Assert.Equal(2, listed.Status);
        Assert.Contains("Input/output error", listed.Errors);
        Assert.InRange(listed.Output.Split('\n').Length, 50, 499);
        Assert.Equal(0, Shell.Try("cat", ours.File("many/entry-of-this-folder-with-a-long-name-001")).Status);
        Assert.Contains(ours.Told, line => line.StartsWith("/many: ", StringComparison.Ordinal));
    }

    [Fact]
    public void names_and_circles_that_cannot_be_never_reach_the_kernel()
    {
        using var folder = new TemporaryFolder();
        MemoryDevice device = Make(folder, out _);
        // Names of the same length, so that only they change; without checksums of directories they are taken as they stand.
        Replace(device.Bytes, "innocent-1", "../../../x");
        Replace(device.Bytes, "innocent-2", "a/innocent");
        using var ours = new MountedTree(device);
        ShellResult found = Shell.Try(TimeSpan.FromSeconds(30), "find", ours.Folder);
        Assert.DoesNotContain("../", found.Output);
        Assert.Contains("Input/output error", found.Errors);
        // The folder that was linked into itself and into another.
        string[] circles = [.. found.Output.Split('\n').Where(line => line.EndsWith("/circle", StringComparison.Ordinal) || line.EndsWith("/again", StringComparison.Ordinal))];
        Assert.Equal(2, circles.Length);
        Assert.True(found.Output.Length < 200_000);
        Assert.Equal("small\n", File.ReadAllText(ours.File("small")));
        Assert.Contains(ours.Told, line => line.Contains("a directory that stands in another place too"));
    }

    private static byte[] Tail(string file, int offset)
    {
        using FileStream stream = File.OpenRead(file);
        stream.Position = offset;
        var rest = new byte[stream.Length - offset];
        stream.ReadExactly(rest);
        return rest;
    }

    private static MemoryDevice Make(TemporaryFolder folder, out byte[] content)
    {
        string image = folder.File("image"), tree = Directory.CreateDirectory(folder.File("tree")).FullName;
        content = new byte[2_000_000];
        new Random(9).NextBytes(content);
        File.WriteAllBytes(Path.Combine(tree, "big"), content);
        File.WriteAllText(Path.Combine(tree, "small"), "small\n");
        Directory.CreateDirectory(Path.Combine(tree, "many"));
        for (int i = 0; i < 500; i++)
            File.WriteAllText(Path.Combine(tree, "many", $"entry-of-this-folder-with-a-long-name-{i:000}"), "");
        Directory.CreateDirectory(Path.Combine(tree, "names"));
        File.WriteAllText(Path.Combine(tree, "names", "innocent-1"), "");
        File.WriteAllText(Path.Combine(tree, "names", "innocent-2"), "");
        Directory.CreateDirectory(Path.Combine(tree, "loop", "inner"));
        ImageBuilder.Format(image, 24 << 20, "-t", "ext4", "-b", "4096", "-d", tree);
        Shell.Run("debugfs", "-w", "-R", "link loop loop/inner/circle", image);
        Shell.Run("debugfs", "-w", "-R", "link loop names/again", image);
        return new(File.ReadAllBytes(image));
    }

    private static long BlockOf(TemporaryFolder folder, string path, int index) =>
        long.Parse(Shell.Run("debugfs", "-R", $"bmap {path} {index}", folder.File("image")).Trim(), null);

    /// <summary>"Inode 12 is part of block group 0 \n located at block 38, offset 0x0b00"</summary>
    private static long InodeOffset(TemporaryFolder folder, string path)
    {
        string[] words = Shell.Run("debugfs", "-R", $"imap {path}", folder.File("image")).Split([' ', ',', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(words[Array.LastIndexOf(words, "block") + 1], null) * Block + Convert.ToInt64(words[^1], 16);
    }

    private static void Replace(byte[] bytes, string what, string with)
    {
        int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(what));
        Assert.True(at > 0);
        Encoding.ASCII.GetBytes(with).CopyTo(bytes, at);
    }
}
