namespace Jumpbag.Storage.Signatures;

/// <summary>Encrypted volumes, and the hashes and tags of dm-verity and dm-integrity.</summary>
internal static class Encrypted
{
    private const int LuksHeaderLength = 512;

    /// <summary>Where a second LUKS2 header may stand (LUKS2 On-Disk Format Specification 1.1, table 1).</summary>
    private static ReadOnlySpan<int> SecondHeaders => [0x4000, 0x8000, 0x1_0000, 0x2_0000, 0x4_0000, 0x8_0000, 0x10_0000, 0x20_0000, 0x40_0000];

    /// <summary>
    /// https://gitlab.com/cryptsetup/cryptsetup/-/wikis/Specification and the LUKS2 On-Disk Format Specification.
    /// <code>
    /// 0 magic[6]  6 version  both; then 1: 104 payload offset, 168 uuid[40]
    ///                              2: 8 hdr_size, 24 label[48], 168 uuid[40], 208 subsystem[48], 256 hdr_offset
    /// </code>
    /// </summary>
    public static Signature? ProbeLuks(ProbeWindow window)
    {
        if (IsLuks(window.At(0, LuksHeaderLength), 0))
            return DescribeLuks(window.At(0, LuksHeaderLength));
        foreach (int offset in SecondHeaders)
            if (window.At(offset, LuksHeaderLength) is var second && second.Has(0, "SKUL"u8) && IsLuks(second, (ulong)offset))
                return DescribeLuks(second);
        return null;
    }

    public static bool IsLuks(ReadOnlySpan<byte> b, ulong offset) =>
        b.Length >= LuksHeaderLength && (b.Has(0, "LUKS"u8) || b.Has(0, "SKUL"u8)) && b.Be16(4) == 0xBABE
        && (b.Be16(6) == 1 || (b.Be16(6) == 2 && b.Be64(256) == offset));

    public static Signature DescribeLuks(ReadOnlySpan<byte> b)
    {
        int version = b.Be16(6);
        return Signature.Crypto("crypto_LUKS", version == 2 ? Tags.Label(b.Slice(24, 48)) : null, Tags.Label(b.Slice(168, 40)),
            ("VERSION", Tags.Number(version)), ("SUBSYSTEM", version == 2 ? Tags.Label(b.Slice(208, 48)) : null));
    }

    /// <summary>
    /// https://github.com/libyal/libbde/blob/main/documentation/BitLocker%20Drive%20Encryption%20(BDE)%20format.asciidoc:
    /// the offset of its metadata stands at 176, or at 440 on removable drives.
    /// </summary>
    public static Signature? ProbeBitLocker(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(0, 512);
        if (b.Has(0, [0xEB, 0x52, 0x90]) && b.Has(3, "-FVE-FS-"u8))
            return Signature.Crypto("BitLocker", null, null);
        bool fixedDrive = b.Has(0, [0xEB, 0x58, 0x90]) && b.Has(3, "-FVE-FS-"u8), removable = b.Has(0, [0xEB, 0x58, 0x90]) && b.Has(3, "MSWIN4.1"u8);
        if (!fixedDrive && !removable)
            return null;
        ulong offset = b.Le64(fixedDrive ? 176 : 440);
        ReadOnlySpan<byte> metadata = offset is 0 or > long.MaxValue ? default : window.At((long)offset, 12);
        return metadata.Has(0, "-FVE-FS-"u8)
            ? Signature.Crypto("BitLocker", null, fixedDrive ? $"{(int)b.Le32(67):D16}" : null, ("VERSION", Tags.Number(metadata.Le16(10))))
            : null;
    }

    public static Signature? ProbeVerity(ProbeWindow window) =>
        window.At(0, 512) is var b && b.Has(0, "verity\0\0"u8) && b.Le32(8) == 1
            ? Signature.Crypto("DM_verity_hash", null, Tags.Uuid(b.Slice(16, 16)), ("VERSION", "1"))
            : null;

    public static Signature? ProbeIntegrity(ProbeWindow window) =>
        window.At(0, 512) is var b && b.Has(0, "integrt\0"u8) && b[8] is >= 1 and <= 5
            ? Signature.Crypto("DM_integrity", null, null, ("VERSION", Tags.Number(b[8])))
            : null;
}
