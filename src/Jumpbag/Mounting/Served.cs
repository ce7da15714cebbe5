using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.FileSystems.Mounting;
using Jumpbag.Host.Fuse;
using Jumpbag.Storage.Layers;

namespace Jumpbag.Mounting;

/// <summary>What a mount shows: opened, and with a line of each part for those who only want to know.</summary>
public sealed class Served : IDisposable
{
    private Served(FuseFileSystem files, IEnumerable<string> plan, bool missed = false)
    {
        Files = files;
        Plan = [.. plan];
        Missed = missed;
    }

    public FuseFileSystem Files { get; }

    /// <summary>"disk.img@1 at /mnt/boot"</summary>
    public IReadOnlyList<string> Plan { get; }

    /// <summary>Whether something is not shown, of which a warning told.</summary>
    public bool Missed { get; }

    public static Served Tree(Reading reading, string text, string folder)
    {
        Place place = reading.Places.Open(text);
        TreeNode top = reading.Lookup(place);
        if (top.Node.Type != FileType.Directory)
            throw new NotFoundException($"{place}: is not a directory", "'jumpbag cat' and 'jumpbag cp' bring a single file");
        var told = new DamageTold(reading.Session.Events, folder);
        return new(new TreeFiles(place.Tree, top, told.Add), [$"{place} at {folder}", .. place.Tree.Mounts.Skip(1).Select(mount => $"and in it what belongs at {mount.Path}")]);
    }

    public static Served AllFileSystems(Reading reading, string text, string folder)
    {
        Layer start = OpenLayer(reading, text, out SourceSet sources, out FileSystemOpener opener);
        var trees = new List<NamedTree>();
        var taken = new HashSet<string>();
        var plan = new List<string>();
        bool missed = false;
        foreach (Layer layer in LayerNames.Shown(start, sources).Where(layer => layer.Signature is { Usage: "filesystem" }))
        {
            try
            {
                var tree = new FileTree(opener.Open(layer));
                _ = tree.Root;
                trees.Add(new(LayerNames.Of(layer, sources, taken), tree));
                plan.Add($"{layer.Locator} at {folder}/{trees[^1].Name}");
            }
            catch (JumpbagException e)
            {
                reading.Session.Events(new Warning(e.Message, e.Hint));
                missed = true;
            }
        }
        reading.Places.TellOpened();
        if (trees.Count == 0)
            throw new NotFoundException($"{start.Locator} has no filesystem that can be read", $"'jumpbag inspect {start.Locator}' shows what is there");
        return new(new TreeFiles(trees, new DamageTold(reading.Session.Events, folder).Add), plan, missed);
    }

    public static Served RawFiles(Reading reading, string text, string folder)
    {
        Layer start = OpenLayer(reading, text, out SourceSet sources, out _);
        List<Layer> layers = [.. LayerNames.Shown(start, sources)];
        // A pool has no bytes of its own that could be missed.
        List<Layer> refused = [.. start.Walk().Where(layer => layer.Refusal is not null && layer.Volume is not { IsPool: true })];
        foreach (Layer layer in refused)
            reading.Session.Events(new Warning($"{layer.Locator} is not shown: {layer.Refusal!.Message}", layer.Refusal.Hint));
        if (layers.Count == 0)
            throw new NotFoundException($"{start.Locator} has neither partitions nor volumes", $"'jumpbag inspect {start.Locator}' shows what is there");
        var taken = new HashSet<string>();
        List<RawFile> files = [.. layers.Select(layer => new RawFile(LayerNames.Of(layer, sources, taken), layer.Device))];
        var told = new DamageTold(reading.Session.Events, folder);
        return new(new RawFiles(files, (file, failure) => told.Add(0, ByteString.FromText("/").Join(file.Name), DamageTold.Of(failure))),
            layers.Zip(files, (layer, file) => $"{layer.Locator} at {folder}/{file.Name}"), refused.Count > 0);
    }

    public void Dispose() => (Files as IDisposable)?.Dispose();

    private static Layer OpenLayer(Reading reading, string text, out SourceSet sources, out FileSystemOpener opener)
    {
        Layer start = reading.Places.OpenLayer(text, out Locator locator);
        if (locator.Path is not null)
            throw new UsageException($"{text}: a path is of one filesystem", "leave the path away, or --all and --raw");
        opener = reading.Places.Source(locator.Source);
        sources = opener.Sources;
        return start;
    }
}
