using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Storage.Layers;

namespace Jumpbag.FileSystems.Locators;

/// <summary>
/// Turns a layer into the tree of files that a person expects there: the one filesystem of a partition, or the root filesystem
/// of a disk with the others joined where its fstab mounts them.
/// </summary>
public sealed class TreeOpener(FileSystemOpener opener, EventSink events)
{
    public FileTree Open(Layer layer) =>
        layer.Refusal is { } refusal ? throw Located(refusal, layer)
        : layer.Kind == LayerKind.Disk && layer.ArrayAround is not null ? OpenJoined(layer)
        : layer.ArrayAround is { } array ? Open(array)
        : layer.Signature is not null ? new FileTree(opener.Open(layer))
        : OpenJoined(layer);

    internal static JumpbagException Located(JumpbagException refusal, Layer layer) => refusal is CorruptException
        ? new CorruptException($"{layer.Locator}: {refusal.Message}", refusal.Hint)
        : new UnsupportedException($"{layer.Locator}: {refusal.Message}", refusal.Hint);

    private FileTree OpenJoined(Layer layer)
    {
        Layer root = new RootFinder(opener, events).Find(layer);
        var tree = new FileTree(opener.Open(root));
        if (ReferenceEquals(root, layer))
            return tree;
        List<Layer> members = [.. opener.Sources.Members(root.Scope)];
        IReadOnlyList<Layer> disks = ReferenceEquals(root.Scope, opener.Sources.Disk) ? opener.Sources.Disks : [root.Scope];
        foreach (FstabEntry entry in Fstab.MountedAtBoot(ReadFstab(tree)))
            if (Names(entry) && FstabDevices.Find(entry.Device.ToArgument(), members, disks) is var found && !ReferenceEquals(found, root))
                Join(tree, entry, found);
        return tree;
    }

    private void Join(FileTree tree, FstabEntry entry, Layer? layer)
    {
        if (layer is null)
        {
            events(new Warning($"fstab: {entry.MountPoint} is on {entry.Device}, which is not on the given disks", "if it is on another disk, add it with --disk"));
            tree.MarkAbsent(entry.MountPoint, $"what is mounted here, {entry.Device}, is not on the given disks");
            return;
        }
        try
        {
            tree.Mount(entry.MountPoint, opener.Open(layer));
        }
        catch (JumpbagException e)
        {
            events(new Warning($"fstab: {entry.MountPoint} is not joined: {e.Message}", e.Hint));
            tree.MarkAbsent(entry.MountPoint, $"what is mounted here, {layer.Locator}, cannot be read");
        }
    }

    /// <summary>Whether the entry is on a disk at all: not proc, tmpfs, a network filesystem.</summary>
    private static bool Names(FstabEntry entry)
    {
        string device = entry.Device.ToArgument();
        return device.Contains('=', StringComparison.Ordinal) || device.StartsWith("/dev/", StringComparison.Ordinal);
    }

    private IReadOnlyList<FstabEntry> ReadFstab(FileTree tree)
    {
        try
        {
            return Fstab.Parse(tree.ReadSmallFile(ByteString.FromText("/etc/fstab"), Fstab.LargestSize) ?? []);
        }
        catch (JumpbagException e)
        {
            events(new Warning($"/etc/fstab cannot be read, so no other filesystem is joined: {e.Message}"));
            return [];
        }
    }
}
