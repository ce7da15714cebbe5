using System.Buffers;
using Jumpbag.Core;

namespace Jumpbag.Storage.Raid;

/// <summary>
/// RAID 4, 5 and 6. A data chunk that its member cannot give is computed from the rest of its stripe, sector by sector if need
/// be: each byte is lost only where more members lack it than the level makes up for.
/// </summary>
public sealed class ParityArray : ScatteredDevice
{
    /// <summary>What is computed at once, which bounds the memory whatever a chunk's size.</summary>
    private const int LargestPiece = 256 * 1024;

    private readonly ParityLayout layout;
    private readonly Member[] members;
    private readonly long chunk;
    private readonly ByteRanges unsynced;
    private readonly string unsyncedReason;

    /// <param name="layout">For as many members as there are devices.</param>
    /// <param name="devices">In the order of the array. One that is missing is an <see cref="UnreadableDevice"/>; none need be longer than <paramref name="memberLength"/>.</param>
    /// <param name="chunkSize">In bytes; not 0.</param>
    /// <param name="memberLength">How much of each is used, in bytes; only full chunks are.</param>
    /// <param name="unsynced">Ranges of each member's bytes where the parity need not fit the data: nothing is computed there.</param>
    /// <param name="unsyncedReason">Why, for the person.</param>
    public ParityArray(ParityLayout layout, IEnumerable<BlockDevice> devices, long chunkSize, long memberLength, ByteRanges? unsynced = null, string unsyncedReason = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunkSize);
        this.layout = layout;
        this.unsynced = unsynced ?? ByteRanges.None;
        this.unsyncedReason = unsyncedReason;
        members = [.. devices.Select(device => new Member(device))];
        ArgumentOutOfRangeException.ThrowIfNotEqual(members.Length, layout.Members);
        chunk = chunkSize;
        long rows = memberLength / chunk;
        if (rows > long.MaxValue / chunk / layout.DataMembers)
            throw new CorruptException($"a device of more than {layout.DataMembers} times {rows * chunk} bytes is claimed");
        Length = rows * chunk * layout.DataMembers;
        SectorSize = members.Max(member => member.Device.SectorSize);
        int lacking = members.Count(member => !member.IsWhole || member.Device.Length < rows * chunk);
        IsWhole = lacking == 0 || (lacking <= layout.Redundancy && this.unsynced.IsEmpty);
    }

    public override long Length { get; }

    public override int SectorSize { get; }

    public override bool IsWhole { get; }

    protected override void ReadPart(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            Place place = Locate(offset);
            int count = (int)Math.Min(Math.Min(destination.Length, LargestPiece), place.LeftInChunk);
            ReadPiece(place, offset, destination[..count]);
            offset += count;
            destination = destination[count..];
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length) => Pieces(offset, length).Merged();

    /// <summary>Where a byte lies: its stripe, the member, and the offset there.</summary>
    private readonly record struct Place(StripePlan Stripe, int Member, long Offset, long LeftInChunk);

    private Place Locate(long offset)
    {
        long number = offset / chunk, within = offset - (number * chunk), row = number / layout.DataMembers;
        StripePlan stripe = layout.Stripe(row);
        return new(stripe, layout.DataMember(stripe, (int)(number - (row * layout.DataMembers))), (row * chunk) + within, chunk - within);
    }

    private void ReadPiece(in Place place, long offset, Span<byte> destination)
    {
        for (int at = 0; at < destination.Length;)
        {
            int good = members[place.Member].Read(place.Offset + at, destination[at..], out int bad, out string reason);
            at += good;
            if (bad > 0)
                Recover(place, place.Offset + at, offset + at, destination.Slice(at, bad), reason);
            at += bad;
        }
    }

    /// <summary>Computes what a member lacks.</summary>
    /// <param name="place">The stripe and the member.</param>
    /// <param name="at">Where it begins, in bytes of the members.</param>
    /// <param name="offset">The same, in bytes of the whole.</param>
    /// <param name="destination">Takes the bytes.</param>
    /// <param name="reason">Why the member cannot give them.</param>
    private void Recover(in Place place, long at, long offset, Span<byte> destination, string reason)
    {
        Span<bool> failed = stackalloc bool[members.Length];
        while (!destination.IsEmpty)
        {
            int count = (int)unsynced.Uniform(at, destination.Length, out bool isUnsynced);
            if (isUnsynced)
                throw new UnreadableException(offset, count, $"{reason}, and {unsyncedReason}");
            for (int i = 0; i < failed.Length; i++)
                failed[i] = members[i].IsGone;
            failed[place.Member] = true;
            while (true)
            {
                // Fewer bytes, or one member less: it ends.
                if (!IsRecoverable(place.Stripe, failed))
                    throw new UnreadableException(offset, count, reason);
                int failing = Compute(place, at, destination[..count], failed, out int good, out int bad);
                if (failing < 0)
                    break;
                if (good > 0)
                {
                    count = good;
                    continue;
                }
                count = Math.Min(count, bad);
                failed[failing] = true;
            }
            at += count;
            offset += count;
            destination = destination[count..];
        }
    }

    private bool IsRecoverable(StripePlan stripe, ReadOnlySpan<bool> failed)
    {
        int data = 0;
        for (int i = 0; i < failed.Length; i++)
            if (failed[i] && i != stripe.P && i != stripe.Q)
                data++;
        int parity = (failed[stripe.P] ? 0 : 1) + (stripe.Q >= 0 && !failed[stripe.Q] ? 1 : 0);
        return data <= parity;
    }

    /// <summary>
    /// Computes the bytes of <paramref name="place"/>'s member from those that did not fail. The result is -1, or the member that
    /// turned out to lack some: its first <paramref name="good"/> bytes are there, then <paramref name="bad"/> are not.
    /// </summary>
    private int Compute(in Place place, long at, Span<byte> destination, ReadOnlySpan<bool> failed, out int good, out int bad)
    {
        int target = place.Member, other = -1, length = destination.Length;
        (good, bad) = (0, 0);
        StripePlan stripe = place.Stripe;
        for (int i = 0; i < failed.Length; i++)
            if (failed[i] && i != target && i != stripe.P && i != stripe.Q)
                other = i;
        // With P and one member missing the XOR of all others is the answer; else Q is needed, and P too where two are missing.
        bool useQ = other >= 0 || failed[stripe.P], useP = !failed[stripe.P];
        byte[] buffer = ArrayPool<byte>.Shared.Rent(useQ ? 2 * length : length);
        try
        {
            Span<byte> read = buffer.AsSpan(0, length), q = useQ ? buffer.AsSpan(length, length) : default;
            destination.Clear();
            q.Clear();
            for (int i = 0; i < members.Length; i++)
            {
                if (i == target || i == other || (i == stripe.P && !useP) || (i == stripe.Q && !useQ))
                    continue;
                good = members[i].Read(at, read, out bad, out _);
                if (bad > 0)
                    return i;
                if (i == stripe.Q)
                {
                    GaloisField.Add(read, q);
                    continue;
                }
                if (useP)
                    GaloisField.Add(read, destination);
                if (useQ && i != stripe.P)
                    GaloisField.AddProduct(GaloisField.Power(layout.Weight(stripe, i)), read, q);
            }
            if (other >= 0)
                SolveTwo(destination, q, GaloisField.Power(layout.Weight(stripe, target)), GaloisField.Power(layout.Weight(stripe, other)));
            else if (useQ)
            {
                q.CopyTo(destination);
                GaloisField.Scale(GaloisField.Inverse(GaloisField.Power(layout.Weight(stripe, target))), destination);
            }
            return -1;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>x + y = p and a·x + b·y = q: x = (q + b·p) / (a + b). <paramref name="p"/> takes the answer.</summary>
    private static void SolveTwo(Span<byte> p, Span<byte> q, byte a, byte b)
    {
        GaloisField.AddProduct(b, p, q);
        q.CopyTo(p);
        GaloisField.Scale(GaloisField.Inverse((byte)(a ^ b)), p);
    }

    private IEnumerable<Extent> Pieces(long offset, long length)
    {
        long end = offset + Math.Clamp(Length - offset, 0, length), at = offset, row = chunk * layout.DataMembers;
        long window = (length / layout.DataMembers) + (2 * Math.Min(chunk, 1L << 40));
        ExtentCursor[] cursors = [.. members.Select(member => new ExtentCursor(member.Device, window))];
        try
        {
            while (at < end)
            {
                long rows = at % row == 0 ? AlikeRows(cursors, at / row * chunk, (end - at) / row, out Extent alike) : Never(out alike);
                if (rows > 0)
                {
                    yield return alike with { Offset = at, Length = rows * row };
                    at += rows * row;
                    continue;
                }
                Place place = Locate(at);
                long count = Math.Min(end - at, place.LeftInChunk);
                Extent extent = cursors[place.Member].At(place.Offset);
                count = Math.Min(count, extent.Length);
                if (extent.Kind == ExtentKind.Unreadable)
                    extent = Recoverable(cursors, place, extent, ref count);
                yield return extent with { Offset = at, Length = count };
                at += count;
            }
        }
        finally
        {
            foreach (ExtentCursor cursor in cursors)
                cursor.Dispose();
        }
        if (at < offset + length)
            yield return new(at, offset + length - at, ExtentKind.Unreadable, Reason: Beyond);
    }

    private static long Never(out Extent nothing)
    {
        nothing = default;
        return 0;
    }

    /// <summary>How many of the next rows are one thing on every member: holes, or not there. A large empty volume is one step.</summary>
    private long AlikeRows(ExtentCursor[] cursors, long at, long rows, out Extent extent)
    {
        extent = cursors[0].At(at);
        if (extent.Kind is not (ExtentKind.Hole or ExtentKind.Unreadable))
            return 0;
        foreach (ExtentCursor cursor in cursors)
        {
            if (rows == 0 || cursor.At(at).Kind != extent.Kind)
                return 0;
            rows = Math.Min(rows, cursor.At(at).Length / chunk);
        }
        return rows;
    }

    /// <summary>Whether what one member lacks can be computed, which may hold for fewer bytes than <paramref name="count"/>.</summary>
    private Extent Recoverable(ExtentCursor[] cursors, in Place place, Extent missing, ref long count)
    {
        count = unsynced.Uniform(place.Offset, count, out bool isUnsynced);
        Span<bool> failed = stackalloc bool[cursors.Length];
        for (int i = 0; i < cursors.Length; i++)
        {
            Extent extent = cursors[i].At(place.Offset);
            count = Math.Min(count, extent.Length);
            failed[i] = extent.Kind == ExtentKind.Unreadable;
        }
        return isUnsynced ? missing with { Reason = $"{missing.Reason}, and {unsyncedReason}" }
            : IsRecoverable(place.Stripe, failed) ? new(0, 0, ExtentKind.Computed)
            : missing;
    }
}
