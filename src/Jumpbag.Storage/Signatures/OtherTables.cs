namespace Jumpbag.Storage.Signatures;

/// <summary>Partition tables other than MBR and GPT: named by blkid's PTTYPE word, not read.</summary>
internal static class OtherTables
{
    public static Signature? Probe(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(0, 1024);
        if (b.IsEmpty)
            return null;
        string? format =
            b.Be16(508) == 0xDABE && Xor(b[..512]) == 0 ? "sun"
            : b.Be32(0) == 0x0BE5_A941 ? "sgi"
            : b.Be32(0) == 0xC9C2_D4C1 ? "aix"
            : b.Has(0, "ER"u8) && (b.Has(512, "PM"u8) || b.Has(512, "TS"u8)) ? "mac"
            : IsBsd(b) ? "bsd"
            : IsAmiga(b) ? "amiga"
            : null;
        return format is null ? null : Signature.Other(format);
    }

    /// <summary>4.4BSD disklabel: the magic stands twice, 132 bytes apart.</summary>
    private static bool IsBsd(ReadOnlySpan<byte> b)
    {
        foreach (int offset in (ReadOnlySpan<int>)[512, 64, 128])
            if (b.Le32(offset) == 0x8256_4557 && b.Le32(offset + 132) == 0x8256_4557)
                return true;
        return false;
    }

    private static bool IsAmiga(ReadOnlySpan<byte> b) => b.Has(0, "RDSK"u8) || b.Has(512, "RDSK"u8);

    private static int Xor(ReadOnlySpan<byte> label)
    {
        int sum = 0;
        for (int i = 0; i < label.Length; i += 2)
            sum ^= label.Be16(i);
        return sum;
    }
}
