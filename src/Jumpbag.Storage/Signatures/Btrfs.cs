namespace Jumpbag.Storage.Signatures;

/// <summary>
/// The superblock of btrfs. https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html
/// </summary>
/// <remarks><code>
/// 0x00 csum[32]   0x20 fsid   0x30 bytenr: where it stands itself   0x40 magic "_BHRfS_M"   0x70 total_bytes
/// 0x90 sectorsize 0x94 nodesize   0xC4 csum_type   0xC9 dev_item: +0x08 total_bytes, +0x42 uuid   0x12B label[256]
/// </code></remarks>
internal sealed class BtrfsSuperblock
{
    public const int Length = 4096, MagicOffset = 0x40, PrimaryPosition = 64 * 1024;

    private BtrfsSuperblock(ReadOnlySpan<byte> b)
    {
        Uuid = Tags.Uuid(b.Slice(0x20, 16));
        Position = b.Le64(0x30);
        SectorSize = b.Le32(0x90);
        DeviceSize = Fields.Size(b.Le64(0xC9 + 0x08), 1);
        DeviceUuid = Tags.Uuid(b.Slice(0xC9 + 0x42, 16));
        Label = Tags.Label(b.Slice(0x12B, 256));
    }

    public string? Uuid { get; }

    /// <summary>From the start of the device, in bytes: 64 KiB, or 64 MiB and 256 GiB for the copies.</summary>
    public ulong Position { get; }

    public uint SectorSize { get; }

    /// <summary>Of this device; the filesystem may have several.</summary>
    public long? DeviceSize { get; }

    public string? DeviceUuid { get; }

    public string? Label { get; }

    public static BtrfsSuperblock? Parse(ReadOnlySpan<byte> b) =>
        b.Length >= 0x22B && b.Has(MagicOffset, "_BHRfS_M"u8) ? new(b) : null;
}

internal static class Btrfs
{
    public static Signature? Probe(ProbeWindow window) =>
        BtrfsSuperblock.Parse(window.At(BtrfsSuperblock.PrimaryPosition, BtrfsSuperblock.Length)) is { } superblock
            ? Signature.FileSystem("btrfs", superblock.Label, superblock.Uuid, superblock.DeviceSize, ("UUID_SUB", superblock.DeviceUuid))
            : null;
}
