using Jumpbag.Core;

namespace Jumpbag.Storage.Raid;

/// <summary>
/// A device of an array, read as far as it can be: what is not there, or not to be trusted, is not tried. Where a member is
/// stale or only rebuilt in part, its device says so by being unreadable there.
/// </summary>
internal sealed class Member(BlockDevice device)
{
    private readonly bool isWhole = device.IsWhole;

    public BlockDevice Device => device;

    /// <summary>Why nothing of it can be read; null where something can.</summary>
    public string? GoneBecause { get; } = Gone(device);

    public bool IsGone => GoneBecause is not null;

    public bool IsWhole => isWhole;

    /// <summary>
    /// Fills the start of <paramref name="destination"/> as far as it can be read; the result is that length. Where it is less
    /// than all, <paramref name="bad"/> bytes behind it cannot be had (at least one), for <paramref name="reason"/>.
    /// </summary>
    public int Read(long offset, Span<byte> destination, out int bad, out string reason)
    {
        (bad, reason) = (0, "");
        if (GoneBecause is not null)
        {
            (bad, reason) = (destination.Length, GoneBecause);
            return 0;
        }
        int count = destination.Length;
        if (!isWhole && FirstUnreadable(offset, count) is { } known)
        {
            count = (int)(known.Offset - offset);
            (bad, reason) = ((int)Math.Min(known.Length, destination.Length - count), known.Reason ?? "unreadable");
        }
        while (count > 0)
        {
            try
            {
                device.Read(offset, destination[..count]);
                return count;
            }
            catch (UnreadableException e)
            {
                // All or nothing: what precedes the failure is read again by itself.
                int good = (int)Math.Clamp(e.Offset - offset, 0, count - 1);
                bad = (int)Math.Clamp(e.Offset + e.Length - offset - good, 1, count - good);
                reason = e.Reason;
                count = good;
            }
        }
        return count;
    }

    private Extent? FirstUnreadable(long offset, int count)
    {
        foreach (Extent extent in device.Extents(offset, count))
            if (extent.Kind == ExtentKind.Unreadable)
                return extent;
        return null;
    }

    private static string? Gone(BlockDevice device) => device switch
    {
        UnreadableDevice missing => missing.Reason,
        Slice slice => Gone(slice.Parent),
        _ => null,
    };
}
