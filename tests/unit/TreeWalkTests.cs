using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.Tests.Unit.Extraction;

namespace Jumpbag.Tests.Unit;

/// <summary>The one walk of a tree: what it visits, in which order, and what it keeps in memory.</summary>
public sealed class TreeWalkTests
{
    private readonly ScriptedFileSystem image = new();
    private readonly List<string> damage = [];

    /// <summary>"+" enters, "-" leaves, "?" lists a directory.</summary>
    private static string Steps(TreeWalk walk)
    {
        var steps = new List<string>();
        while (walk.Next(out Visit visit))
            steps.Add(visit.Kind switch { VisitKind.Enter => "+", VisitKind.Leave => "-", VisitKind.Directory => "?", _ => "" } + visit.Path);
        return string.Join(' ', steps);
    }

    private TreeWalk Walk(FileTree tree, int maximumDepth = int.MaxValue, FileSystem? stayOn = null, bool lists = false, Comparison<Visit>? order = null) =>
        new(tree, tree.Root, ByteString.FromText("/"), (path, told) => damage.Add($"{path}: {told}")) { MaximumDepth = maximumDepth, StayOn = stayOn, ListsDirectories = lists, Order = order };

    /// <summary>Inodes fall where names rise, so that the two orders differ.</summary>
    private FileTree MakeTree()
    {
        image.Make(30, FileType.Directory).Make(29, FileType.Regular).Make(28, FileType.Directory).Make(27, FileType.Regular)
            .Name(2, "a", 30, FileType.Directory).Name(2, "b", 29).Name(2, "c", 28).Name(2, "d", 27).Name(30, "in", 27).Name(28, "in", 29);
        return new(image);
    }

    [Fact]
    public void files_come_before_directories_and_each_by_its_inode()
    {
        FileTree tree = MakeTree();
        Assert.Equal("+/ /d /b +/c /c/in -/c +/a /a/in -/a -/", Steps(Walk(tree)));
    }

    [Fact]
    public void a_list_comes_as_it_stands_and_the_directories_below_it_afterwards()
    {
        FileTree tree = MakeTree();
        Assert.Equal("+/ ?/a /b ?/c /d +/a /a/in -/a +/c /c/in -/c -/", Steps(Walk(tree, lists: true)));
        Assert.Equal("+/ ?/a /b ?/c /d +/c /c/in -/c +/a /a/in -/a -/", Steps(Walk(tree, lists: true, order: (a, b) => b.Name.CompareTo(a.Name))));
    }

    [Fact]
    public void below_the_greatest_depth_nothing_is_read()
    {
        FileTree tree = MakeTree();
        Assert.Equal("+/ /d /b +/c -/c +/a -/a -/", Steps(Walk(tree, maximumDepth: 1)));
        Assert.Equal("+/ ?/a /b ?/c /d -/", Steps(Walk(tree, maximumDepth: 1, lists: true)));
        Assert.Equal("+/ -/", Steps(Walk(tree, maximumDepth: 0)));
    }

    [Fact]
    public void the_top_of_another_filesystem_is_shown_and_not_gone_into()
    {
        FileTree tree = MakeTree();
        tree.Mount(ByteString.FromText("/a"), new ScriptedFileSystem().Make(9, FileType.Regular).Name(2, "other", 9));
        Assert.Equal("+/ /d /b +/c /c/in -/c +/a -/a -/", Steps(Walk(tree, stayOn: image)));
        Assert.Equal("+/ /d /b +/c /c/in -/c +/a /a/other -/a -/", Steps(Walk(tree)));
    }

    [Theory]
    [InlineData(false, "+/ +/a +/a/b -/a/b -/a -/")]
    [InlineData(true, "+/ ?/a +/a ?/a/b +/a/b ?/a/b/a -/a/b -/a -/")]
    public void a_circle_ends_and_is_told(bool lists, string steps)
    {
        image.Make(10, FileType.Directory).Make(11, FileType.Directory).Name(2, "a", 10).Name(10, "b", 11).Name(11, "a", 10);
        var tree = new FileTree(image);
        Assert.Equal(steps, Steps(Walk(tree, lists: lists)));
        Assert.Equal("/a/b/a: directory inode 10 is in the tree a second time: a circle, not followed", Assert.Single(damage));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void memory_does_not_grow_with_the_length_of_paths(bool lists)
    {
        const int depth = 4000;
        var name = new string('n', 254);
        for (ulong i = 0; i < depth; i++)
        {
            ulong directory = i == 0 ? 2 : 1000 + i;
            image.Make(1001 + i, FileType.Directory).Make(500_000 + i, FileType.Directory)
                .Name(directory, name + "a", 1001 + i, FileType.Directory).Name(directory, name + "b", 500_000 + i, FileType.Directory);
        }
        var tree = new FileTree(image);
        TreeWalk walk = Walk(tree, lists: lists);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int deepest = 0, count = 0;
        while (walk.Next(out Visit visit))
        {
            deepest = Math.Max(deepest, visit.Depth);
            count += visit.Kind == VisitKind.Enter ? 1 : 0;
        }
        Assert.Equal((depth, 2 * depth + 1), (deepest, count));
        // The paths of all directories on the way down would take 2 GiB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }
}
