using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.FileSystems.Locators;

/// <summary>Opens the filesystems of some disks, each once.</summary>
public sealed class FileSystemOpener(SourceSet sources, bool replay)
{
    private const string Incomplete = "is the image complete? 'ls -l' tells its size, 'jumpbag inspect' the size it should have";

    private readonly OrderedDictionary<Layer, FileSystem> opened = [];

    /// <summary>All that were, in that order.</summary>
    public IReadOnlyDictionary<Layer, FileSystem> Opened => opened;

    public SourceSet Sources => sources;

    public static bool CanRead(Layer layer) => FileSystemFormats.CanRead(layer.Signature?.Format);

    /// <exception cref="UnsupportedException">What fills this layer cannot be read as a filesystem; the hint says what can be done.</exception>
    /// <exception cref="NotFoundException">Nothing known fills it.</exception>
    public FileSystem Open(Layer layer)
    {
        if (opened.TryGetValue(layer, out FileSystem? known))
            return known;
        BlockDevice device = layer.Device;
        string format = layer.Signature?.Format ?? throw Unrecognised(layer);
        if (!FileSystemFormats.CanRead(format))
            throw Unreadable(layer, format);
        FileSystem fileSystem;
        try
        {
            fileSystem = FileSystemFormats.Open(format, device, new(replay, FindJournal));
        }
        catch (UnsupportedException e)
        {
            throw new UnsupportedException($"{layer.Locator}: {e.Message}", e.Hint);
        }
        catch (CorruptException e)
        {
            throw new CorruptException($"{layer.Locator}: {e.Message}", e.Hint ?? "'jumpbag inspect --search' looks for what is left of it");
        }
        catch (UnreadableException e)
        {
            throw new CorruptException($"{layer.Locator}: {e.Message}", Incomplete);
        }
        opened.Add(layer, fileSystem);
        return fileSystem;
    }

    private BlockDevice? FindJournal(Guid uuid)
    {
        foreach (Layer disk in sources.Disks)
            foreach (Layer layer in disk.Walk())
                if (layer.Signature is { Format: "jbd" } journal && Guid.TryParse(journal.Uuid, out Guid found) && found == uuid)
                    return layer.Device;
        return null;
    }

    /// <summary>Why there is no filesystem: nothing known is in it, or nothing of its start can be read (of a cut image, most often).</summary>
    public static JumpbagException Unrecognised(Layer layer) => UnreadableStart(layer) is { } reason
        ? new CorruptException($"{layer.Locator}: its start cannot be read: {reason}", Incomplete)
        : new NotFoundException($"{layer.Locator}: no filesystem was recognised in it", $"'jumpbag inspect --search {layer.Locator}' scans it for lost ones");

    /// <summary>Why what a layer holds cannot be recognised; null where its start can be read.</summary>
    public static string? UnreadableStart(Layer layer)
    {
        try
        {
            if (layer.HasContent)
                layer.Device.Read(0, new byte[Math.Min(layer.Size, 4096)]);
            return null;
        }
        catch (UnreadableException e)
        {
            return e.Reason;
        }
    }

    private static UnsupportedException Unreadable(Layer layer, string format)
    {
        List<Layer> volumes = format != "LVM2_member" ? [] : [.. layer.Scope.Children.Where(child => child.Kind == LayerKind.VolumeGroup).SelectMany(group => group.Children)];
        return volumes.Count > 0
            ? new($"{layer.Locator} is a physical volume: its files are in the logical volumes", "there are " + string.Join(", ", volumes.Take(12).Select(volume => volume.Locator)))
            : ByHand.FirmwareArray(format) is { } firmware
            ? new($"{layer.Locator} is a disk of {firmware}, which is not supported", $"'jumpbag inspect --commands {layer.Locator}' prints what looks at it by hand")
            : new($"{layer.Locator} holds {format}, which cannot be read yet", $"'jumpbag inspect --commands {layer.Locator}' prints what opens it by hand");
    }
}
