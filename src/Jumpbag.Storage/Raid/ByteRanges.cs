namespace Jumpbag.Storage.Raid;

/// <summary>Ranges of bytes, sorted and joined, that can be asked whether they touch another.</summary>
public sealed class ByteRanges
{
    public static readonly ByteRanges None = new([]);

    private readonly long[] starts;
    private readonly long[] ends;

    /// <param name="ranges">[Start, End), in any order; they may overlap.</param>
    public ByteRanges(IEnumerable<(long Start, long End)> ranges)
    {
        var joined = new List<(long Start, long End)>();
        foreach ((long start, long end) in ranges.Where(range => range.End > range.Start).OrderBy(range => range.Start))
        {
            if (joined.Count > 0 && start <= joined[^1].End)
                joined[^1] = (joined[^1].Start, Math.Max(joined[^1].End, end));
            else
                joined.Add((start, end));
        }
        starts = [.. joined.Select(range => range.Start)];
        ends = [.. joined.Select(range => range.End)];
    }

    public bool IsEmpty => starts.Length == 0;

    public IEnumerable<(long Start, long End)> All => starts.Zip(ends);

    /// <summary>How much of [<paramref name="offset"/>, <paramref name="offset"/> + <paramref name="length"/>) is all in these ranges or all outside, and which.</summary>
    public long Uniform(long offset, long length, out bool inside)
    {
        int next = Array.BinarySearch(ends, offset + 1);
        next = next >= 0 ? next : ~next;
        inside = next < ends.Length && starts[next] <= offset;
        long until = next >= ends.Length ? long.MaxValue : inside ? ends[next] : starts[next];
        return Math.Min(length, until - offset);
    }

    /// <summary>The device with these ranges of it unreadable.</summary>
    public BlockDevice Without(BlockDevice device, string reason)
    {
        if (IsEmpty)
            return device;
        var parts = new List<BlockDevice>();
        long at = 0;
        for (int i = 0; i < starts.Length && at < device.Length; i++)
        {
            long start = Math.Clamp(starts[i], at, device.Length), end = Math.Clamp(ends[i], start, device.Length);
            if (start > at)
                parts.Add(new Slice(device, at, start - at));
            parts.Add(new UnreadableDevice(end - start, reason));
            at = end;
        }
        if (at < device.Length)
            parts.Add(new Slice(device, at, device.Length - at));
        return parts.Count == 1 ? parts[0] : new Concatenation(parts);
    }

    /// <summary>The device as far as it was rebuilt; what lies behind is unreadable.</summary>
    public static BlockDevice UpTo(BlockDevice device, long trusted, string reason) =>
        new ByteRanges([(Math.Max(0, trusted), device.Length)]).Without(device, reason);
}
