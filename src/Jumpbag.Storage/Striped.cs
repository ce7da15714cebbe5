using Jumpbag.Core;

namespace Jumpbag.Storage;

/// <summary>
/// Devices of one length, read in turns of one chunk each: the first chunk lies on the first member, the second on the
/// second, and so on round and round (dm-stripe, RAID 0).
/// </summary>
public sealed class Striped : ScatteredDevice
{
    private readonly BlockDevice[] members;
    private readonly long chunk;

    /// <param name="devices">At least one; what the shortest one cannot give to full rows of chunks is not used.</param>
    /// <param name="chunkSize">In bytes; not 0.</param>
    public Striped(IEnumerable<BlockDevice> devices, long chunkSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunkSize);
        members = [.. devices];
        ArgumentOutOfRangeException.ThrowIfZero(members.Length);
        chunk = chunkSize;
        long rows = members.Min(member => member.Length) / chunk;
        if (rows > long.MaxValue / chunk / members.Length)
            throw new CorruptException($"a device of more than {members.Length} times {rows * chunk} bytes is claimed");
        Length = rows * chunk * members.Length;
        SectorSize = members.Max(member => member.SectorSize);
    }

    public override long Length { get; }

    public override int SectorSize { get; }

    public override bool IsWhole => Array.TrueForAll(members, member => member.IsWhole);

    protected override void ReadPart(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int member = MemberAt(offset);
            long within = BytesOf(member, offset);
            int count = (int)Math.Min(destination.Length, chunk - (offset % chunk));
            try
            {
                members[member].Read(within, destination[..count]);
            }
            catch (UnreadableException e)
            {
                // A member's bad range may be longer than this chunk; the next chunk lies elsewhere.
                long skipped = Math.Clamp(e.Offset - within, 0, count - 1);
                throw new UnreadableException(offset + skipped, Math.Clamp(e.Length, 1, count - skipped), e.Reason);
            }
            offset += count;
            destination = destination[count..];
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length) => Pieces(offset, length).Merged();

    private IEnumerable<Extent> Pieces(long offset, long length)
    {
        long end = offset + Math.Clamp(Length - offset, 0, length), at = offset, row = chunk * members.Length;
        var cursors = new ExtentCursor[members.Length];
        try
        {
            for (int i = 0; i < members.Length && at < end; i++)
                cursors[i] = new(members[i], BytesOf(i, at), BytesOf(i, end));
            while (at < end)
            {
                long rows = at % row == 0 ? AlikeRows(cursors, (end - at) / row) : 0;
                if (rows > 0)
                {
                    yield return cursors[0].Current with { Offset = at, Length = rows * row };
                    foreach (ExtentCursor cursor in cursors)
                        cursor.Advance(rows * chunk);
                    at += rows * row;
                    continue;
                }
                ExtentCursor member = cursors[MemberAt(at)];
                long count = Math.Min(Math.Min(end - at, chunk - (at % chunk)), member.Current.Length);
                yield return member.Current with { Offset = at, Length = count };
                member.Advance(count);
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

    /// <summary>How many of the next rows lie in holes (or are unreadable for one reason) on every member; a large empty volume is one step.</summary>
    private long AlikeRows(ExtentCursor[] cursors, long rows)
    {
        Extent first = rows > 0 ? cursors[0].Current : default;
        foreach (ExtentCursor cursor in cursors)
        {
            if (rows == 0 || first.Kind == ExtentKind.Data || cursor.Current.Kind != first.Kind || cursor.Current.Reason != first.Reason)
                return 0;
            rows = Math.Min(rows, cursor.Current.Length / chunk);
        }
        return rows;
    }

    private int MemberAt(long offset) => (int)(offset / chunk % members.Length);

    /// <summary>How many bytes of the member come before this offset of the whole: the member's own offset, or the next one it will serve.</summary>
    private long BytesOf(int member, long offset)
    {
        long index = offset / chunk, turn = index / members.Length, position = index % members.Length;
        return (turn * chunk) + (member < position ? chunk : member == position ? offset % chunk : 0);
    }

    /// <summary>Walks the extents of one member, a part of an extent at a time.</summary>
    private sealed class ExtentCursor : IDisposable
    {
        private readonly IEnumerator<Extent> extents;

        public ExtentCursor(BlockDevice device, long start, long end)
        {
            extents = device.Extents(start, end - start).GetEnumerator();
            Current = extents.MoveNext() ? extents.Current : default;
        }

        /// <summary>What is left of the extent that was reached.</summary>
        public Extent Current { get; private set; }

        public void Advance(long count)
        {
            Current = Current with
            {
                Offset = Current.Offset + count,
                Length = Current.Length - count,
                SourceOffset = Current.Kind == ExtentKind.Data ? Current.SourceOffset + count : 0,
            };
            if (Current.Length == 0)
                Current = extents.MoveNext() ? extents.Current : default;
        }

        public void Dispose() => extents.Dispose();
    }
}
