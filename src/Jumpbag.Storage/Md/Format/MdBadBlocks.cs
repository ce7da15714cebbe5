using Jumpbag.Core;
using Jumpbag.Storage.Raid;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Md.Format;

/// <summary>
/// A member's list of blocks that could not be written, and so hold old data: 64-bit entries, 54 bits of sector (of the device) and 10 of
/// length, ended by one of all ones. Linux drivers/md/md.c, super_1_load.
/// </summary>
internal static class MdBadBlocks
{
    /// <summary>In bytes of the device.</summary>
    /// <exception cref="CorruptException">The list cannot be read.</exception>
    public static ByteRanges Read(BlockDevice device, (long Offset, int Length, int Shift) place)
    {
        var bytes = new byte[place.Length];
        try
        {
            device.Read(place.Offset, bytes);
        }
        catch (UnreadableException e)
        {
            throw new CorruptException($"its list of bad blocks cannot be read: {e.Reason}");
        }
        var ranges = new List<(long, long)>();
        for (int i = 0; i + 8 <= bytes.Length; i += 8)
        {
            ulong entry = ((ReadOnlySpan<byte>)bytes).Le64(i);
            if (entry == ulong.MaxValue)
                break;
            UInt128 unit = (UInt128)512 << Math.Min(place.Shift, 63), start = (entry >> 10) * unit, end = start + ((entry & 0x3FF) * unit);
            if (start < long.MaxValue)
                ranges.Add(((long)start, (long)UInt128.Min(end, long.MaxValue)));
        }
        return new(ranges);
    }
}
