using Jumpbag.FileSystems.Ext;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Ext;

/// <summary>
/// Blocks larger than a page cannot be mounted: mke2fs fills these filesystems from a folder, and the folder is what must be read.
/// </summary>
public sealed class ExtLargeBlockTests
{
    /// <summary>What mke2fs -d does not carry over (times to the nanosecond), or lays out by itself.</summary>
    private const TreeAspects NotCarried = TreeAspects.OfACopy | TreeAspects.Nanoseconds | TreeAspects.Holes | TreeAspects.Modified | TreeAspects.Links;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1000, 16)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void a_filesystem_with_blocks_beyond_a_page_holds_what_it_was_made_from(int seed)
    {
        Require.Root();
        var recipe = new ExtRecipe(seed, beyondPages: true);
        using var folder = new TemporaryFolder();
        string tree = folder.File("tree"), image = folder.File("image");
        Directory.CreateDirectory(tree);
        new RandomTree(seed) { LargestFile = 1L << 31, ForMke2fs = true }.Fill(tree);
        string? complaint = ImageBuilder.TryFormat(image, recipe.Size, ["-d", tree, .. recipe.Options]);
        Assert.True(complaint is null, $"{recipe}: {complaint}");
        using FileSource source = FileSource.Open(image);
        TreeSnapshot read = TreeSnapshot.Of(ExtFileSystem.Open(source, new ExtOpenOptions())).Where((path, _) => path.ToString() != "lost+found");
        IReadOnlyList<string> differences = TreeComparison.Differences(TreeSnapshot.OfFolder(tree), read,
            recipe.Features.Contains("ext_attr") ? NotCarried : NotCarried | TreeAspects.ExtendedAttributes);
        Assert.True(differences.Count == 0, $"{recipe}\n{string.Join('\n', differences)}");
    }
}
