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
/// <param name="other">Opens what is no disk: null for what it does not know.</param>
public sealed class PlaceOpener(IReadOnlyList<string> disks, bool replay, EventSink events, IReadOnlyList<string>? overlays = null, Func<string, Place?>? other = null) : IDisposable
{
    private readonly Dictionary<string, FileSystemOpener> sources = [];
    private readonly Dictionary<Layer, FileTree> trees = [];
    private readonly HashSet<FileSystem> told = [];
    private readonly HashSet<Layer> toldOfArrays = [];
    private OverlaySet? overlaySet;

    /// <exception cref="JumpbagException">Any of the families: nothing is there, it is ambiguous, refused or damaged.</exception>
    public Place Open(string text)
    {
        if (other?.Invoke(text) is { } elsewhere)
            return elsewhere;
        Locator locator = Locator.Parse(text, Exists);
        return new(Prefix(locator), OpenTree(locator), locator.Path ?? ByteString.FromText("/"));
    }

    /// <summary>The layer alone, for those who look at disks rather than at files.</summary>
    public Layer OpenLayer(string text, out Locator locator)
    {
        locator = Locator.Parse(text, Exists);
        Layer layer = LayerResolver.Resolve(Source(locator.Source).Sources.Disk, locator.Layers);
        Overlays.CheckShown(layer);
        return layer;
    }

    /// <summary>The opener, and so all disks, behind a source that a locator named before.</summary>
    public FileSystemOpener Source(string source)
    {
        if (!sources.TryGetValue(source, out FileSystemOpener? opener))
            sources.Add(source, opener = new FileSystemOpener(SourceSet.Open(source, disks, Overlays), replay));
        return opener;
    }

    /// <summary>Tells of the filesystems that were opened by <see cref="Source"/> how they were; <see cref="Open"/> does it by itself.</summary>
    public void TellOpened()
    {
        foreach ((string name, FileSystemOpener source) in sources)
            Tell(name, source, null);
    }

    public static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    public void Dispose()
    {
        foreach (FileSystemOpener source in sources.Values)
            source.Sources.Dispose();
        overlaySet?.Dispose();
    }

    private OverlaySet Overlays => overlaySet ??= OverlaySet.Open(overlays ?? [], events);

    private FileTree OpenTree(Locator locator)
    {
        FileSystemOpener source = Source(locator.Source);
        Layer layer = LayerResolver.Resolve(source.Sources.Disk, locator.Layers);
        if (trees.TryGetValue(layer, out FileTree? tree))
            return tree;
        Overlays.CheckShown(layer);
        try
        {
            trees.Add(layer, tree = new TreeOpener(source, events).Open(layer));
            return tree;
        }
        finally
        {
            Tell(locator.Source, source, tree);
        }
    }

    /// <summary>A filesystem is told of once, and again where it comes to stand in a tree of several.</summary>
    private void Tell(string name, FileSystemOpener source, FileTree? tree)
    {
        List<(ByteString Path, FileSystem FileSystem)> joined = tree is { Mounts.Count: > 1 } ? [.. tree.Mounts] : [];
        var opened = new List<OpenedFileSystem>();
        var warnings = new List<Warning>();
        foreach ((Layer layer, FileSystem fileSystem) in source.Opened)
        {
            bool isNew = told.Add(fileSystem);
            int at = joined.FindIndex(mount => ReferenceEquals(mount.FileSystem, fileSystem));
            if (isNew || at >= 0)
                opened.Add(new(layer.Locator, fileSystem.Summary.Opened, at < 0 ? null : joined[at].Path.ToString()));
            if (isNew)
                warnings.AddRange(layer.Contradictions.Concat(layer.VolumeWarnings).Concat(fileSystem.Summary.Warnings).Select(warning => new Warning($"{layer.Locator}: {warning}")));
            foreach (Layer array in isNew ? layer.ArraysBelow : [])
                if (toldOfArrays.Add(array))
                    warnings.AddRange(array.Array!.Warnings.Select(warning => new Warning($"{array.Locator}: {warning}")));
        }
        if (opened.Count > 0)
            events(new FileSystemsOpened(name, [.. opened.OrderBy(one => one.MountPoint is null).ThenBy(one => one.MountPoint, StringComparer.Ordinal)]));
        warnings.ForEach(events.Invoke);
    }

    private static string Prefix(Locator locator) => string.Join('@', locator.Layers.Prepend(locator.Source));
}
