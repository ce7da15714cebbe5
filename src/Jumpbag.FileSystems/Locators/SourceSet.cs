using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Layers;

namespace Jumpbag.FileSystems.Locators;

/// <summary>The disk that a locator names and those given beside it, opened read-only, as layers.</summary>
public sealed class SourceSet : IDisposable
{
    private readonly List<FileSource> sources = [];

    private SourceSet()
    {
    }

    /// <summary>The named disk first. Arrays and volume groups that span several disks stand below the first.</summary>
    public IReadOnlyList<Layer> Disks { get; private set; } = [];

    public Layer Disk => Disks[0];

    public IReadOnlyList<FileSource> Sources => sources;

    /// <exception cref="NotFoundException">A source is not there.</exception>
    /// <exception cref="FailedException">A source cannot be opened.</exception>
    public static SourceSet Open(string source, IReadOnlyList<string> others)
    {
        var set = new SourceSet();
        try
        {
            foreach (string path in others.Prepend(source))
                set.sources.Add(FileSource.Open(path));
        }
        catch
        {
            set.Dispose();
            throw;
        }
        Layer[] beside = [.. set.sources.Skip(1).Select(other => Layer.OfDisk(other, other.Path, []))];
        set.Disks = [Layer.OfDisk(set.sources[0], source, beside), .. beside];
        return set;
    }

    /// <summary>
    /// The layers that the operating system in a scope sees side by side: the scope's own partitions and volumes. On the
    /// outermost level these are the ones of all disks. Snapshots come last: a label or UUID that a volume and its snapshot share
    /// means the volume.
    /// </summary>
    public IEnumerable<Layer> Members(Layer scope) => AllMembers(scope).OrderBy(layer => layer.Volume?.IsSnapshot == true);

    private IEnumerable<Layer> AllMembers(Layer scope)
    {
        Layer system = scope.Kind == LayerKind.Array ? scope.Scope : scope;
        foreach (Layer layer in scope.Walk())
            if (ReferenceEquals(layer.Scope, system))
                yield return layer;
        if (!ReferenceEquals(scope, Disk))
            yield break;
        foreach (Layer other in Disks.Skip(1))
            foreach (Layer layer in other.Partitions.Prepend(other))
                yield return layer;
    }

    public void Dispose()
    {
        foreach (FileSource source in sources)
            source.Dispose();
    }
}
