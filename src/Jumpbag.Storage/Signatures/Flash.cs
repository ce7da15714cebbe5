using Jumpbag.Core;

namespace Jumpbag.Storage.Signatures;

/// <summary>Log-structured filesystems: F2FS and NILFS2.</summary>
internal static class Flash
{
    /// <summary>
    /// Linux include/linux/f2fs_fs.h, at 1 KiB; a copy in the second block.
    /// <code>0 magic  4 major_ver  6 minor_ver  16 log_blocksize  36 block_count  108 uuid  124 volume_name (UTF-16, 512)</code>
    /// </summary>
    public static Signature? ProbeF2fs(ProbeWindow window)
    {
        foreach (int offset in (ReadOnlySpan<int>)[1024, 4096 + 1024])
        {
            ReadOnlySpan<byte> b = window.At(offset, 124 + 1024);
            if (!b.Has(0, [0x10, 0x20, 0xF5, 0xF2]))
                continue;
            return Signature.FileSystem("f2fs", Tags.Utf16Label(b[124..]), Tags.Uuid(b.Slice(108, 16)),
                b.Le32(16) <= 16 ? Fields.Size(b.Le64(36), 1UL << (int)b.Le32(16)) : null, ("VERSION", $"{b.Le16(4)}.{b.Le16(6)}"));
        }
        return null;
    }

    /// <summary>
    /// Linux include/uapi/linux/nilfs2_ondisk.h, at 1 KiB, and a copy 4 KiB before the end.
    /// <code>0 s_rev_level  6 s_magic  8 s_bytes  12 s_crc_seed  16 s_sum  32 s_dev_size  152 s_uuid  168 s_volume_name[80]</code>
    /// </summary>
    public static Signature? ProbeNilfs2(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(1024, 1024);
        if (!IsNilfs2(b))
            b = window.At((window.Length / 512 - 8) * 512, 1024);
        return IsNilfs2(b)
            ? Signature.FileSystem("nilfs2", Tags.Label(b.Slice(168, 80)), Tags.Uuid(b.Slice(152, 16)), Fields.Size(b.Le64(32), 1),
                ("VERSION", Tags.Number(b.Le32(0))))
            : null;
    }

    private static bool IsNilfs2(ReadOnlySpan<byte> b)
    {
        if (b.IsEmpty || b.Le16(6) != 0x3434 || b.Le16(8) is < 24 or > 1024)
            return false;
        uint sum = Checksums.Crc32(b.Le32(12), b[..16]);
        sum = Checksums.Crc32(sum, (ReadOnlySpan<byte>)[0, 0, 0, 0]);
        return Checksums.Crc32(sum, b[20..b.Le16(8)]) == b.Le32(16);
    }
}
