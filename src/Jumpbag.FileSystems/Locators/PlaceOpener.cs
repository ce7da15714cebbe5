using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Storage.Layers;

namespace Jumpbag.FileSystems.Locators;

/// <summary>A place that a person named: a path in a tree, with the words that were used for the tree.</summary>
/// <param name="Prefix">The locator without its path, "disk.img@2": what stands before a path when it is shown.</param>
public sealed record Place(string Prefix, FileTree Tree, ByteString Path)
{
    /// <summary>How a path of this tree is shown to the person: as a locator that can be used again.</summary>
    public string Show(ByteString path) => $"{Prefix}:{path}";

    /// <summary>As <see cref="FileTree.Lookup"/> of the path.</summary>
    /// <exception cref="NotFoundException">There is no such file; the message has the whole locator.</exception>
    public TreeNode Lookup(bool followLast = true, DamageSink? damage = null) => Tree.Lookup(Path, followLast, damage, Prefix + ":");

    public override string ToString() => Show(Path);
}

/// <summary>Opens what locators name. Locators of the same source share it, so that each filesystem is opened once.</summary>
public sealed class PlaceOpener(IReadOnlyList<string> disks, bool replay, EventSink events) : IDisposable
{
    private readonly Dictionary<string, FileSystemOpener> sources = [];
    private readonly Dictionary<Layer, FileTree> trees = [];

    /// <exception cref="JumpbagException">Any of the families: nothing is there, it is ambiguous, refused or damaged.</exception>
    public Place Open(string text)
    {
        Locator locator = Locator.Parse(text, Exists);
        return new(Prefix(locator), OpenTree(locator), locator.Path ?? ByteString.FromText("/"));
    }

    /// <summary>The layer alone, for those who look at disks rather than at files.</summary>
    public Layer OpenLayer(string text, out Locator locator)
    {
        locator = Locator.Parse(text, Exists);
        return LayerResolver.Resolve(Source(locator.Source).Sources.Disk, locator.Layers);
    }

    /// <summary>The opener, and so all disks, behind a source that a locator named before.</summary>
    public FileSystemOpener Source(string source)
    {
        if (!sources.TryGetValue(source, out FileSystemOpener? opener))
            sources.Add(source, opener = new FileSystemOpener(SourceSet.Open(source, disks), replay, events));
        return opener;
    }

    public static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    public void Dispose()
    {
        foreach (FileSystemOpener source in sources.Values)
            source.Sources.Dispose();
    }

    private FileTree OpenTree(Locator locator)
    {
        FileSystemOpener source = Source(locator.Source);
        Layer layer = LayerResolver.Resolve(source.Sources.Disk, locator.Layers);
        if (!trees.TryGetValue(layer, out FileTree? tree))
            trees.Add(layer, tree = new TreeOpener(source, events).Open(layer));
        return tree;
    }

    private static string Prefix(Locator locator) => string.Join('@', locator.Layers.Prepend(locator.Source));
}
