using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Fuzz.Ext;

/// <summary>Small filesystems that hold one of everything, made with the real programs, no privileges needed.</summary>
internal static class ExtFuzzImage
{
    public static byte[] Ext4 { get; } = Make(4 << 20, "-t", "ext4", "-b", "1024", "-I", "256", "-N", "600", "-g", "1024", "-J", "size=1",
        "-O", "inline_data,ea_inode,metadata_csum,64bit,flex_bg,large_dir,project,quota,encrypt,^resize_inode");

    public static byte[] Ext2 { get; } = Make(3 << 20, "-t", "ext2", "-b", "1024", "-I", "128", "-N", "600", "-g", "1024", "-O", "dir_index,^resize_inode");

    /// <summary>Skips the test where a program is missing.</summary>
    private static byte[] Make(int size, params string[] options)
    {
        Require.Tool("mke2fs");
        Require.Tool("debugfs");
        using var folder = new TemporaryFolder();
        string tree = folder.File("tree"), image = folder.File("image");
        Directory.CreateDirectory(tree);
        Fill(tree);
        ImageBuilder.Format(image, size, [.. options, "-d", tree]);
        string value = folder.File("value");
        File.WriteAllBytes(value, [.. Enumerable.Range(0, 1024).Select(i => (byte)i)]);
        foreach (string command in new[]
        {
            "ea_set /small user.short abc", "ea_set /small user.longer " + new string('v', 400), $"ea_set -f {value} /tiny user.huge",
            "mknod null c 1 3", "mknod wide b 8 200", "mknod pipe p", "symlink here ../there",
            "symlink far " + new string('p', 500), "set_inode_field /small extra_isize 32",
        })
            Shell.Run("debugfs", "-w", "-R", command, image);
        // Makes trees of the directories; 1: it changed something, which it was to do.
        Shell.Try("e2fsck", "-f", "-y", "-D", image);
        return File.ReadAllBytes(image);
    }

    private static void Fill(string tree)
    {
        File.WriteAllText(Path.Combine(tree, "tiny"), "tiny");
        File.WriteAllText(Path.Combine(tree, "small"), new string('s', 140));
        File.WriteAllBytes(Path.Combine(tree, "large"), new byte[300_000].Select((_, i) => (byte)(i * 7)).ToArray());
        using (FileStream sparse = File.Create(Path.Combine(tree, "sparse")))
            for (int i = 0; i < 40; i++)
            {
                sparse.Position = i * 8192L;
                sparse.WriteByte(1);
            }
        string many = Path.Combine(tree, "many");
        Directory.CreateDirectory(many);
        for (int i = 0; i < 120; i++)
            File.WriteAllText(Path.Combine(many, $"a file with a name that takes some room, number {i}"), "x");
        Directory.CreateDirectory(Path.Combine(tree, "deep", "deeper", "deepest"));
        File.CreateSymbolicLink(Path.Combine(tree, "deep", "link"), "../tiny");
    }
}
