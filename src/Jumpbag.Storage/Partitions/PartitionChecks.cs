using Jumpbag.Core;

namespace Jumpbag.Storage.Partitions;

/// <summary>What a table's entries say against each other and against the device.</summary>
internal static class PartitionChecks
{
    public static void Run(IReadOnlyList<Partition> partitions, long deviceLength, List<string> warnings)
    {
        foreach (Partition p in partitions)
            if (p.Offset >= deviceLength)
                warnings.Add($"partition {p.Number} lies beyond the end: the image is not complete");
            else if (p.Offset + p.Length > deviceLength)
                warnings.Add($"partition {p.Number} reaches {ByteSize.Format(p.Offset + p.Length - deviceLength)} ({p.Offset + p.Length - deviceLength} bytes) beyond the end: the image is not complete");
        foreach ((Partition a, Partition b) in Overlaps(partitions))
            warnings.Add($"partitions {a.Number} and {b.Number} overlap");
        foreach (Partition p in partitions)
            if (p.Number >= 5 && partitions.Any(c => c.IsContainer) && !partitions.Any(c => c.IsContainer && Contains(c, p)))
                warnings.Add($"logical partition {p.Number} lies outside of the extended partition");
    }

    /// <summary>
    /// Neighbours in the order of their starts of which one begins before another ends; an extended partition holds its
    /// logical ones on purpose. At most one pair a partition.
    /// </summary>
    public static IEnumerable<(Partition First, Partition Second)> Overlaps(IReadOnlyList<Partition> partitions)
    {
        Partition? furthest = null;
        foreach (Partition p in partitions.Where(p => !p.IsContainer).OrderBy(p => p.Offset).ThenBy(p => p.Number))
        {
            if (furthest is not null && p.Offset < furthest.Offset + furthest.Length)
                yield return (furthest, p);
            if (furthest is null || p.Offset + p.Length > furthest.Offset + furthest.Length)
                furthest = p;
        }
    }

    private static bool Contains(Partition container, Partition p) =>
        p.Offset >= container.Offset && p.Offset + p.Length <= container.Offset + container.Length;
}
