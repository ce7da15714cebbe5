namespace Jumpbag.Storage;

/// <summary>Extents from all over a device, for those who want to know what it lies on, and do not need to know all of it.</summary>
public static class ExtentSamples
{
    private const int Places = 64;

    /// <summary>Enough for each member of a stripe, and little enough that no map is long.</summary>
    private const long Piece = 1 << 20;

    public static IEnumerable<Extent> Of(BlockDevice device)
    {
        for (long at = 0, step = Math.Max(Piece, device.Length / Places); at < device.Length; at += step)
            foreach (Extent extent in device.Extents(at, Math.Min(Piece, device.Length - at)))
                yield return extent;
    }
}
