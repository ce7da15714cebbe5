using System.Globalization;

namespace Jumpbag.Storage.Signatures;

/// <summary>What several machines use at once: OCFS2, GFS2, VMFS, DRBD; and block caches.</summary>
internal static class Clustered
{
    private static ReadOnlySpan<byte> CacheMagic => [0xC6, 0x85, 0x73, 0xF6, 0x4E, 0x1A, 0x45, 0xCA, 0x82, 0x65, 0xF5, 0x7F, 0x48, 0xBA, 0x6D, 0x81];

    private static ReadOnlySpan<byte> CacheFsMagic => [0xC6, 0x85, 0x73, 0xF6, 0x66, 0xCE, 0x90, 0xA9, 0xD9, 0x6A, 0x60, 0xCF, 0x80, 0x3D, 0xF7, 0xEF];

    /// <summary>Linux fs/ocfs2/ocfs2_fs.h: in the third block. 192 s_major_rev_level  240 s_blocksize_bits  272 s_label[64]  336 s_uuid.</summary>
    public static Signature? ProbeOcfs2(ProbeWindow window)
    {
        foreach (int offset in (ReadOnlySpan<int>)[1024, 2048, 4096, 8192])
            if (window.At(offset, 512) is var b && b.Has(0, "OCFSV2"u8))
                return Signature.FileSystem("ocfs2", Tags.Label(b.Slice(272, 64)), Tags.Uuid(b.Slice(336, 16)), null,
                    ("VERSION", $"{b.Le16(192)}.{b.Le16(194)}"));
        return null;
    }

    /// <summary>Linux include/uapi/linux/gfs2_ondisk.h, at 64 KiB, big-endian: 24 sb_fs_format  28 sb_multihost_format  160 sb_locktable  256 sb_uuid.</summary>
    public static Signature? ProbeGfs2(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(64 * 1024, 272);
        if (!b.Has(0, [0x01, 0x16, 0x19, 0x70]))
            return null;
        bool second = b.Be32(24) is >= 1801 and < 1900 && b.Be32(28) == 1900, first = b.Be32(24) == 1309 && b.Be32(28) == 1401;
        return first || second
            ? Signature.FileSystem(second ? "gfs2" : "gfs", Tags.Label(b.Slice(160, 64)), Tags.Uuid(b.Slice(256, 16)), null,
                ("VERSION", second ? "1" : null))
            : null;
    }

    /// <summary>VMFS: the volume manager's header at 1 MiB, the filesystem's at 2 MiB. https://github.com/glandium/vmfs-tools</summary>
    public static Signature? ProbeVmfsVolume(ProbeWindow window)
    {
        if (window.At(1024 * 1024, 4) is var magic && !magic.Has(0, [0x0D, 0xD0, 0x01, 0xC0]))
            return null;
        ReadOnlySpan<byte> b = window.At(1024 * 1024, 1024);
        return b.IsEmpty ? null : Signature.Raid("VMFS_volume_member", null, Tags.Label(b.Slice(532, 35)), null,
            ("VERSION", Tags.Number(b.Le32(4))), ("UUID_SUB", VmfsUuid(b.Slice(130, 16))));
    }

    public static Signature? ProbeVmfs(ProbeWindow window) =>
        window.At(2048 * 1024, 157) is var b && b.Has(0, [0x5E, 0xF1, 0xAB, 0x2F])
            ? Signature.FileSystem("VMFS", Tags.Label(b.Slice(29, 128)), VmfsUuid(b.Slice(9, 16)), null, ("VERSION", Tags.Number(b[8])))
            : null;

    private static string VmfsUuid(ReadOnlySpan<byte> b) =>
        $"{b.Le32(0):x8}-{b.Le32(4):x8}-{b.Le16(8):x4}-{Convert.ToHexStringLower(b.Slice(10, 6))}";

    /// <summary>drbd-headers, drbd_meta_data.h: in the last 4 KiB, big-endian. 56 (v08) or 48 device_uuid, then flags and magic.</summary>
    public static Signature? ProbeDrbd(ProbeWindow window)
    {
        if (window.Length < 0x10000)
            return null;
        ReadOnlySpan<byte> b = window.At(window.Length - 4096, 128);
        if (b.IsEmpty)
            return null;
        string? version = b.Be32(60) switch
        {
            0x8374_026B or 0x8374_026C => "v08",
            0x8374_026D => "v09",
            _ => null,
        };
        return version is null ? null
            : Signature.Raid("drbd", null, b.Be64(48).ToString("x", CultureInfo.InvariantCulture), null, ("VERSION", version));
    }

    /// <summary>Linux drivers/md/bcache/bcache_ondisk.h, at 4 KiB: 8 offset  16 version  24 magic  40 uuid  56 set uuid  72 label.</summary>
    public static Signature? ProbeBcache(ProbeWindow window) =>
        window.At(4096, 256) is var b && b.Has(24, CacheMagic) && b.Le64(8) == 8
            ? Signature.Other("bcache", Tags.Label(b.Slice(72, 32)), Tags.Uuid(b.Slice(40, 16)), null,
                ("VERSION", b.Le64(16).ToString(CultureInfo.InvariantCulture)), ("SET_UUID", Tags.Uuid(b.Slice(56, 16))))
            : null;

    /// <summary>Linux fs/bcachefs/bcachefs_format.h, struct bch_sb, at 4 KiB: 16 version  24 magic  40 uuid  56 user_uuid  72 label  104 offset.</summary>
    public static Signature? ProbeBcacheFs(ProbeWindow window) =>
        window.At(4096, 256) is var b && (b.Has(24, CacheFsMagic) || b.Has(24, CacheMagic)) && b.Le64(104) == 8 && b[123] > 0 && b[122] < b[123]
            ? Signature.FileSystem("bcachefs", Tags.Label(b.Slice(72, 32)), Tags.Uuid(b.Slice(56, 16)), null,
                ("VERSION", Tags.Number(b.Le16(16))))
            : null;
}
