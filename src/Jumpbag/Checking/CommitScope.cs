using Jumpbag.Core;
using Jumpbag.Storage.Layers;

namespace Jumpbag.Checking;

/// <summary>
/// What a commit may be written into: where each block lies once, and nothing else depends on it. One half of a mirror that
/// is changed makes the halves differ; a changed origin changes its snapshots.
/// </summary>
public static class CommitScope
{
    private static readonly string[] Plain = ["linear", "striped"];

    /// <exception cref="UnsupportedException">The layer is, or lies on, something else.</exception>
    public static void Check(Layer layer)
    {
        for (Layer? at = layer; at is not null; at = at.Parent)
        {
            if (at.Array is not null || at.ArraysBelow.Any())
                throw Refused(layer, "it lies on a RAID array, whose disks must not be changed one by one");
            if (at.Volume is not { } volume)
                continue;
            if (volume.Type.Split(',').Except(Plain).FirstOrDefault() is { } type)
                throw Refused(layer, $"{at.Locator} is a {type} volume, whose blocks are not its alone, or are computed");
            if (volume.Group.LogicalVolumes.FirstOrDefault(other => other.Origin == volume.Name) is { } snapshot)
                throw Refused(layer, $"{at.Locator} has the snapshot {snapshot.Name}, which would show the changes");
        }
    }

    private static UnsupportedException Refused(Layer layer, string why) =>
        new($"{layer.Locator}: the overlay cannot be written into the disk: {why}",
            "read the repaired view with '--overlay FILE' ('jumpbag cp' copies the files out), or run the checker on the activated volume");
}
