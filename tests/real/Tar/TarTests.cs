using System.Text;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Ext;
using Jumpbag.FileSystems.Tar;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Tar;

/// <summary>Archives of random trees, unpacked by GNU tar, against the kernel's mount of the image they were made from.</summary>
public sealed class TarTests
{
    [Theory]
    [InlineData(1, "ext4", 4096)]
    [InlineData(2, "ext4", 1024)]
    [InlineData(3, "ext2", 2048)]
    public void what_gnu_tar_unpacks_is_what_the_kernel_shows(int seed, string type, int blockSize)
    {
        Require.LoopMounts();
        Require.Tool("tar");
        using var folder = new TemporaryFolder();
        string image = folder.File("image"), copy = folder.File("copy"), archive = folder.File("archive.tar");
        ImageBuilder.Format(image, 256 << 20, "-t", type, "-b", $"{blockSize}");
        Assert.Null(ImageBuilder.TryFill(image, new RandomTree(seed), hasJournal: type == "ext4"));
        TreeSnapshot expected;
        using (LoopMount mount = LoopMount.Mount(image))
            expected = TreeSnapshot.OfFolder(mount.Folder).Where((_, entry) => entry.Type != FileType.Socket);
        Assert.Empty(Write(image, archive));

        ImageBuilder.Format(copy, 512 << 20, "-t", "ext4", "-I", "256", "-O", "ea_inode,large_dir");
        using LoopMount unpacked = LoopMount.Mount(copy, "rw,data=writeback,user_xattr,acl");
        ShellResult tar = Shell.Try("tar", "-xpf", archive, "-C", unpacked.Folder, "--xattrs", "--xattrs-include=*", "--acls", "--sparse", "--numeric-owner");
        Assert.True(tar.Status == 0, tar.Errors);
        IReadOnlyList<string> differences = TreeComparison.Differences(expected, TreeSnapshot.OfFolder(unpacked.Folder), TreeAspects.OfACopy | TreeAspects.Holes);
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Fact]
    public void libarchive_reads_the_whole_archive()
    {
        Require.LoopMounts();
        Require.Tool("bsdtar");
        using var folder = new TemporaryFolder();
        string image = folder.File("image"), archive = folder.File("archive.tar");
        ImageBuilder.Format(image, 256 << 20, "-t", "ext4");
        Assert.Null(ImageBuilder.TryFill(image, new RandomTree(5), hasJournal: true));
        int members = Write(image, archive, out List<string> damage);
        Assert.Empty(damage);
        ShellResult listed = Shell.Try("bsdtar", "-tf", archive);
        Assert.Equal(members, Encoding.UTF8.GetBytes(listed.Output).Count(b => b == '\n'));
    }

    private static List<string> Write(string image, string archive)
    {
        Write(image, archive, out List<string> damage);
        return damage;
    }

    private static int Write(string image, string archive, out List<string> damage)
    {
        using FileSource source = FileSource.Open(image);
        using FileStream stream = File.Create(archive);
        var tree = new FileTree(ExtFileSystem.Open(source, new ExtOpenOptions()));
        int members = 0;
        var told = new List<string>();
        using var writer = new TarWriter(stream.Write, _ => { }) { Listed = _ => members++ };
        writer.Add(new(tree, ByteString.FromText("/"), tree.Root), (path, what) => told.Add($"{path}: {what}"));
        writer.Finish();
        damage = told;
        return members;
    }
}
