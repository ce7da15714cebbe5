using Jumpbag.Core;
using Jumpbag.Storage.Raid;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Md.Format;

/// <summary>
/// The write-intent bitmap: which parts were being written to, and so may be out of step after a crash. Linux drivers/md/md-bitmap.h, bitmap_super_t.
/// <code>
/// 0 magic "bitm"  4 version  8 uuid[16]  24 events  32 events_cleared  40 sync_size (sectors)  48 state  52 chunksize (bytes)   256 the bits
/// </code>
/// </summary>
internal static class MdBitmap
{
    private const int HeadLength = 256, MostBytes = 1 << 20;
    private const uint Magic = 0x6D74_6962, Stale = 1 << 1, WriteError = 1 << 2, HostEndian = 3;

    /// <summary>The parts that may be out of step, in bytes of a member; null where the bitmap does not tell (it is damaged, or older than the array's state).</summary>
    public static ByteRanges? Read(BlockDevice device, long offset, ulong events)
    {
        try
        {
            var head = new byte[HeadLength];
            device.Read(offset, head);
            ReadOnlySpan<byte> b = head;
            uint version = b.Le32(4), chunk = b.Le32(52);
            if (b.Le32(0) != Magic || version is HostEndian or > 4 || b.Le64(24) < events || (b.Le32(48) & (Stale | WriteError)) != 0 || chunk < 512)
                return null;
            if (Fields.Size(b.Le64(40), 512) is not { } covered || covered / chunk / 8 >= MostBytes)
                return null;
            var bits = new byte[(covered / chunk / 8) + 1];
            device.Read(offset + HeadLength, bits);
            return new(Enumerable.Range(0, bits.Length * 8).Where(bit => (bits[bit / 8] >> (bit % 8) & 1) != 0).Select(bit => (bit * (long)chunk, (bit + 1) * (long)chunk)));
        }
        catch (UnreadableException)
        {
            return null;
        }
    }
}
