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
        if (Obstacle(layer) is { } why)
            throw new UnsupportedException($"{layer.Locator}: the overlay cannot be written into the disk: {why}",
                "read the repaired view with '--overlay FILE' ('jumpbag cp' copies the files out), or run the checker on the activated volume");
    }

    /// <summary>Why nothing can be written into the layer; null where it can.</summary>
    public static string? Obstacle(Layer layer)
    {
        for (Layer? at = layer; at is not null; at = at.Parent)
        {
            if (at.Array is not null || at.ArraysBelow.Any())
                return "it lies on a RAID array, whose disks must not be changed one by one";
            if (at.Volume is not { } volume)
                continue;
            if (volume.Type.Split(',').Except(Plain).FirstOrDefault() is { } type)
                return $"{at.Locator} is a {type} volume, whose blocks are not its alone, or are computed";
            if (volume.Group.LogicalVolumes.FirstOrDefault(other => other.Origin == volume.Name) is { } snapshot)
                return $"{at.Locator} has the snapshot {snapshot.Name}, which would show the changes";
        }
        return null;
    }
}
