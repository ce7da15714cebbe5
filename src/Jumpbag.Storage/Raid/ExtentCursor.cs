namespace Jumpbag.Storage.Raid;

/// <summary>Tells what stands behind a device's bytes at one place after the other, mostly forwards, without asking anew for each.</summary>
/// <param name="device">What is asked.</param>
/// <param name="window">How far ahead a question reaches, in bytes: to look further than the caller goes may take long.</param>
internal sealed class ExtentCursor(BlockDevice device, long window) : IDisposable
{
    private IEnumerator<Extent>? extents;
    private Extent current;

    /// <summary>What stands at <paramref name="offset"/>, from there to its end (or the window's).</summary>
    public Extent At(long offset)
    {
        if (extents is null || offset < current.Offset)
            Open(offset);
        while (offset >= current.Offset + current.Length)
        {
            if (extents!.MoveNext())
                current = extents.Current;
            else
                Open(offset);
        }
        long skipped = offset - current.Offset;
        return current with
        {
            Offset = offset,
            Length = current.Length - skipped,
            SourceOffset = current.Kind == ExtentKind.Data ? current.SourceOffset + skipped : 0,
        };
    }

    public void Dispose() => extents?.Dispose();

    private void Open(long offset)
    {
        extents?.Dispose();
        extents = device.Extents(offset, Math.Min(window, long.MaxValue - offset)).GetEnumerator();
        current = extents.MoveNext() ? extents.Current : new(offset, long.MaxValue - offset, ExtentKind.Unreadable, Reason: "beyond the end of the device");
    }
}
