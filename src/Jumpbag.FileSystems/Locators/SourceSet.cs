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

    /// <summary>The named disk first. Volume groups that span several disks stand below the first.</summary>
    public IReadOnlyList<Layer> Disks { get; private set; } = [];

    public Layer Disk => Disks[0];

    public IReadOnlyList<FileSource> Sources => sources;

    /// <param name="holesAreData">As <see cref="FileSource.HolesAreData"/>.</param>
    /// <exception cref="NotFoundException">A source is not there.</exception>
    /// <exception cref="FailedException">A source cannot be opened.</exception>
    /// <exception cref="UnsupportedException">An overlay does not belong to the named disk.</exception>
    public static SourceSet Open(string source, IReadOnlyList<string> others, OverlaySet overlays, bool holesAreData = false)
    {
        var set = new SourceSet();
        try
        {
            foreach (string path in others.Prepend(source))
                set.sources.Add(FileSource.Open(path, holesAreData));
            set.Disks =
            [
                Layer.OfDisk(set.sources[0], source, [.. set.sources.Skip(1)], overlays.Cover),
                .. set.sources.Skip(1).Select(other => Layer.OfDisk(other, other.Path, [])),
            ];
            overlays.Check(set.Disk);
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The layers that the operating system in a scope sees side by side: the scope's own partitions and volumes. On the
    /// outermost level these are the ones of all disks.
    /// </summary>
    public IEnumerable<Layer> Members(Layer scope)
    {
        foreach (Layer layer in scope.Walk())
            if (ReferenceEquals(layer.Scope, scope))
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
