using System.Globalization;

namespace Jumpbag.Storage.Signatures;

/// <summary>
/// A ZFS device carries four labels of 256 KiB, two at its start and two at its end: name-value pairs at 16 KiB (XDR,
/// big-endian), and from 128 KiB on a ring of uberblocks. ZFS On-Disk Specification, chapter 1.
/// </summary>
internal static class Zfs
{
    private const int LabelLength = 256 * 1024, PairsOffset = 16 * 1024, PairsLength = 16 * 1024, RingOffset = 128 * 1024;
    private const ulong UberblockMagic = 0x00BA_B10C;
    private const long MinimumDevice = 64 * 1024 * 1024;

    public static Signature? Probe(ProbeWindow window)
    {
        if (window.Length < MinimumDevice)
            return null;
        long end = window.Length / LabelLength * LabelLength;
        foreach (long label in (ReadOnlySpan<long>)[0, LabelLength, end - 2 * LabelLength, end - LabelLength])
            if (ProbeLabel(window, label) is { } signature)
                return signature;
        return null;
    }

    private static Signature? ProbeLabel(ProbeWindow window, long label)
    {
        // XDR encoding, then the byte order of its writer.
        ReadOnlySpan<byte> start = window.At(label + PairsOffset, 4);
        if (start.IsEmpty || start[0] != 1 || start[1] > 1)
            return null;
        ReadOnlySpan<byte> pairs = window.At(label + PairsOffset, PairsLength);
        string? name = null, guid = null, pool = null;
        for (int at = 12; at + 16 <= pairs.Length;)
        {
            uint size = pairs.Be32(at), nameLength = pairs.Be32(at + 8);
            if (size < 24 || size > pairs.Length - at || nameLength > size - 24)
                break;
            ReadOnlySpan<byte> key = pairs.Slice(at + 12, (int)nameLength);
            int value = at + 12 + (((int)nameLength + 3) & ~3);
            int room = at + (int)size - value;
            if (room >= 12 && pairs.Be32(value) == 9 && key.SequenceEqual("name"u8) && pairs.Be32(value + 8) <= room - 12)
                name = Tags.Label(pairs.Slice(value + 12, (int)pairs.Be32(value + 8)));
            else if (room >= 16 && pairs.Be32(value) == 8 && key.SequenceEqual("guid"u8))
                guid = pairs.Be64(value + 8).ToString(CultureInfo.InvariantCulture);
            else if (room >= 16 && pairs.Be32(value) == 8 && key.SequenceEqual("pool_guid"u8))
                pool = pairs.Be64(value + 8).ToString(CultureInfo.InvariantCulture);
            at += (int)size;
        }
        return pool is not null && HasUberblock(window, label)
            ? Signature.Raid("zfs_member", name, pool, null, ("UUID_SUB", guid))
            : null;
    }

    private static bool HasUberblock(ProbeWindow window, long label)
    {
        ReadOnlySpan<byte> ring = window.At(label + RingOffset, LabelLength - RingOffset);
        for (; ring.Length >= 8; ring = ring[1024..])
            if (ring.Le64(0) == UberblockMagic || ring.Be64(0) == UberblockMagic)
                return true;
        return false;
    }
}
