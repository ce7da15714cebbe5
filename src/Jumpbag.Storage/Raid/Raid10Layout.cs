using Jumpbag.Core;

namespace Jumpbag.Storage.Raid;

/// <summary>
/// Where RAID 10 keeps the copies of each chunk. "Near" copies lie side by side, "far" ones in another part of the members,
/// "offset" ones in the next row. The number is MD's: 0..7 near copies, 8..15 far copies, 16 offset, 17.. how members are
/// grouped for the far copies (drivers/md/raid10.c of Linux, setup_geo).
/// </summary>
public sealed class Raid10Layout
{
    private readonly int near, far, groupSize;
    private readonly bool isOffset;
    private readonly long stride;

    private Raid10Layout(int number, int members, int groupSize, long chunk, long memberLength)
    {
        near = number & 255;
        far = (number >> 8) & 255;
        isOffset = (number & (1 << 16)) != 0;
        this.groupSize = groupSize;
        Members = members;
        // As calc_sectors does, in chunks.
        long rows = memberLength / chunk;
        Chunks = (long)((UInt128)(ulong)(rows / far) * (ulong)members / (ulong)near);
        long used = (long)(((UInt128)(ulong)Chunks * (ulong)Copies + (ulong)members - 1) / (ulong)members);
        stride = isOffset ? 1 : used / far;
    }

    public int Members { get; }

    /// <summary>Of each chunk, on as many members.</summary>
    public int Copies => near * far;

    /// <summary>How many different chunks there are.</summary>
    public long Chunks { get; }

    public bool IsNear => far == 1;

    /// <exception cref="UnsupportedException">Bits of the number are not known.</exception>
    /// <exception cref="CorruptException">The members are too few for it.</exception>
    public static Raid10Layout Create(int number, int members, long chunk, long memberLength)
    {
        int near = number & 255, far = (number >> 8) & 255;
        if (number < 0 || number >> 17 is < 0 or > 2)
            throw new UnsupportedException($"RAID 10 with the layout 0x{number:x} is not known here");
        if (near == 0 || far == 0 || near * far > members)
            throw new CorruptException($"RAID 10 of {members} members with {near} near and {far} far copies is claimed");
        int group = (number >> 17) switch { 1 => members / far, 2 => near * far, _ => members };
        return new(number, members, group, chunk, memberLength);
    }

    /// <summary>Whether each chunk has a copy on a member that is there. Which members have one repeats itself with as many chunks as there are members.</summary>
    public bool Survives(ReadOnlySpan<bool> lacking)
    {
        Span<(int Member, long Row)> copies = stackalloc (int, long)[Copies];
        for (long chunk = 0; chunk < Math.Min(Chunks, Members); chunk++)
        {
            Locate(chunk, copies);
            bool found = false;
            foreach ((int member, _) in copies)
                found |= !lacking[member];
            if (!found)
                return false;
        }
        return true;
    }

    /// <summary>The places of a chunk's copies: members, and rows of chunks there. The kernel reads them in this order.</summary>
    public void Locate(long chunk, Span<(int Member, long Row)> copies)
    {
        UInt128 first = (UInt128)(ulong)chunk * (ulong)near;
        int member = (int)(first % (ulong)Members);
        long row = (long)(first / (ulong)Members) * (isOffset ? far : 1);
        int lastGroupStart = (Members / groupSize - 1) * groupSize, lastGroupSize = groupSize + (Members % groupSize), slot = 0;
        for (int n = 0; n < near; n++)
        {
            int at = member;
            copies[slot++] = (at, row);
            for (int f = 1; f < far; f++)
            {
                int group = at / groupSize;
                at += near;
                at = Members % groupSize != 0 && at > lastGroupStart
                    ? ((at - lastGroupStart) % lastGroupSize) + lastGroupStart
                    : (at % groupSize) + (groupSize * group);
                copies[slot++] = (at, row + (f * stride));
            }
            if (++member >= Members)
            {
                member = 0;
                row++;
            }
        }
    }
}
