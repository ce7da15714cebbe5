using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Storage.Layers;

namespace Jumpbag.FileSystems.Locators;

/// <summary>
/// Finds the root filesystem where a locator names none: a single filesystem is the root whatever it holds; of several it is
/// the one with /etc/fstab or an os-release file. The outermost scope that has one wins, so that a host's disk with virtual
/// machines in its volumes is the host. A snapshot is never taken for the root while the volume it was made of is there.
/// </summary>
public sealed class RootFinder(FileSystemOpener opener, EventSink events)
{
    private static readonly string[] Marks = ["/etc/fstab", "/etc/os-release", "/usr/lib/os-release"];

    /// <exception cref="UsageException">Several could be it; the hint lists them as locators.</exception>
    /// <exception cref="NotFoundException">There is no filesystem that can be read.</exception>
    public Layer Find(Layer start)
    {
        var seen = new List<Layer>();
        List<List<Layer>> scopes = [[.. (start.Kind == LayerKind.VolumeGroup ? start.Children : opener.Sources.Members(start)).Where(IsOriginal)]];
        while (scopes.Count > 0)
        {
            List<Layer> roots = [.. scopes.SelectMany(Roots)];
            if (roots.Count == 1)
                return roots[0];
            if (roots.Count > 1)
                throw new UsageException($"{start.Locator} has several root filesystems", "name one: " + string.Join(", ", roots.Select(root => root.Locator)));
            seen.AddRange(scopes.SelectMany(members => members).Where(FileSystemOpener.CanRead));
            scopes = [.. scopes.SelectMany(members => members).Where(member => member.Table is not null && !ReferenceEquals(member, start))
                .Select(inner => opener.Sources.Members(inner).Where(member => !ReferenceEquals(member, inner) && IsOriginal(member)).ToList())];
        }
        if (seen.Count > 0)
            throw new UsageException($"{start.Locator} has several filesystems and none of them looks like a root",
                "name one: " + string.Join(", ", seen.Select(layer => layer.Locator)));
        if (start.Walk().FirstOrDefault(layer => layer.Refusal is not null) is { } refused)
            throw TreeOpener.Located(refused.Refusal!, refused);
        string[] others = [.. start.Walk().Where(layer => layer.Signature is not null).Select(layer => $"{layer.Locator} ({layer.Signature!.Format})")];
        throw others.Length == 0 ? FileSystemOpener.Unrecognised(start)
            : new NotFoundException($"{start.Locator} has no filesystem that can be read",
                "there are " + string.Join(", ", others) + "; 'jumpbag inspect --commands' prints what opens them by hand");
    }

    private static bool IsOriginal(Layer layer) => layer.Volume?.IsSnapshot != true;

    private List<Layer> Roots(List<Layer> members)
    {
        List<Layer> readable = [.. members.Where(FileSystemOpener.CanRead)];
        List<Layer> others = [.. members.Where(layer => layer.Signature is { Usage: "filesystem" } && !FileSystemOpener.CanRead(layer))];
        if (readable.Count == 1 && others.Count > 0)
            events(new Status(readable[0].Locator, "taken as the root: the only filesystem that can be read beside "
                + string.Join(", ", others.Select(layer => $"{layer.Locator} ({layer.Signature!.Format})"))));
        return readable.Count <= 1 ? readable : [.. readable.Where(LooksLikeRoot)];
    }

    private bool LooksLikeRoot(Layer layer)
    {
        try
        {
            var tree = new FileTree(opener.Open(layer));
            return Marks.Any(mark => tree.TryLookup(ByteString.FromText(mark)) is not null);
        }
        catch (JumpbagException e) when (e is UnsupportedException or CorruptException)
        {
            events(new Warning(e.Message, e.Hint));
            return false;
        }
    }
}
