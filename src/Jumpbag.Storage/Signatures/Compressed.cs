namespace Jumpbag.Storage.Signatures;

/// <summary>Compressed files: an image that somebody packed. The name is that of the compressor.</summary>
internal static class Compressed
{
    public static Signature? Probe(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(0, (int)Math.Min(window.Length, 16));
        if (b.Length < 10)
            return null;
        string? format =
            b.Has(0, [0x1F, 0x8B, 0x08]) && (b[3] & 0xE0) == 0 ? "gzip"
            : b.Has(0, [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) ? "xz"
            : b.Has(0, [0x28, 0xB5, 0x2F, 0xFD]) ? "zstd"
            : b.Has(0, "BZh"u8) && b[3] is >= (byte)'1' and <= (byte)'9' && b.Has(4, [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) ? "bzip2"
            : b.Has(0, [0x04, 0x22, 0x4D, 0x18]) ? "lz4"
            : b.Has(0, "LZIP"u8) && b[4] == 1 ? "lzip"
            : null;
        return format is null ? null : Signature.Other(format);
    }
}
