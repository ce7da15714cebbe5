namespace Jumpbag.Storage.Signatures;

/// <summary>
/// Swap space, and the hibernation images that stand in its place. The mark ends the first page, whose size only the
/// machine that made it knew. Linux include/linux/swap.h, union swap_header.
/// <code>
/// 1024 version   1028 last_page   1032 nr_badpages   1036 sws_uuid   1052 sws_volume   1068 padding[117]
/// </code>
/// </summary>
internal static class Swap
{
    /// <summary>From the smallest to the largest that Linux ever had.</summary>
    public static ReadOnlySpan<int> PageSizes => [4096, 8192, 16384, 32768, 65536];

    private const int HeaderOffset = 1024, HeaderLength = 1068 + 35 * 4 - 1024;

    public static Signature? Probe(ProbeWindow window)
    {
        foreach (int pageSize in PageSizes)
        {
            ReadOnlySpan<byte> mark = window.At(pageSize - 10, 10);
            if (mark.Has(0, "SWAP-SPACE"u8))
                return Signature.Other("swap", details: ("VERSION", "0"));
            if (mark.Has(0, "SWAPSPACE2"u8) && Header(window) is var header && IsHeader(header))
            {
                (string? label, string? uuid) = Names(header);
                return Signature.Other("swap", label, uuid, Size(header, pageSize), ("VERSION", "1"));
            }
        }
        return null;
    }

    public static Signature? ProbeSuspended(ProbeWindow window)
    {
        if (window.At(0, 8).Has(0, [0xED, 0xC3, 0x02, 0xE9, 0x98, 0x56, 0xE5, 0x0C]))
            return Suspended(window, "tuxonice");
        foreach (int pageSize in PageSizes)
        {
            ReadOnlySpan<byte> mark = window.At(pageSize - 10, 10);
            string? version = mark.Has(0, "S1SUSPEND"u8) ? "s1suspend" : mark.Has(0, "S2SUSPEND"u8) ? "s2suspend"
                : mark.Has(0, "ULSUSPEND"u8) ? "ulsuspend" : mark.Has(0, "LINHIB0001"u8) ? "linhib0001" : null;
            if (version is not null)
                return Suspended(window, version);
        }
        return null;
    }

    /// <summary>From the bytes that follow the first 1024: version 1 in either byte order, and a page count.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> header) =>
        header.Length >= 12 && (header.Le32(0) == 1 || header.Be32(0) == 1) && header.Le32(4) != 0;

    public static long? Size(ReadOnlySpan<byte> header, int pageSize) =>
        Fields.Size((header.Le32(0) == 1 ? header.Le32(4) : header.Be32(4)) + 1UL, (ulong)pageSize);

    public static ReadOnlySpan<byte> Header(ProbeWindow window) => window.At(HeaderOffset, HeaderLength);

    /// <summary>Old versions of mkswap left whatever was there: then the padding is not zero.</summary>
    public static (string? Label, string? Uuid) Names(ReadOnlySpan<byte> header) =>
        header.IsEmpty || header.Le64(44 + 32 * 4) != 0 ? (null, null) : (Tags.Label(header.Slice(28, 16)), Tags.Uuid(header.Slice(12, 16)));

    private static Signature Suspended(ProbeWindow window, string version)
    {
        (string? label, string? uuid) = Names(Header(window));
        return Signature.Other("swsuspend", label, uuid, null, ("VERSION", version));
    }
}
