namespace Jumpbag.Storage;

/// <summary>Devices that are another one with some of its blocks replaced.</summary>
internal static class ReplacedBlocks
{
    /// <summary>The index of the first replaced block that ends behind <paramref name="offset"/>.</summary>
    /// <param name="blocks">Their numbers, ascending, each once.</param>
    public static int FirstFrom(long[] blocks, int blockSize, long offset)
    {
        int found = Array.BinarySearch(blocks, offset / blockSize);
        return found >= 0 ? found : ~found;
    }

    /// <summary>Those of the device below, with the replaced blocks computed.</summary>
    public static IEnumerable<Extent> Extents(BlockDevice lower, long[] blocks, int blockSize, long offset, long length)
    {
        long end = offset + length, at = offset;
        for (int i = FirstFrom(blocks, blockSize, offset); at < end; i++)
        {
            long start = i < blocks.Length ? blocks[i] * blockSize : long.MaxValue;
            if (start > at)
            {
                long until = Math.Min(start, end);
                foreach (Extent extent in lower.Extents(at, until - at))
                    yield return extent;
                at = until;
            }
            if (at < end)
            {
                while (i + 1 < blocks.Length && blocks[i + 1] == blocks[i] + 1 && (blocks[i] + 1) * blockSize < end)
                    i++;
                long until = Math.Min((blocks[i] + 1) * blockSize, end);
                yield return new(at, until - at, ExtentKind.Computed);
                at = until;
            }
        }
    }
}
