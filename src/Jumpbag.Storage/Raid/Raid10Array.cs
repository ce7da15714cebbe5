using Jumpbag.Core;

namespace Jumpbag.Storage.Raid;

/// <summary>RAID 10: every chunk on several members, wherever the layout puts them. Each byte comes from the first copy that can give it.</summary>
public sealed class Raid10Array : ScatteredDevice
{
    private readonly Raid10Layout layout;
    private readonly Member[] members;
    private readonly long chunk;
    private readonly long synced;

    /// <param name="layout">For as many members as there are devices.</param>
    /// <param name="devices">In the order of the array. One that is missing is an <see cref="UnreadableDevice"/>.</param>
    /// <param name="chunkSize">In bytes; not 0.</param>
    /// <param name="synced">Up to where, in bytes of the whole, the copies are known to be alike; behind, only the first counts.</param>
    public Raid10Array(Raid10Layout layout, IEnumerable<BlockDevice> devices, long chunkSize, long synced = long.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunkSize);
        this.layout = layout;
        this.synced = synced;
        members = [.. devices.Select(device => new Member(device))];
        ArgumentOutOfRangeException.ThrowIfNotEqual(members.Length, layout.Members);
        chunk = chunkSize;
        if (layout.Chunks > long.MaxValue / chunk)
            throw new CorruptException($"a device of more than {layout.Chunks} chunks of {chunk} bytes is claimed");
        Length = layout.Chunks * chunk;
        SectorSize = members.Max(member => member.Device.SectorSize);
        bool[] lacking = Array.ConvertAll(members, member => !member.IsWhole);
        IsWhole = synced >= Length ? layout.Survives(lacking) : !lacking.Contains(true);
    }

    public override long Length { get; }

    public override int SectorSize { get; }

    public override bool IsWhole { get; }

    protected override void ReadPart(long offset, Span<byte> destination)
    {
        Span<(int Member, long Row)> copies = stackalloc (int, long)[layout.Copies];
        while (!destination.IsEmpty)
        {
            long number = offset / chunk, within = offset - (number * chunk);
            int count = (int)Math.Min(Math.Min(destination.Length, chunk - within), UniformFrom(offset));
            layout.Locate(number, copies);
            ReadFrom(copies[..(offset < synced ? copies.Length : 1)], offset, within, destination[..count]);
            offset += count;
            destination = destination[count..];
        }
    }

    /// <summary>How far it is to where only the first copy counts.</summary>
    private long UniformFrom(long offset) => offset < synced ? synced - offset : long.MaxValue;

    private void ReadFrom(ReadOnlySpan<(int Member, long Row)> copies, long offset, long within, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int good = members[copies[0].Member].Read((copies[0].Row * chunk) + within, destination, out int bad, out string reason);
            if (bad > 0 && copies.Length == 1)
                throw new UnreadableException(offset + good, bad, reason);
            if (bad > 0)
                ReadFrom(copies[1..], offset + good, within + good, destination.Slice(good, bad));
            offset += good + bad;
            within += good + bad;
            destination = destination[(good + bad)..];
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length) => Pieces(offset, length).Merged();

    private IEnumerable<Extent> Pieces(long offset, long length)
    {
        long end = offset + Math.Clamp(Length - offset, 0, length), at = offset;
        long window = Math.Min(length, long.MaxValue / 4) + (2 * Math.Min(chunk, 1L << 40));
        var places = new (int Member, long Row)[layout.Copies];
        // A cursor for each copy on each member: far copies go forwards as the first ones do, in another place.
        var cursors = new ExtentCursor?[members.Length * layout.Copies];
        try
        {
            while (at < end)
            {
                long number = at / chunk, within = at - (number * chunk), count = Math.Min(Math.Min(end - at, chunk - within), UniformFrom(at));
                layout.Locate(number, places);
                Extent extent = default;
                for (int copy = 0; copy < (at < synced ? places.Length : 1); copy++)
                {
                    ref ExtentCursor? cursor = ref cursors[(places[copy].Member * places.Length) + copy];
                    cursor ??= new(members[places[copy].Member].Device, window);
                    Extent there = cursor.At((places[copy].Row * chunk) + within);
                    count = Math.Min(count, there.Length);
                    extent = copy == 0 || there.Kind != ExtentKind.Unreadable ? there : extent;
                    if (there.Kind != ExtentKind.Unreadable)
                        break;
                }
                long many = extent.Kind == ExtentKind.Data || within != 0 ? 0 : AlikeChunks(cursors, places, extent, at, end);
                count = Math.Max(count, many);
                yield return extent with { Offset = at, Length = count };
                at += count;
            }
        }
        finally
        {
            foreach (ExtentCursor? cursor in cursors)
                cursor?.Dispose();
        }
        if (at < offset + length)
            yield return new(at, offset + length - at, ExtentKind.Unreadable, Reason: Beyond);
    }

    /// <summary>
    /// How much more is one thing, holes or not there, because it is that on every member from here on: an image made to claim
    /// far more than it has is one step.
    /// </summary>
    private long AlikeChunks(ExtentCursor?[] cursors, ReadOnlySpan<(int Member, long Row)> places, Extent extent, long at, long end)
    {
        if (extent.Kind is not (ExtentKind.Hole or ExtentKind.Unreadable) || extent.Length / chunk < 16)
            return 0;
        long rows = long.MaxValue;
        for (int i = 0; i < cursors.Length; i++)
        {
            cursors[i] ??= new(members[i / places.Length].Device, extent.Length);
            Extent there = cursors[i]!.At(places[i % places.Length].Row * chunk);
            if (there.Kind != extent.Kind)
                return 0;
            rows = Math.Min(rows, there.Length / chunk);
        }
        // Two rows less, since the others need not begin at this chunk.
        UInt128 chunks = (UInt128)(ulong)Math.Max(0, rows - 2) * (ulong)layout.Members / (ulong)layout.Copies;
        return (long)UInt128.Min(chunks, (ulong)((end - at) / chunk)) * chunk;
    }
}
