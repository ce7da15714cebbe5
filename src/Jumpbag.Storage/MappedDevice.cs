using Jumpbag.Core;

namespace Jumpbag.Storage;

/// <summary>
/// Where a stretch of a <see cref="MappedDevice"/>'s bytes lies: at <see cref="SourceOffset"/> of <see cref="Source"/>, nowhere (zeros), or
/// out of reach.
/// </summary>
public readonly record struct MappedRun(long Length, BlockDevice? Source, long SourceOffset, string? Reason)
{
    public static MappedRun Hole(long length) => new(length, null, 0, null);

    public static MappedRun Unreadable(long length, string reason) => new(length, null, 0, reason);
}

/// <summary>A device whose bytes lie on other devices by a map that is looked up run by run: a snapshot, a thin volume.</summary>
public abstract class MappedDevice : ScatteredDevice
{
    /// <summary>The run that begins at <paramref name="offset"/>, which is inside the device; at least one byte, and it may reach past the end.</summary>
    protected abstract MappedRun RunAt(long offset);

    protected override void ReadPart(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            MappedRun run = RunAt(offset);
            int count = (int)Math.Min(destination.Length, run.Length);
            if (run.Reason is not null)
                throw new UnreadableException(offset, count, run.Reason);
            if (run.Source is null)
                destination[..count].Clear();
            else
                ReadFrom(run, offset, destination[..count]);
            offset += count;
            destination = destination[count..];
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length) => Pieces(offset, length).Merged();

    private static void ReadFrom(MappedRun run, long offset, Span<byte> destination)
    {
        try
        {
            run.Source!.Read(run.SourceOffset, destination);
        }
        catch (UnreadableException e)
        {
            throw new UnreadableException(offset + (e.Offset - run.SourceOffset), e.Length, e.Reason);
        }
    }

    private IEnumerable<Extent> Pieces(long offset, long length)
    {
        long end = offset + Math.Clamp(Length - offset, 0, length), at = offset;
        while (at < end)
        {
            MappedRun run = RunAt(at);
            long count = Math.Min(end - at, run.Length);
            if (run.Source is null)
                yield return new(at, count, run.Reason is null ? ExtentKind.Hole : ExtentKind.Unreadable, Reason: run.Reason);
            else
                foreach (Extent extent in run.Source.Extents(run.SourceOffset, count))
                    yield return extent with { Offset = at + (extent.Offset - run.SourceOffset) };
            at += count;
        }
        if (at < offset + length)
            yield return new(at, offset + length - at, ExtentKind.Unreadable, Reason: Beyond);
    }
}
