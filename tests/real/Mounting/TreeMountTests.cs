using System.Globalization;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Mounting;

/// <summary>What our mount shows is what the kernel's own mount of the same image shows.</summary>
public sealed class TreeMountTests
{
    [Theory]
    [InlineData("ext4", "-b 4096 -O inline_data,ea_inode", 11)]
    [InlineData("ext4", "-b 1024 -O ^has_journal,bigalloc", 12)]
    [InlineData("ext2", "-b 1024 -I 128", 13)]
    public void a_random_tree_is_the_same_as_through_the_kernel(string type, string options, int seed)
    {
        using var folder = new TemporaryFolder();
        string image = folder.File("image");
        ImageBuilder.Format(image, 200 << 20, ["-t", type, .. options.Split(' ')]);
        string? refusal = ImageBuilder.TryFill(image, new RandomTree(seed), hasJournal: type == "ext4" && !options.Contains("^has_journal"));
        Assert.True(refusal is null, refusal);
        using LoopMount kernel = LoopMount.Mount(image, type: type);
        using FileSource source = FileSource.Open(image);
        using var ours = new MountedTree(source);
        TreeSnapshot expected = TreeSnapshot.OfFolder(kernel.Folder), read = TreeSnapshot.OfFolder(ours.Folder);
        Assert.True(expected.Entries.Count > 400);
        // FUSE does not carry lsattr's letters.
        Assert.Empty(TreeComparison.Differences(expected, read, TreeAspects.Flags));
        Assert.Empty(ours.Told);
        Assert.Equal(Shell.Run("stat", "-f", "-c", "%b %f %a %c %d %l %s %S", kernel.Folder), Shell.Run("stat", "-f", "-c", "%b %f %a %c %d %l %s %S", ours.Folder));
    }

    [Fact]
    public void a_dirty_journal_is_shown_replayed()
    {
        using var folder = new TemporaryFolder();
        string image = DirtyImage.Make(folder, "-t ext4 -b 4096", "data=writeback", seed: 3, steps: 120);
        Assert.Contains("needs_recovery", Shell.Run("dumpe2fs", "-h", image));
        string replayed = folder.File("replayed");
        Shell.Run("cp", "--sparse=always", image, replayed);
        byte[] before = ContentOf(image);
        using (FileSource source = FileSource.Open(image))
        using (var ours = new MountedTree(source))
        using (LoopMount kernel = LoopMount.Mount(replayed, "rw,noatime,data=writeback"))
            Assert.Empty(TreeComparison.Differences(TreeSnapshot.OfFolder(kernel.Folder), TreeSnapshot.OfFolder(ours.Folder), TreeAspects.Flags | TreeAspects.Accessed));
        Assert.Equal(before, ContentOf(image));
    }

    [Theory]
    [InlineData(32L << 20)]
    [InlineData(1000)]
    public void a_wide_folder_lists_the_same_from_any_place_and_after_rewinding(long largestListing)
    {
        Require.Tool("python3");
        using var folder = new TemporaryFolder();
        string image = folder.File("image"), tree = Directory.CreateDirectory(folder.File("tree")).FullName;
        Shell.Run("sh", "-c", $"cd {tree} && mkdir wide && seq -f 'wide/a-rather-long-name-of-a-file-%05.0f' 1 6000 | xargs touch");
        ImageBuilder.Format(image, 40 << 20, "-t", "ext4", "-N", "8000", "-d", tree);
        using FileSource source = FileSource.Open(image);
        using var ours = new MountedTree(source, largestListing);
        // Both kinds of request, with and without attributes; places are gone back to in an order that no listing has.
        string script = $$"""
            import ctypes, os, random
            c = ctypes.CDLL(None, use_errno=True)
            c.opendir.restype = c.readdir.restype = ctypes.c_void_p
            c.telldir.restype = ctypes.c_long
            c.telldir.argtypes = c.readdir.argtypes = c.rewinddir.argtypes = [ctypes.c_void_p]
            c.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]
            d = c.opendir(b"{{ours.File("wide")}}")
            def name():
                e = c.readdir(d)
                return ctypes.string_at(e + 19) if e else None
            seen = []
            while True:
                at = c.telldir(d)
                n = name()
                if n is None: break
                seen.append((at, n))
            assert len({n for _, n in seen}) == len(seen) == 6002, len(seen)
            for at, n in random.Random(1).sample(seen, 40):
                c.seekdir(d, at)
                assert name() == n, n
            c.rewinddir(d)
            assert [name() for _ in range(3000)] == [n for _, n in seen[:3000]]
            for _, n in random.Random(2).sample(seen, 200):
                os.lstat(b"{{ours.File("wide")}}/" + n)
            assert not os.path.exists(b"{{ours.File("wide")}}/no-such")
            """;
        ShellResult result = Shell.Try("python3", "-c", script);
        Assert.True(result.Status == 0, result.Errors);
        Assert.Equal("6000", Shell.Run("sh", "-c", $"ls -l {ours.File("wide")} | grep -c name").Trim());
        Assert.Empty(ours.Told);
    }

    [Fact]
    public void many_readers_at_once_each_get_their_bytes()
    {
        using var folder = new TemporaryFolder();
        string image = folder.File("image"), tree = Directory.CreateDirectory(folder.File("tree")).FullName;
        var random = new Random(5);
        for (int i = 0; i < 12; i++)
        {
            var content = new byte[random.Next(1 << 22)];
            random.NextBytes(content);
            File.WriteAllBytes(Path.Combine(tree, i.ToString(CultureInfo.InvariantCulture)), content);
        }
        ImageBuilder.Format(image, 100 << 20, "-t", "ext4", "-d", tree);
        using FileSource source = FileSource.Open(image);
        using var ours = new MountedTree(source);
        string sums = $"cd $0 && for n in 3 1 4 0 5 9 2 6 8 7 10 11; do sha256sum $n; done";
        string expected = Shell.Run("sh", "-c", sums, tree);
        Task<string>[] readers = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(() => Shell.Run("sh", "-c", sums, ours.Folder)))];
        Assert.All(readers, reader => Assert.Equal(expected, reader.GetAwaiter().GetResult()));
        Assert.Empty(ours.Told);
    }

    private static byte[] ContentOf(string image)
    {
        using FileStream file = File.OpenRead(image);
        return System.Security.Cryptography.SHA256.HashData(file);
    }
}
