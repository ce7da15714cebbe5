using System.Text;

namespace Jumpbag.Storage.Signatures;

/// <summary>
/// ISO 9660 (ECMA-119): volume descriptors of 2048 bytes from 32 KiB on.
/// <code>
/// 0 type  1 "CD001"  8 system identifier  40 volume identifier[32]  80 volume space size  88 escape sequences
/// 128 logical block size  813 created  830 modified: YYYYMMDDhhmmsscc and an offset from Greenwich
/// </code>
/// </summary>
internal static class Iso9660
{
    private const int FirstDescriptor = 0x8000, DescriptorLength = 2048, MaximumDescriptors = 16;

    public static Signature? Probe(ProbeWindow window)
    {
        ReadOnlySpan<byte> primary = window.At(FirstDescriptor, DescriptorLength);
        if (primary.Has(9, "CDROM"u8))
            return Signature.FileSystem("iso9660", Tags.Label(primary.Slice(48, 32)), null, null, ("VERSION", "High Sierra"));
        if (!primary.Has(1, "CD001"u8))
            return null;
        string? label = Tags.Label(primary.Slice(40, 32));
        string? joliet = null;
        for (int i = 1; i <= MaximumDescriptors && joliet is null; i++)
        {
            ReadOnlySpan<byte> next = window.At(FirstDescriptor + i * DescriptorLength, DescriptorLength);
            if (next.IsEmpty || next[0] == 0xFF)
                break;
            if (next[0] == 2 && next.Has(88, "%/"u8) && next[90] is (byte)'@' or (byte)'C' or (byte)'E')
            {
                joliet = "Joliet Extension";
                // Joliet's label has room for half as many characters: the longer one wins where it begins alike.
                if (!BeginsAlike(primary.Slice(40, 32), next.Slice(40, 32)))
                    label = Tags.Utf16Label(next.Slice(40, 32), bigEndian: true);
            }
        }
        return Signature.FileSystem("iso9660", label, Date(primary.Slice(830, 17)) ?? Date(primary.Slice(813, 17)),
            Fields.Size(primary.Le32(80), primary.Le16(128)), ("VERSION", joliet), ("SYSTEM_ID", Tags.Label(primary.Slice(8, 32))),
            ("PUBLISHER_ID", Tags.Label(primary.Slice(318, 128))), ("APPLICATION_ID", Tags.Label(primary.Slice(574, 128))));
    }

    private static bool BeginsAlike(ReadOnlySpan<byte> ascii, ReadOnlySpan<byte> utf16)
    {
        for (int i = 0; i < utf16.Length; i += 2)
            if (utf16[i] != 0 || utf16[i + 1] != ascii[i / 2])
                return false;
        return true;
    }

    private static string? Date(ReadOnlySpan<byte> d)
    {
        if (!d[..16].ContainsAnyExcept((byte)'0') && d[16] == 0)
            return null;
        foreach (byte digit in d[..16])
            if (!char.IsAsciiDigit((char)digit))
                return null;
        string t = Encoding.ASCII.GetString(d[..16]);
        return $"{t[..4]}-{t[4..6]}-{t[6..8]}-{t[8..10]}-{t[10..12]}-{t[12..14]}-{t[14..16]}";
    }
}

/// <summary>
/// UDF (ECMA-167 and OSTA UDF 2.60): recognised by "NSR02" or "NSR03" in the sequence from 32 KiB on; an anchor in block
/// 256 leads to the descriptors.
/// <code>
/// tag: 0 id  12 location    anchor: 16 length  20 location    primary: 72 volume set identifier[128]
/// logical: 84 logical volume identifier[128]  212 block size  240 UDF revision
/// </code>
/// </summary>
internal static class Udf
{
    private const int FirstDescriptor = 0x8000, MaximumDescriptors = 64;

    private static ReadOnlySpan<int> BlockSizes => [512, 1024, 2048, 4096];

    public static Signature? Probe(ProbeWindow window)
    {
        foreach (int blockSize in BlockSizes)
        {
            if (!IsRecognised(window, Math.Max(blockSize, 2048)))
                continue;
            ReadOnlySpan<byte> anchor = window.At(256L * blockSize, 512);
            if (anchor.IsEmpty || anchor.Le16(0) != 2 || anchor.Le32(12) != 256)
                continue;
            return Describe(window, blockSize, anchor.Le32(20), anchor.Le32(16) / (uint)blockSize);
        }
        return null;
    }

    private static bool IsRecognised(ProbeWindow window, int step)
    {
        for (int i = 0; i < 64; i++)
        {
            ReadOnlySpan<byte> b = window.At(FirstDescriptor + i * step, 7);
            if (b.Has(1, "NSR02"u8) || b.Has(1, "NSR03"u8))
                return true;
            if (!(b.Has(1, "BEA01"u8) || b.Has(1, "BOOT2"u8) || b.Has(1, "CD001"u8) || b.Has(1, "CDW02"u8) || b.Has(1, "TEA01"u8)))
                return false;
        }
        return false;
    }

    private static Signature Describe(ProbeWindow window, int blockSize, uint location, uint count)
    {
        string? label = null, uuid = null, version = null;
        for (uint i = 0; i < Math.Min(count, MaximumDescriptors); i++)
        {
            ReadOnlySpan<byte> b = window.At((location + (long)i) * blockSize, 512);
            if (b.IsEmpty || b.Le32(12) != location + i || b.Le16(0) is 0 or 8)
                break;
            if (b.Le16(0) == 1)
                uuid ??= VolumeSetUuid(b.Slice(72, 128));
            if (b.Le16(0) != 6)
                continue;
            label ??= Tags.Label(Encoding.UTF8.GetBytes(Text(b.Slice(84, 128)) ?? ""));
            if (b.Has(217, "*OSTA UDF Compliant"u8))
                version ??= $"{b.Le16(240) >> 8:X}.{b.Le16(240) & 0xFF:X2}";
        }
        return Signature.FileSystem("udf", label, uuid, null, ("VERSION", version), ("BLOCK_SIZE", Tags.Number(blockSize)));
    }

    /// <summary>A "dstring": a compression identifier (8 or 16 bits a character), the characters, and the length used in the last byte.</summary>
    private static string? Text(ReadOnlySpan<byte> field)
    {
        int used = Math.Clamp(field[^1] - 1, 0, field.Length - 2);
        ReadOnlySpan<byte> characters = field.Slice(1, used);
        string? text = field[0] switch
        {
            8 => Encoding.Latin1.GetString(characters),
            16 => Encoding.BigEndianUnicode.GetString(characters[..(used & ~1)]),
            _ => null,
        };
        int end = text?.IndexOf('\0', StringComparison.Ordinal) ?? -1;
        return end < 0 ? text : text![..end];
    }

    /// <summary>
    /// libblkid's rule: 16 hexadecimal digits at the start are the UUID; where only the first 8 are, the next 4 bytes are
    /// shown in hexadecimal; otherwise the first 8 bytes are.
    /// </summary>
    private static string? VolumeSetUuid(ReadOnlySpan<byte> field)
    {
        byte[] b = Encoding.UTF8.GetBytes(Text(field) ?? "");
        if (b.Length < 8)
            return null;
        Array.Resize(ref b, 16);
        int hexadecimal = 0;
        while (hexadecimal < 16 && char.IsAsciiHexDigit((char)b[hexadecimal]))
            hexadecimal++;
        return hexadecimal switch
        {
            16 => Encoding.ASCII.GetString(b).ToLowerInvariant(),
            >= 8 => Encoding.ASCII.GetString(b, 0, 8).ToLowerInvariant() + Convert.ToHexStringLower(b, 8, 4),
            _ => Convert.ToHexStringLower(b, 0, 8),
        };
    }
}
