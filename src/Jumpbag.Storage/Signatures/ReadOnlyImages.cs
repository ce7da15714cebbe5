namespace Jumpbag.Storage.Signatures;

/// <summary>Filesystems that are written once: SquashFS, cramfs, romfs, EROFS.</summary>
internal static class ReadOnlyImages
{
    /// <summary>https://dr-emann.github.io/squashfs/: 28 major version, 30 minor, 40 bytes used. Before 4 in the writer's byte order.</summary>
    public static Signature? ProbeSquashFs(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(0, 96);
        bool little = b.Has(0, "hsqs"u8), big = b.Has(0, "sqsh"u8);
        if (!little && !big)
            return null;
        (int major, int minor) = little ? (b.Le16(28), b.Le16(30)) : (b.Be16(28), b.Be16(30));
        return little && major >= 4
            ? Signature.FileSystem("squashfs", null, null, Fields.Size(b.Le64(40), 1), ("VERSION", $"{major}.{minor}"))
            : major <= 3 ? Signature.FileSystem("squashfs3", null, null, null, ("VERSION", $"{major}.{minor}")) : null;
    }

    /// <summary>Linux include/uapi/linux/cramfs_fs.h: 0 magic  4 size  16 signature  48 name; at 0 or after a boot block of 512 bytes.</summary>
    public static Signature? ProbeCramFs(ProbeWindow window)
    {
        ReadOnlySpan<byte> b = window.At(0, 64);
        bool little = b.Has(0, [0x45, 0x3D, 0xCD, 0x28]), big = b.Has(0, [0x28, 0xCD, 0x3D, 0x45]);
        return little || big
            ? Signature.FileSystem("cramfs", Tags.Label(b.Slice(48, 16)), null, little ? b.Le32(4) : b.Be32(4))
            : null;
    }

    /// <summary>Linux Documentation/filesystems/romfs.rst: 0 "-rom1fs-"  8 full size  16 volume name.</summary>
    public static Signature? ProbeRomFs(ProbeWindow window) =>
        window.At(0, 32) is var b && b.Has(0, "-rom1fs-"u8)
            ? Signature.FileSystem("romfs", Tags.Label(b.Slice(16, 16)), null, b.Be32(8))
            : null;

    /// <summary>Linux fs/erofs/erofs_fs.h, at 1 KiB: 12 blkszbits  36 blocks  48 uuid  64 volume_name.</summary>
    public static Signature? ProbeEroFs(ProbeWindow window) =>
        window.At(1024, 128) is var b && b.Has(0, [0xE2, 0xE1, 0xF5, 0xE0]) && b[12] is >= 9 and <= 16
            ? Signature.FileSystem("erofs", Tags.Label(b.Slice(64, 16)), Tags.Uuid(b.Slice(48, 16)), Fields.Size(b.Le32(36), 1UL << b[12]))
            : null;
}
