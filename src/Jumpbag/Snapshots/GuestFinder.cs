using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Storage.Layers;

namespace Jumpbag.Snapshots;

/// <summary>
/// Finds what is to be mounted of a volume: the filesystem that fills it or one of its partitions, or the root filesystem of the
/// machine whose disk it is, and what that machine's fstab joins. Unlike <see cref="RootFinder"/> it counts in what only the
/// kernel can read.
/// </summary>
/// <param name="look">Mounts a filesystem that only the kernel can read, and asks whether one of these paths is there; null where that is not wanted.</param>
public sealed class GuestFinder(FileSystemOpener opener, EventSink events, Func<Layer, IReadOnlyList<ByteString>, bool>? look)
{
    private static readonly ByteString[] Marks =
        [ByteString.FromText("/etc/fstab"), ByteString.FromText("/etc/os-release"), ByteString.FromText("/usr/lib/os-release")];

    private readonly Layer top = opener.Sources.Disk;

    /// <summary>Whether the root is one of several, so that its fstab says where the others belong.</summary>
    public bool IsJoined { get; private set; }

    /// <exception cref="JumpbagException">There is none, or there are several; the hint says what to name.</exception>
    public Layer Find(string? partition)
    {
        if (partition is not null)
            return Only(LayerResolver.Resolve(top, [partition]));
        if (top.Signature is not null && !IsVolumeGroupMember(top))
            return Only(top);
        List<Layer> members = [.. opener.Sources.Members(top)];
        List<Layer> candidates = [.. members.Where(CanMount)];
        foreach (Layer other in members.Where(layer => layer.Signature is { Usage: "filesystem" } && !CanMount(layer)))
            events(new Warning($"{other.Locator} is not mounted: {WhyNot(other)}"));
        IsJoined = candidates.Count > 1;
        List<Layer> roots = candidates.Count <= 1 ? candidates : [.. candidates.Where(LooksLikeRoot)];
        return roots switch
        {
            [var root] => root,
            [] when candidates.Count == 0 => throw FileSystemOpener.Unrecognised(top),
            _ => throw new UsageException($"{top.Locator} has several {(roots.Count == 0 ? "filesystems and none of them looks like a root" : "root filesystems")}",
                "choose with --partition: " + string.Join(", ", (roots.Count == 0 ? candidates : roots).Select(layer => $"{layer.Step.TrimStart('@')} ({layer.Signature!.Format})"))),
        };
    }

    /// <summary>What an fstab joins, the outermost first; what it names and is not here is told.</summary>
    public IEnumerable<(ByteString Path, Layer Layer)> Joined(Layer root, ReadOnlySpan<byte> fstab)
    {
        List<Layer> members = [.. opener.Sources.Members(top)];
        var joined = new List<(ByteString, Layer)>();
        foreach (FstabEntry entry in Fstab.MountedAtBoot(Fstab.Parse(fstab)))
        {
            string device = entry.Device.ToArgument();
            if (!device.Contains('=', StringComparison.Ordinal) && !device.StartsWith("/dev/", StringComparison.Ordinal))
                continue; // On no disk: proc, tmpfs, the network.
            Layer? found = FstabDevices.Find(device, members, [top]);
            if (found is null)
                events(new Warning($"fstab: {entry.MountPoint} is on {entry.Device}, which is not in this volume: it is not joined"));
            else if (!ReferenceEquals(found, root) && CanMount(found))
                joined.Add((entry.MountPoint, found));
        }
        return joined;
    }

    private static Layer Only(Layer layer)
    {
        if (layer.Refusal is { } refusal)
            throw new UnsupportedException($"{layer.Locator}: {refusal.Message}", refusal.Hint);
        return CanMount(layer) ? layer : layer.Signature is null ? throw FileSystemOpener.Unrecognised(layer) : throw new UnsupportedException($"{layer.Locator}: {WhyNot(layer)}",
            layer.Signature.Format == "LVM2_member" ? "without --partition the root in its volumes is found" : null);
    }

    private static bool IsVolumeGroupMember(Layer layer) => layer.Signature?.Format == "LVM2_member";

    private static bool CanMount(Layer layer) => layer.Signature is { } signature
        && (FileSystemFormats.CanRead(signature.Format) || KernelFormats.Of(layer) is not null);

    private static string WhyNot(Layer layer) => layer.Signature!.Format == "btrfs"
        ? "it is btrfs: the kernel would take a snapshot for the origin itself, since both have one UUID"
        : layer.Volume is not null ? $"it is {layer.Signature.Format}, which only the kernel reads, on a volume that does not lie in one piece, and a guest's own volume group is not activated here"
        : $"it holds {layer.Signature.Format}";

    private bool LooksLikeRoot(Layer layer)
    {
        try
        {
            if (!FileSystemFormats.CanRead(layer.Signature!.Format))
                return look?.Invoke(layer, Marks) == true;
            var tree = new FileTree(opener.Open(layer));
            return Marks.Any(mark => tree.TryLookup(mark) is not null);
        }
        catch (JumpbagException e)
        {
            events(new Warning(e.Message, e.Hint));
            return false;
        }
    }
}
