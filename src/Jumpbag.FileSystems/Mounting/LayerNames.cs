using Jumpbag.Core;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Storage.Layers;

namespace Jumpbag.FileSystems.Mounting;

/// <summary>
/// What a layer is called where each is a file or folder: as its locator behind the disk, with volumes as /dev/mapper names
/// them: "1", "md_data", "vg_i7tiny-root", "vg_i7tiny-vm_zoneminder@2". What fills a disk without partitions is "disk".
/// </summary>
public static class LayerNames
{
    /// <param name="taken">Names that were given out: an image may claim one twice, and the second gets a "~".</param>
    public static ByteString Of(Layer layer, SourceSet sources, HashSet<string> taken)
    {
        Layer top = layer;
        var steps = new Stack<string>();
        for (; top.Kind != LayerKind.Disk; top = top.Kind == LayerKind.LogicalVolume ? top.Parent!.Parent! : top.Parent!)
            steps.Push(top.Kind == LayerKind.LogicalVolume ? Mapped(top.Step[1..]) : top.Step[1..].Replace('/', '_'));
        string name = steps.Count == 0 ? "disk" : string.Join('@', steps);
        // A further disk goes by its file's name: the partitions of two would have the same ones.
        name = (ReferenceEquals(top, sources.Disk) ? name : $"{Path.GetFileName(top.Locator)}@{name}").Replace('/', '-');
        while (!taken.Add(name))
            name += "~";
        return ByteString.FromArgument(name);
    }

    /// <summary>Device-mapper joins a group and a volume with a dash, and doubles the dashes in their names.</summary>
    private static string Mapped(string step)
    {
        int slash = step.LastIndexOf('/');
        return $"{Doubled(step[..slash])}-{Doubled(step[(slash + 1)..])}";

        static string Doubled(string name) => name.Replace("-", "--", StringComparison.Ordinal);
    }

    /// <summary>All with content of their own that can be had, from a layer on: partitions, volumes, and what fills a whole disk; of several disks all.</summary>
    public static IEnumerable<Layer> Shown(Layer start, SourceSet sources)
    {
        // Volumes that span disks stand below the first.
        IEnumerable<Layer> others = ReferenceEquals(start, sources.Disk) ? sources.Disks.Skip(1).SelectMany(disk => disk.Partitions.Prepend(disk)) : [];
        return start.Walk().Concat(others).Where(layer => layer.HasContent && (layer.Kind != LayerKind.Disk || layer.Signature is not null));
    }
}
