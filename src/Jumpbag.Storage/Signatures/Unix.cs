namespace Jumpbag.Storage.Signatures;

/// <summary>Filesystems of other and older Unixes: UFS, Minix, JFS, ReiserFS.</summary>
internal static class Unix
{
    /// <summary>FreeBSD sys/ufs/ffs/fs.h. Either byte order; the superblock stands at 0, 8, 64 or 256 KiB.</summary>
    public static Signature? ProbeUfs(ProbeWindow window)
    {
        foreach (int offset in (ReadOnlySpan<int>)[0, 8 * 1024, 64 * 1024, 256 * 1024])
        {
            ReadOnlySpan<byte> magic = window.At(offset + 1372, 4);
            if (magic.IsEmpty || (!IsUfs(magic.Le32(0)) && !IsUfs(magic.Be32(0))))
                continue;
            ReadOnlySpan<byte> b = window.At(offset, 1376);
            bool second = magic.Le32(0) == 0x1954_0119 || magic.Be32(0) == 0x1954_0119, bigEndian = IsUfs(magic.Be32(0));
            uint high = bigEndian ? b.Be32(144) : b.Le32(144), low = bigEndian ? b.Be32(148) : b.Le32(148);
            return Signature.FileSystem("ufs", second ? Tags.Label(b.Slice(680, 32)) : null,
                (high | low) != 0 ? $"{high:x8}{low:x8}" : null, null, ("VERSION", second ? "2" : "1"));
        }
        return null;
    }

    private static bool IsUfs(uint magic) =>
        magic is 0x1954_0119 or 0x0001_1954 or 0x0019_5612 or 0x0009_5014 or 0x0061_2195 or 0x0523_1994;

    /// <summary>
    /// Linux include/linux/minix_fs.h, at 1 KiB; a 16-bit magic in either byte order, so the bitmaps must fit the counts.
    /// <code>0 s_ninodes  2 s_nzones  4 s_imap_blocks  6 s_zmap_blocks  8 s_firstdatazone  16 s_magic  20 s_zones; version 3: 24 s_magic</code>
    /// </summary>
    public static Signature? ProbeMinix(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(1024, 64);
        if (b.IsEmpty || b.Le16(ExtSuperblock.MagicOffset) == ExtSuperblock.Magic)
            return null;
        (int version, bool swapped) = MinixVersion(b.Le16(16)) is var little and > 0 ? (little, false)
            : b.Le16(24) == 0x4D5A ? (3, false)
            : MinixVersion(b.Be16(16)) is var big and > 0 ? (big, true)
            : b.Be16(24) == 0x4D5A ? (3, true) : (0, false);
        if (version == 0)
            return null;
        if (version == 3)
        {
            bool mapped = b.Le16(6) != 0 && b.Le16(8) != 0;
            int blockSize = swapped ? b.Be16(28) : b.Le16(28);
            bool fits = mapped && blockSize is >= 1024 and <= 65535 && blockSize % 512 == 0;
            return fits ? Signature.FileSystem("minix", null, null, null, ("VERSION", "3")) : null;
        }
        int inodes = swapped ? b.Be16(0) : b.Le16(0), inodeMap = swapped ? b.Be16(4) : b.Le16(4), zoneMap = swapped ? b.Be16(6) : b.Le16(6);
        int first = swapped ? b.Be16(8) : b.Le16(8);
        long zones = version == 2 ? (swapped ? b.Be32(20) : b.Le32(20)) : swapped ? b.Be16(2) : b.Le16(2);
        bool plausible = inodeMap > 0 && zoneMap > 0 && inodeMap * 8192L >= inodes + 1 && zoneMap * 8192L >= zones - first + 1;
        return plausible ? Signature.FileSystem("minix", null, null, zones * 1024, ("VERSION", Tags.Number(version))) : null;
    }

    private static int MinixVersion(ushort magic) => magic switch
    {
        0x137F or 0x138F => 1,
        0x2468 or 0x2478 => 2,
        _ => 0,
    };

    /// <summary>Linux fs/jfs/jfs_superblock.h, at 32 KiB: 8 s_size  16 s_bsize  20 s_l2bsize  24 s_pbsize  28 s_l2pbsize  136 s_uuid  152 s_label.</summary>
    public static Signature? ProbeJfs(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(32 * 1024, 184);
        bool fits = b.Has(0, "JFS1"u8) && b.Le16(20) < 31 && b.Le32(16) == 1u << b.Le16(20) && b.Le16(28) < 31 && b.Le32(24) == 1u << b.Le16(28);
        return fits
            ? Signature.FileSystem("jfs", Tags.Label(b.Slice(152, 16)), Tags.Uuid(b.Slice(136, 16)), Fields.Size(b.Le64(8), b.Le32(24)))
            : null;
    }

    /// <summary>
    /// Linux fs/reiserfs/reiserfs.h, at 64 KiB (3.5 also at 8 KiB):
    /// 0 s_block_count  12 journal block  44 s_blocksize  52 s_magic  84 s_uuid  100 s_label.
    /// </summary>
    public static Signature? ProbeReiserFs(ProbeWindow window)
    {
        foreach (int offset in (ReadOnlySpan<int>)[64 * 1024, 8 * 1024])
        {
            ReadOnlySpan<byte> b = window.At(offset, 116);
            string? version = b.Has(52, "ReIsErFs"u8) ? "3.5" : b.Has(52, "ReIsEr2Fs"u8) ? "3.6" : b.Has(52, "ReIsEr3Fs"u8) ? "JR" : null;
            if (version is null || b.Le16(44) < 512 || offset / 1024 / (b.Le16(44) >> 9) > b.Le32(12) / 2)
                continue;
            bool named = version != "3.5";
            return Signature.FileSystem("reiserfs", named ? Tags.Label(b.Slice(100, 16)) : null, named ? Tags.Uuid(b.Slice(84, 16)) : null,
                Fields.Size(b.Le32(0), b.Le16(44)), ("VERSION", version));
        }
        return null;
    }

    public static Signature? ProbeReiser4(ProbeWindow window) =>
        window.At(64 * 1024, 64) is var b && b.Has(0, "ReIsEr4"u8)
            ? Signature.FileSystem("reiser4", Tags.Label(b.Slice(36, 16)), Tags.Uuid(b.Slice(20, 16)), null, ("VERSION", "4"))
            : null;
}
