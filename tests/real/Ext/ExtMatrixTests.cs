using System.Globalization;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Ext;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Ext;

/// <summary>
/// The whole tree of generated filesystems, every attribute of every file, against the kernel's own mount of the same image.
/// </summary>
public sealed class ExtMatrixTests
{
    private const int Recipes = 110;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, Recipes)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void the_tree_is_the_one_that_the_kernel_shows(int seed)
    {
        Require.LoopMounts();
        Require.Tool("tune2fs");
        var recipe = new ExtRecipe(seed);
        using var folder = new TemporaryFolder();
        string image = folder.File("image");
        string? complaint = ImageBuilder.TryFormat(image, recipe.Size, recipe.Options);
        Assert.SkipWhen(complaint is not null, $"this mke2fs refuses {recipe}: {complaint}");
        string? refusal = ImageBuilder.TryFill(image, new RandomTree(seed), recipe.HasJournal);
        Assert.SkipWhen(refusal is not null, $"this kernel refuses {recipe}: {refusal}");

        (TreeSnapshot expected, string[] space) = KernelView(image);
        if (recipe.Later.Count > 0)
        {
            ShellResult tuned = Shell.Try("tune2fs", "-O", string.Join(',', recipe.Later), image);
            Assert.SkipWhen(tuned.Status != 0, $"this tune2fs refuses {recipe}: {tuned.Errors}");
            // A kernel that cannot mount it any more has shown the tree already; quota files change the free space.
            if (LoopMount.TryMount(image, "ro,noload", out _) is LoopMount mount)
                using (mount)
                    (expected, space) = KernelView(mount);
            else
                space = [];
        }

        using FileSource source = FileSource.Open(image);
        FileSystem read = ExtFileSystem.Open(source, new ExtOpenOptions());
        IReadOnlyList<string> differences = TreeComparison.Differences(expected, TreeSnapshot.Of(read));
        Assert.True(differences.Count == 0, $"{recipe}\n{string.Join('\n', differences)}");
        Assert.Equal("clean", read.Summary.State);
        if (space.Length > 0)
            Assert.Equal(space, Space(read.Summary));
    }

    private static (TreeSnapshot, string[]) KernelView(string image)
    {
        using LoopMount mount = LoopMount.Mount(image);
        return KernelView(mount);
    }

    private static (TreeSnapshot, string[]) KernelView(LoopMount mount) =>
        (TreeSnapshot.OfFolder(mount.Folder), Shell.Run("stat", "-f", "-c", "%S %b %f %a %c %d", mount.Folder).Trim().Split(' '));

    private static string[] Space(FileSystemSummary summary) =>
    [
        .. new[]
        {
            summary.BlockSize, summary.Capacity / summary.BlockSize, summary.Free / summary.BlockSize, summary.Available / summary.BlockSize,
            summary.Inodes, summary.FreeInodes,
        }.Select(number => number.ToString(CultureInfo.InvariantCulture)),
    ];
}
