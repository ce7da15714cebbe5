namespace Jumpbag.Storage.Signatures;

/// <summary>
/// HFS and HFS+ (Apple Technote TN1150, Inside Macintosh: Files) and APFS (Apple File System Reference).
/// <code>
/// HFS  at 1024: 0 "BD"  18 drNmAlBlks  20 drAlBlkSiz  28 drAlBlSt  36 drVN (length, 27 bytes)  92+24 id  124 drEmbedSigWord  126 extent
/// HFS+ at 1024: 0 "H+" or "HX"  40 blockSize  44 totalBlocks  80+24 id  272 catalogFile: +16 extents
/// APFS at 0:    24 o_type  32 "NXSB"  36 nx_block_size  40 nx_block_count  72 nx_uuid
/// </code>
/// </summary>
internal static class Apple
{
    private const int HeaderOffset = 1024;

    public static Signature? ProbeHfs(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(HeaderOffset, 512);
        if (!b.Has(0, "BD"u8) || IsHfsPlus(b[124..]) || b.Be32(20) is 0 || b.Be32(20) % 512 != 0)
            return null;
        return Signature.FileSystem("hfs", Tags.Label(b.Slice(37, Math.Min(b[36], (byte)27))), HfsUuid(b.Slice(116, 8)),
            Fields.Size(b.Be16(18), b.Be32(20)));
    }

    public static Signature? ProbeHfsPlus(ProbeWindow window)
    {
        long start = 0;
        ReadOnlySpan<byte> b = window.At(HeaderOffset, 512);
        if (b.Has(0, "BD"u8) && IsHfsPlus(b[124..]))
        {
            start = b.Be16(28) * 512L + b.Be16(126) * (long)b.Be32(20);
            b = window.At(start + HeaderOffset, 512);
        }
        if (b.IsEmpty || !IsHfsPlus(b) || b.Be32(40) < 512 || (b.Be32(40) & (b.Be32(40) - 1)) != 0)
            return null;
        return Signature.FileSystem("hfsplus", HfsPlusLabel(window, b, start), HfsUuid(b.Slice(104, 8)), Fields.Size(b.Be32(44), b.Be32(40)));
    }

    public static Signature? ProbeApfs(ProbeWindow window) =>
        window.At(0, 4096) is var b && b.Has(32, "NXSB"u8) && b.Le16(24) == 1 && b.Le32(36) is >= 4096 and <= 65536
            ? Signature.FileSystem("apfs", null, Tags.Uuid(b.Slice(72, 16)), Fields.Size(b.Le64(40), b.Le32(36)))
            : null;

    private static bool IsHfsPlus(ReadOnlySpan<byte> b) => b.Has(0, "H+"u8) || b.Has(0, "HX"u8);

    /// <summary>The 64-bit identifier as a version 3 UUID in Apple's namespace.</summary>
    private static string? HfsUuid(ReadOnlySpan<byte> id)
    {
        if (!id.ContainsAnyExcept((byte)0))
            return null;
        Span<byte> input = stackalloc byte[24];
        ReadOnlySpan<byte> nameSpace = [0xB3, 0xE2, 0x0F, 0x39, 0xF2, 0x92, 0x11, 0xD6, 0x97, 0xA4, 0x00, 0x30, 0x65, 0x43, 0xEC, 0xAC];
        nameSpace.CopyTo(input);
        id.CopyTo(input[16..]);
        Span<byte> hash = stackalloc byte[16];
        Md5.Hash(input, hash);
        hash[6] = (byte)(0x30 | (hash[6] & 0x0F));
        hash[8] = (byte)(0x80 | (hash[8] & 0x3F));
        return Tags.Uuid(hash);
    }

    /// <summary>The volume's name is the key of the catalogue's first record, in its first leaf.</summary>
    private static string? HfsPlusLabel(ProbeWindow window, ReadOnlySpan<byte> header, long start)
    {
        long blockSize = header.Be32(40);
        const int Extents = 272 + 16;
        ReadOnlySpan<byte> root = window.At(start + header.Be32(Extents) * blockSize, 512);
        if (root.IsEmpty || root.Be16(32) < 512)
            return null;
        int nodeLength = root.Be16(32);
        long position = (long)root.Be32(24) * nodeLength;
        for (int i = 0; i < 8; i++)
        {
            long length = header.Be32(Extents + i * 8 + 4) * blockSize;
            if (position >= length)
            {
                position -= length;
                continue;
            }
            ReadOnlySpan<byte> leaf = window.At(start + header.Be32(Extents + i * 8) * blockSize + position, nodeLength);
            bool isName = !leaf.IsEmpty && leaf[8] == 0xFF && leaf.Be16(10) > 0 && leaf.Be32(16) == 1 && leaf.Be16(20) <= 255
                && 22 + leaf.Be16(20) * 2 <= leaf.Length;
            return isName ? Tags.Utf16Label(leaf.Slice(22, leaf.Be16(20) * 2), bigEndian: true) : null;
        }
        return null;
    }
}
