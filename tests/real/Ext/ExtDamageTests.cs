using System.Text.RegularExpressions;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Ext;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Ext;

/// <summary>What is broken on purpose in a sound filesystem: said, worked around, and all else is read as before.</summary>
public sealed partial class ExtDamageTests
{
    private const string Features = "^has_journal,metadata_csum,64bit,extent,^inline_data";

    [Theory]
    [InlineData("1024", "^has_journal")]
    [InlineData("4096", Features)]
    [InlineData("2048", "^has_journal,sparse_super2,^resize_inode")]
    [InlineData("1024", "^has_journal,bigalloc,extent")]
    public void a_bad_superblock_is_replaced_by_a_copy(string blockSize, string features)
    {
        byte[] image = Make(blockSize, features, 200 << 20);
        TreeSnapshot expected = Snapshot(image);
        foreach (Action<byte[]> damage in new Action<byte[]>[]
        {
            bytes => bytes.AsSpan(1024, 1024).Clear(),
            bytes => bytes[1024 + 0x38] ^= 1,
            bytes => bytes[1024 + 0x20] ^= 0xFF,
            bytes => bytes[1024 + 0x18] = 9,
        })
        {
            byte[] broken = [.. image];
            damage(broken);
            ExtFileSystem read = Open(broken);
            Assert.Empty(TreeComparison.Differences(expected, TreeSnapshot.Of(read)));
            Assert.Contains(read.Summary.Warnings, warning => warning.Contains("the copy in group 1"));
        }
    }

    [Theory]
    [InlineData("1024", "^has_journal,^metadata_csum,^uninit_bg")]
    [InlineData("1024", "^has_journal,^metadata_csum,uninit_bg")]
    [InlineData("1024", Features)]
    [InlineData("1024", Features + ",meta_bg,^resize_inode")]
    public void a_bad_descriptor_table_is_replaced_by_a_copy(string blockSize, string features)
    {
        byte[] image = Make(blockSize, features, 40 << 20);
        TreeSnapshot expected = Snapshot(image);
        foreach (byte fill in new byte[] { 0, 0xFF })
        {
            byte[] broken = [.. image];
            broken.AsSpan(2048, 1024).Fill(fill);
            ExtFileSystem read = Open(broken);
            Assert.Empty(TreeComparison.Differences(expected, TreeSnapshot.Of(read)));
            Assert.Contains(read.Summary.Warnings, warning => warning.StartsWith("group descriptor 0", StringComparison.Ordinal) && warning.Contains("copy"));
        }
    }

    [Fact]
    public void a_wrong_checksum_is_reported_and_what_it_belongs_to_is_read()
    {
        byte[] image = Make("1024", Features, 40 << 20);
        TreeSnapshot expected = Snapshot(image);
        Assert.Empty(expected.Problems);
        (long inode, int size) = (InodeOffset(image, "many"), 256);
        foreach ((long offset, string report) in new[]
        {
            (inode + 0x7C, "checksum does not match"),
            (inode + size - 1, "checksum does not match"),
            (Block(image, "many", 0) + 1024 - 1, "directory: checksum"),
            (Block(image, "many", 2) + 1024 - 4, "directory: checksum"),
            (Leaf(image, "sparse") + 1024 - 4, "extent tree node's checksum"),
            (AttributeBlock(image, "tiny") + 0x10, "attributes: block"),
        })
        {
            byte[] broken = [.. image];
            broken[offset] ^= 0x40;
            TreeSnapshot read = TreeSnapshot.Of(Open(broken));
            Assert.Contains(read.Problems, problem => problem.Contains(report));
            read.Problems.Clear();
            Assert.Empty(TreeComparison.Differences(expected, read));
        }
    }

    [Fact]
    public void an_unknown_feature_is_refused_by_its_bit()
    {
        byte[] image = Make("1024", "^has_journal,^metadata_csum", 8 << 20);
        image[1024 + 0x63] |= 0x40;
        var refused = Assert.Throws<UnsupportedException>(() => Open(image));
        Assert.Contains("0x40000000", refused.Message);
    }

    [Fact]
    public void a_truncated_image_delivers_what_lies_before_its_end()
    {
        byte[] image = Make("1024", Features, 40 << 20);
        TreeSnapshot expected = Snapshot(image);
        ExtFileSystem read = Open(image[..(int)Block(image, "sparse", 20 * 64)]);
        Assert.Contains(read.Summary.Warnings, warning => warning.Contains("what lies behind cannot be read"));
        TreeSnapshot rest = TreeSnapshot.Of(read);
        Assert.Contains(rest.Entries, entry => entry.Value.Content.StartsWith("unreadable", StringComparison.Ordinal));
        Assert.Contains(rest.Entries, entry => entry.Value.Type == FileType.Regular && !entry.Value.Content.StartsWith("unreadable", StringComparison.Ordinal));
        foreach ((ByteString path, TreeEntry entry) in rest.Entries)
            Assert.True(entry.Type != FileType.Regular || entry.Content.StartsWith("unreadable", StringComparison.Ordinal)
                || entry.Content == expected.Entries[path].Content, $"{path}");
    }

    [Fact]
    public void a_name_with_a_slash_is_reported_and_not_listed()
    {
        byte[] image = Make("1024", "^has_journal,^metadata_csum", 40 << 20);
        long root = Block(image, "", 0);
        int at = image.AsSpan((int)root, 1024).IndexOf("tiny"u8);
        "ti/y"u8.CopyTo(image.AsSpan((int)root + at));
        TreeSnapshot read = TreeSnapshot.Of(Open(image));
        Assert.Contains(read.Problems, problem => problem.Contains("ti/y"));
        Assert.DoesNotContain(read.Entries.Keys, path => path.ToString().Contains("ti"));
        Assert.Contains(read.Entries.Keys, path => path == ByteString.FromText("large"));
    }

    private static ExtFileSystem Open(byte[] image) => ExtFileSystem.Open(new MemoryDevice(image), new ExtOpenOptions());

    private static TreeSnapshot Snapshot(byte[] image) => TreeSnapshot.Of(Open(image));

    private static byte[] Make(string blockSize, string features, int size)
    {
        Require.Tool("debugfs");
        using var folder = new TemporaryFolder();
        string tree = folder.File("tree"), image = folder.File("image");
        Directory.CreateDirectory(Path.Combine(tree, "many"));
        for (int i = 0; i < 200; i++)
            File.WriteAllText(Path.Combine(tree, "many", $"a file with a name that takes some room, number {i}"), $"{i}");
        File.WriteAllText(Path.Combine(tree, "tiny"), "tiny");
        File.WriteAllBytes(Path.Combine(tree, "large"), [.. Enumerable.Range(0, 6_000_000).Select(i => (byte)(i % 251))]);
        using (FileStream sparse = File.Create(Path.Combine(tree, "sparse")))
            for (int i = 0; i < 40; i++)
            {
                sparse.Position = i * 65536L;
                sparse.WriteByte(1);
            }
        ImageBuilder.Format(image, size, "-t", "ext4", "-b", blockSize, "-I", "256", "-N", "2000", "-O", features, "-d", tree);
        Shell.Run("debugfs", "-w", "-R", $"ea_set tiny user.long {new string('v', 400)}", image);
        _ = Shell.Try("e2fsck", "-f", "-y", "-D", image);
        Assert.Null(ImageBuilder.Check(image));
        return File.ReadAllBytes(image);
    }

    private static long InodeOffset(byte[] image, string path)
    {
        Match match = ImapPlace().Match(Ask(image, $"imap /{path}"));
        return long.Parse(match.Groups[1].Value) * 1024 + Convert.ToInt64(match.Groups[2].Value, 16);
    }

    private static long Block(byte[] image, string path, int index) => long.Parse(Ask(image, $"bmap /{path} {index}").Trim()) * 1024;

    private static long Leaf(byte[] image, string path) =>
        long.Parse(InnerExtent().Match(Ask(image, $"ex /{path}")).Groups[1].Value) * 1024;

    private static long AttributeBlock(byte[] image, string path) => long.Parse(FileAcl().Match(Ask(image, $"stat /{path}")).Groups[1].Value) * 1024;

    private static string Ask(byte[] image, string command)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("image"), image);
        return Shell.Run("debugfs", "-R", command, folder.File("image"));
    }

    [GeneratedRegex(@"located at block (\d+), offset 0x([0-9a-f]+)")]
    private static partial Regex ImapPlace();

    [GeneratedRegex(@"File ACL: (\d+)")]
    private static partial Regex FileAcl();

    [GeneratedRegex(@"0/ 1 .*?- +\d+ +(\d+) ")]
    private static partial Regex InnerExtent();
}
