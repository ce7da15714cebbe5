using Jumpbag.Core;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Support;

/// <summary>The oracle itself: that it sees what there is, and that it can tell trees apart.</summary>
public sealed class TreeComparisonTests
{
    [Fact]
    public void a_random_tree_holds_every_kind_of_file_and_its_filesystem_is_sound()
    {
        using var folder = new TemporaryFolder();
        string image = folder.File("image");
        ImageBuilder.Format(image, 256 << 20, "-t", "ext4", "-b", "4096", "-O", "inline_data,ea_inode,large_dir", "-I", "256");
        Assert.Null(ImageBuilder.TryFill(image, new RandomTree(1), hasJournal: true));
        Assert.Null(ImageBuilder.Check(image));

        using LoopMount mount = LoopMount.Mount(image);
        TreeSnapshot tree = TreeSnapshot.OfFolder(mount.Folder);
        IEnumerable<TreeEntry> entries = tree.Entries.Values;
        Assert.Equal(7, entries.Select(entry => entry.Type).Distinct().Count());
        Assert.Contains(entries, entry => entry.Flags.Contains('N'));
        Assert.Contains(entries, entry => entry.Flags.Contains('I'));
        Assert.Contains(entries, entry => entry.DataRanges.Contains("ranges"));
        Assert.Contains(entries, entry => entry.Modified.Seconds > uint.MaxValue);
        Assert.Contains(entries, entry => entry.Modified.Seconds < 0);
        Assert.Contains(entries, entry => entry.DeviceMinor == 1048575);
        Assert.Contains(entries, entry => entry.ExtendedAttributes.Values.Any(value => value.Length == 60000));
        Assert.Contains(entries, entry => entry.ExtendedAttributes.ContainsKey(ByteString.FromText("system.posix_acl_default")));
        Assert.Contains(tree.Entries, entry => entry.Value.HardLinkOf != entry.Key);
        Assert.DoesNotContain(entries, entry => entry.Content.StartsWith("unreadable", StringComparison.Ordinal));
        Assert.Empty(TreeComparison.Differences(tree, TreeSnapshot.OfFolder(mount.Folder)));
    }

    [Fact]
    public void the_same_seed_makes_the_same_tree_and_another_seed_another()
    {
        using var folder = new TemporaryFolder();
        TreeSnapshot[] trees = [.. new[] { 5, 5, 6 }.Select(seed =>
        {
            string top = folder.File($"tree{Guid.NewGuid():N}");
            Directory.CreateDirectory(top);
            new RandomTree(seed) { LargestFile = 1L << 33, Privileged = false }.Fill(top);
            return TreeSnapshot.OfFolder(top);
        })];
        Assert.Empty(TreeComparison.Differences(trees[0], trees[1], TreeAspects.OfACopy));
        Assert.NotEmpty(TreeComparison.Differences(trees[0], trees[2], TreeAspects.OfACopy));
    }

    public static TheoryData<string, string> Changes => new()
    {
        { "content", "printf x | dd of=f bs=1 seek=5000 conv=notrunc status=none" },
        { "data", "fallocate -p -o 0 -l 4096 z" },
        { "size", "truncate -s +1 f" },
        { "permissions", "chmod 4711 f" },
        { "modified", "touch -m -d @5.000000001 f" },
        { "accessed", "touch -a -d @5.000000001 f" },
        { "hard link of", "rm g; cp -p f g" },
        { "links", "ln f another" },
        { "target", "ln -sfn elsewhere link" },
        { "attribute user.a", "setfattr -n user.a -v 2 f" },
        { "attribute user.b", "setfattr -n user.b -v 2 f" },
        { "missing", "rm f" },
        { "not expected", "touch new" },
        { "type", "rm link; mkfifo link" },
        { "flags", "chattr +d f" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void each_change_to_a_tree_is_told(string difference, string command)
    {
        Require.Tool("setfattr");
        using var folder = new TemporaryFolder();
        string image = folder.File("image");
        ImageBuilder.Format(image, 16 << 20, "-t", "ext4");
        using LoopMount mount = LoopMount.Mount(image, "rw,user_xattr");
        string Sh(string script) => Shell.Run("sh", "-c", $"cd {mount.Folder} && {script}");
        Sh("head -c 9000 /dev/urandom > f; ln f g; ln -s target link; setfattr -n user.a -v 1 f; head -c 8192 /dev/zero > z");
        TreeSnapshot before = TreeSnapshot.OfFolder(mount.Folder);
        Sh(command);
        Assert.Contains(TreeComparison.Differences(before, TreeSnapshot.OfFolder(mount.Folder)), line => line.Contains(difference));
    }
}
