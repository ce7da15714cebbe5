using Jumpbag.Core;
using Jumpbag.Storage.Raid;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Lvm.Format;

/// <summary>
/// The log of an LVM mirror: which regions are alike on all of its devices. Linux drivers/md/dm-log.c, struct log_header_disk.
/// <code>
/// 0 magic "MiRr"  4 version  8 nr_regions   1024 a bit for each region, set where it is in sync
/// </code>
/// </summary>
internal static class MirrorLog
{
    private const uint Magic = 0x4D69_5272;
    private const int BitsOffset = 1024;
    private const long MostRegions = 1L << 26;

    /// <summary>The ranges of the mirror that need not be alike; null where the log does not tell.</summary>
    /// <param name="log">The log's volume.</param>
    /// <param name="length">Of the mirror, in bytes.</param>
    /// <param name="regionSize">In bytes.</param>
    public static ByteRanges? Unsynced(BlockDevice log, long length, long regionSize)
    {
        long regions = (length + regionSize - 1) / regionSize;
        try
        {
            var head = new byte[512];
            log.Read(0, head);
            ReadOnlySpan<byte> b = head;
            if (b.Le32(0) != Magic || b.Le32(4) is 0 or > 2 || regions > MostRegions)
                return null;
            var bits = new byte[(regions + 7) / 8];
            log.Read(BitsOffset, bits);
            // A mirror that has grown has regions that the log does not know yet.
            long known = (long)Math.Min(b.Le64(8), (ulong)regions);
            return new(Regions(bits, regions, known, regionSize));
        }
        catch (UnreadableException)
        {
            return null;
        }
    }

    private static IEnumerable<(long, long)> Regions(byte[] bits, long regions, long known, long regionSize)
    {
        for (long region = 0; region < regions; region++)
            if (region >= known || (bits[region / 8] >> (int)(region % 8) & 1) == 0)
                yield return (region * regionSize, (region + 1) * regionSize);
    }
}
