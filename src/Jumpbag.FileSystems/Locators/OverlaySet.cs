using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Storage;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Overlays;
using Jumpbag.Storage.Overlays.Format;

namespace Jumpbag.FileSystems.Locators;

/// <summary>The overlay files that a person gave, and the layers that they lie over.</summary>
public sealed class OverlaySet : IDisposable
{
    private readonly Dictionary<string, OverlayFile> files = [];

    /// <summary>No overlay at all.</summary>
    public static OverlaySet None { get; } = new();

    /// <exception cref="JumpbagException">One is not there, is no overlay, is damaged or in use; or two are for one layer.</exception>
    public static OverlaySet Open(IReadOnlyList<string> paths, EventSink events)
    {
        var set = new OverlaySet();
        try
        {
            foreach (string path in paths)
            {
                OverlayFile file = OverlayFile.Open(path, writable: false);
                if (!set.files.TryAdd(file.Header.Layer, file))
                {
                    file.Dispose();
                    throw new UsageException($"{path}: is for the same layer as {set.files[file.Header.Layer].Path}", "give one of them");
                }
                if (file.Verdict == OverlayVerdict.Unfinished)
                    events(new Warning($"{path}: the check that made it did not come to its end: what is read may be half repaired", "run 'jumpbag fsck' again, which goes on from there"));
            }
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>A layer's bytes with what an overlay changes; the same device where none is for it.</summary>
    public BlockDevice Cover(Layer layer, BlockDevice device) =>
        files.Count > 0 && files.TryGetValue(layer.Steps, out OverlayFile? file) ? new OverlayDevice(device, file) : device;

    /// <summary>That each overlay is for a layer of this disk, and for what is in it now.</summary>
    /// <exception cref="UnsupportedException">One is not.</exception>
    public void Check(Layer disk)
    {
        foreach (OverlayFile file in files.Values)
        {
            Layer layer;
            try
            {
                layer = LayerResolver.Resolve(disk, LayerResolver.Split(file.Header.Layer));
            }
            catch (JumpbagException e) when (e is NotFoundException or UsageException)
            {
                throw new UnsupportedException($"{file.Path}: is for a layer {file.Header.Layer}, which {disk.Locator} does not have",
                    $"it was made for {ByteString.FromArgument(file.Header.SourcePath)}{file.Header.Layer}");
            }
            if (layer.Refusal is { } refusal)
                throw new UnsupportedException($"{layer.Locator}: {refusal.Message}", refusal.Hint);
            OverlayBase.Check(file, ((OverlayDevice)layer.Device).Lower, disk.Size, layer.Locator);
        }
    }

    /// <summary>That what a person named shows what the overlays change: another layer would be read as if there were none.</summary>
    /// <exception cref="UnsupportedException">It does not.</exception>
    public void CheckShown(Layer named)
    {
        foreach (OverlayFile file in files.Values)
            if (!IsWithin(named.Steps, file.Header.Layer) && (!IsWithin(file.Header.Layer, named.Steps)
                || file.Header.Layer[named.Steps.Length..].Contains("@offset=", StringComparison.Ordinal)))
                throw new UnsupportedException($"{file.Path}: is for the layer {file.Header.Layer}, which {named.Locator} does not show",
                    $"name {named.Locator[..^named.Steps.Length]}{file.Header.Layer}, or leave '--overlay' away");
    }

    public void Dispose()
    {
        foreach (OverlayFile file in files.Values)
            file.Dispose();
    }

    private static bool IsWithin(string inner, string outer) =>
        inner.StartsWith(outer, StringComparison.Ordinal) && (inner.Length == outer.Length || inner[outer.Length] is '@' or '/');
}
