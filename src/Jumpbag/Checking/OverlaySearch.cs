using Jumpbag.Core;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Overlays.Format;

namespace Jumpbag.Checking;

/// <summary>Finds the overlay, or the last undo file, of a disk at its usual place.</summary>
public sealed class OverlaySearch(SourceSet sources, OverlayPurpose purpose)
{
    /// <exception cref="NotFoundException">There is none.</exception>
    /// <exception cref="UsageException">There are several; the hint lists the layers.</exception>
    public string Find(Layer named)
    {
        if (At(named) is { } found)
            return found;
        List<Layer> inner = [.. named.Walk().Where(layer => At(layer) is not null)];
        return inner.Count switch
        {
            1 => At(inner[0])!,
            0 => throw new NotFoundException(
                $"{named.Locator}: has no {(purpose == OverlayPurpose.Undo ? "undo file" : "overlay")} {ByteString.FromArgument(Usual(named))}",
                purpose == OverlayPurpose.Undo ? "'--overlay FILE' says where it is" : "'jumpbag fsck' makes one where it repairs something; '--overlay FILE' says where another is"),
            _ => throw new UsageException($"{named.Locator}: several of its filesystems have one", "name one: " + string.Join(", ", inner.Take(12).Select(layer => layer.Locator))),
        };
    }

    private string? At(Layer layer)
    {
        string overlay = OverlayPlace.Default(sources.Sources[0].Path, sources.Sources[0].IsBlockDevice, layer.Steps);
        return purpose == OverlayPurpose.Undo ? OverlayPlace.UndosOf(overlay).LastOrDefault() : File.Exists(overlay) ? overlay : null;
    }

    private string Usual(Layer layer)
    {
        string overlay = OverlayPlace.Default(sources.Sources[0].Path, sources.Sources[0].IsBlockDevice, layer.Steps);
        return purpose == OverlayPurpose.Undo ? OverlayPlace.UndoOf(overlay, 1) : overlay;
    }
}
