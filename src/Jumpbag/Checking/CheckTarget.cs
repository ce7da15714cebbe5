using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Storage;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Search;

namespace Jumpbag.Checking;

/// <summary>A filesystem that is to be checked: where it is, and of what kind, even where its first superblock is gone.</summary>
/// <param name="FromBackup">Its kind is known only from a copy of its superblock.</param>
public sealed record CheckTarget(Layer Layer, string Format, bool FromBackup)
{
    /// <summary>Copies of superblocks stand in the first part of a filesystem (of XFS with large groups they may not).</summary>
    private const long Searched = 512L << 20;

    /// <summary>The filesystems of a layer that a checker is known for, the layer itself if it is one.</summary>
    /// <param name="type">What the person says that the layer is; null to find out.</param>
    /// <exception cref="JumpbagException">There is none, or the layer holds what nothing can check.</exception>
    public static IReadOnlyList<CheckTarget> Find(Layer layer, string? type, CancellationToken cancellation)
    {
        if (layer.Refusal is { } refusal)
            throw new UnsupportedException($"{layer.Locator}: {refusal.Message}", refusal.Hint);
        if (type is not null)
            return [new(layer, type, false)];
        if (layer.Signature is { } signature)
            return Checker.Of(signature.Format) is not null ? [new(layer, signature.Format, false)] : throw NoChecker(layer, signature.Format);
        var found = new List<CheckTarget>();
        var others = new List<string>();
        foreach (Layer inner in layer.Walk().Where(inner => inner.HasContent && inner.Table is null))
        {
            cancellation.ThrowIfCancellationRequested();
            if ((inner.Signature?.Format ?? FromCopies(inner, cancellation)) is not { } format)
                continue;
            if (Checker.Of(format) is not null)
                found.Add(new(inner, format, inner.Signature is null));
            else if (format != "LVM2_member")
                others.Add($"{inner.Locator} ({format})");
        }
        if (found.Count > 0)
            return found;
        throw others.Count > 0
            ? new UnsupportedException($"{layer.Locator}: no checker is known for what is in it", "there are " + string.Join(", ", others.Take(12)))
            : new NotFoundException($"{layer.Locator}: no filesystem was recognised in it",
                $"where you know what it is, '--type {string.Join('|', Checker.Formats[2..])}' says so; 'jumpbag inspect --search {layer.Locator}' scans for lost ones");
    }

    /// <summary>What an image or disk with a ruined first superblock is, by a copy of it that says the filesystem starts where the layer does.</summary>
    private static string? FromCopies(Layer layer, CancellationToken cancellation)
    {
        var start = new Slice(layer.Device, 0, Math.Min(layer.Size, Searched));
        return SuperblockSearch.Run(start, _ => { }, cancellation).FirstOrDefault(found => found.Offset == 0 && Checker.Of(found.Format) is not null)?.Format;
    }

    private static UnsupportedException NoChecker(Layer layer, string format) => format switch
    {
        "LVM2_member" => new($"{layer.Locator}: is a physical volume: its filesystems are in the logical volumes",
            Named(layer.Scope.Children.SelectMany(group => group.Group is null ? [] : group.Children))),
        "linux_raid_member" => new($"{layer.Locator}: is a member of an array, which is checked as a whole", Named(layer.Scope.Children.Where(child => child.Array is not null))),
        _ => new($"{layer.Locator}: holds {format}, for which no checker is known", $"known are those of {string.Join(", ", Checker.Formats)}; '--type' says that it is one of them"),
    };

    private static string Named(IEnumerable<Layer> layers) => "there are " + string.Join(", ", layers.Take(12).Select(layer => layer.Locator));
}
