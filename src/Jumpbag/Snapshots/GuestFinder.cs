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
        List<Layer> others = [.. members.Where(layer => layer.Signature is { Usage: "filesystem" } && !CanMount(layer))];
        IsJoined = candidates.Count > 1;
        // One alone is the root whatever it holds; beside another one it may be that one's /boot.
        List<Layer> roots = candidates.Count + others.Count <= 1 ? candidates : [.. candidates.Where(LooksLikeRoot)];
        foreach (Layer other in roots.Count > 0 ? others : others.Skip(1))
            events(new Warning($"{other.Locator} is not mounted: {WhyNot(other)}", Instead(other)));
        return roots switch
        {
            [var root] => root,
            [] when others.Count > 0 => throw new UnsupportedException($"{others[0].Locator} cannot be mounted: {WhyNot(others[0])}",
                candidates.Count == 0 ? Instead(others[0]) : $"--partition mounts another one by itself: {Names(candidates)}; {Instead(others[0])}"),
            [] when candidates.Count == 0 => throw FileSystemOpener.Unrecognised(top),
            _ => throw new UsageException($"{top.Locator} has several {(roots.Count == 0 ? "filesystems and none of them looks like a root" : "root filesystems")}",
                $"choose with --partition: {Names(roots.Count == 0 ? candidates : roots)}"),
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

    private static string Names(IEnumerable<Layer> layers) => string.Join(", ", layers.Select(layer => $"{layer.Step.TrimStart('@')} ({layer.Signature!.Format})"));

    private static Layer Only(Layer layer)
    {
        if (layer.Refusal is { } refusal)
            throw new UnsupportedException($"{layer.Locator}: {refusal.Message}", refusal.Hint);
        return CanMount(layer) ? layer : layer.Signature is null ? throw FileSystemOpener.Unrecognised(layer) : throw new UnsupportedException($"{layer.Locator}: {WhyNot(layer)}",
            Instead(layer));
    }

    private static bool IsVolumeGroupMember(Layer layer) => layer.Signature?.Format == "LVM2_member";

    private static bool CanMount(Layer layer) => layer.Signature is { } signature
        && (FileSystemFormats.CanRead(signature.Format) || KernelFormats.Of(layer) is not null);

    private static string WhyNot(Layer layer) => layer.Signature!.Format == "btrfs"
        ? "it is btrfs: the kernel would take a snapshot for the origin itself, since both have one UUID"
        : layer.Volume is not null ? $"it is {layer.Signature.Format}, which only the kernel reads, on a volume that does not lie in one piece, and a guest's own volume group is not activated here"
        : $"it holds {layer.Signature.Format}";

    /// <summary>What a person can do with a filesystem that is not mounted here.</summary>
    private static string? Instead(Layer layer) => layer.Signature!.Format == "LVM2_member" ? "without --partition the root in its volumes is found"
        : layer.Signature.Usage != "filesystem" ? null
        : layer.Volume is not null ? "--keep leaves the snapshot; 'jumpbag mount --raw' of it shows this volume as a file, and 'mount -o ro,loop' of that reads what was written back: norecovery,nouuid for XFS, rescue=nologreplay for btrfs"
        : layer.Signature.Format == "btrfs" ? "btrfs makes snapshots of its own: 'btrfs subvolume snapshot -r'; or --keep leaves this one, for a virtual machine to have as a disk"
        : "--keep leaves the snapshot, for a virtual machine to have as a disk";

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
