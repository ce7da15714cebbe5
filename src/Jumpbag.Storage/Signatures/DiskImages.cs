namespace Jumpbag.Storage.Signatures;

/// <summary>Files that hold a virtual disk. blkid does not know them; the names are those of qemu-img(1).</summary>
internal static class DiskImages
{
    /// <summary>QEMU docs/interop/qcow2.rst, big-endian: 4 version  8 backing_file_offset  24 size  32 crypt_method.</summary>
    public static Signature? ProbeQcow(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(0, 72);
        if (!b.Has(0, [(byte)'Q', (byte)'F', (byte)'I', 0xFB]) || b.Be32(4) is 0 or > 3)
            return null;
        string? backing = b.Be64(8) is 0 or > 1 << 20 || b.Be32(16) is 0 or > 1023 ? null : Tags.Label(window.At((long)b.Be64(8), (int)b.Be32(16)));
        return Signature.Other(b.Be32(4) == 1 ? "qcow" : "qcow2", null, null, Fields.Size(b.Be64(24), 1),
            ("VERSION", Tags.Number(b.Be32(4))), ("BACKING_FILE", backing));
    }

    /// <summary>Virtual Disk Format 5.0: a sparse extent "KDMV" (12 capacity in sectors), an older "COWD", or a text descriptor.</summary>
    public static Signature? ProbeVmdk(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(0, 64);
        if (b.Has(0, "KDMV"u8) && b.Le32(4) is >= 1 and <= 3)
            return Signature.Other("vmdk", null, null, Fields.Size(b.Le64(12), 512), ("VERSION", Tags.Number(b.Le32(4))));
        if (b.Has(0, "COWD"u8))
            return Signature.Other("vmdk", null, null, Fields.Size(b.Le32(12), 512), ("VERSION", "cowd"));
        return window.At(0, 21).Has(0, "# Disk DescriptorFile"u8) ? Signature.Other("vmdk", details: ("VERSION", "descriptor")) : null;
    }

    /// <summary>VirtualBox src/VBox/Storage/VDICore.h: 64 signature  68 version  368 cbDisk  392 uuidCreate.</summary>
    public static Signature? ProbeVdi(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(0, 512);
        return !b.IsEmpty && b.Le32(64) == 0xBEDA_107F
            ? Signature.Other("vdi", null, Tags.Guid(b.Slice(392, 16)), Fields.Size(b.Le64(368), 1), ("VERSION", $"{b.Le16(70)}.{b.Le16(68)}"))
            : null;
    }

    /// <summary>[MS-VHDX] 2.2.1.</summary>
    public static Signature? ProbeVhdx(ProbeWindow window) =>
        window.At(0, 8).Has(0, "vhdxfile"u8) ? Signature.Other("vhdx") : null;

    /// <summary>
    /// Virtual Hard Disk Image Format Specification, big-endian: a footer in the last sector, whose copy begins a dynamic
    /// disk. 48 current size  60 type  68 unique id.
    /// </summary>
    public static Signature? ProbeVhd(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(0, 512);
        if (!b.Has(0, "conectix"u8))
            b = window.At((window.Length - 512) / 512 * 512, 512);
        if (!b.Has(0, "conectix"u8))
            return null;
        string type = b.Be32(60) switch { 2 => "fixed", 3 => "dynamic", 4 => "differencing", _ => "unknown" };
        return Signature.Other("vpc", null, Tags.Uuid(b.Slice(68, 16)), Fields.Size(b.Be64(48), 1), ("VERSION", type));
    }

    /// <summary>QEMU docs/interop/parallels.rst: 36 nb_sectors.</summary>
    public static Signature? ProbeParallels(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(0, 64);
        return b.Has(0, "WithoutFreeSpace"u8) || b.Has(0, "WithouFreSpacExt"u8)
            ? Signature.Other("parallels", null, null, Fields.Size(b.Le64(36), 512))
            : null;
    }
}
