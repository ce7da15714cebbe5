using Jumpbag.Core;

namespace Jumpbag.Storage.Signatures;

/// <summary>
/// The label of an LVM2 physical volume, in one of the first four sectors. Its metadata has a reader of its own.
/// https://github.com/libyal/libvslvm/blob/main/documentation/Logical%20Volume%20Manager%20(LVM)%20format.asciidoc
/// <code>
/// 0 "LABELONE"   8 sector   16 crc   20 offset of what follows   24 "LVM2 001"   32 pv_uuid[32]   64 device_size
/// </code>
/// </summary>
internal static class Lvm
{
    private const int SectorSize = 512;
    private const uint InitialCrc = 0xF597_A6CF;

    public static Signature? Probe(ProbeWindow window)
    {
        for (int sector = 0; sector < 4; sector++)
            if (window.At(sector * SectorSize, SectorSize) is var label && IsLabel(label) && label.Le64(8) == (ulong)sector)
                return Describe(label);
        return null;
    }

    public static bool IsLabel(ReadOnlySpan<byte> label) =>
        label.Length >= SectorSize && label.Has(0, "LABELONE"u8) && label.Has(24, "LVM2 001"u8)
        && Checksums.Crc32(InitialCrc, label[20..SectorSize]) == label.Le32(16);

    public static Signature Describe(ReadOnlySpan<byte> label) =>
        Signature.Raid("LVM2_member", null, Tags.LvmUuid(label.Slice(32, 32)), Fields.Size(label.Le64(64), 1), ("VERSION", "LVM2 001"));

    /// <summary>LVM1: "HM", the version, and the UUID in a field four times as long as it.</summary>
    public static Signature? ProbeVersion1(ProbeWindow window) =>
        window.At(0, 512) is var b && b.Has(0, "HM"u8) && b.Le16(2) is 1 or 2
            ? Signature.Raid("LVM1_member", null, Tags.LvmUuid(b.Slice(44, 32)), null)
            : null;

    public static Signature? ProbeSnapshot(ProbeWindow window) =>
        window.At(0, 512).Has(0, "SnAp"u8) ? Signature.Other("DM_snapshot_cow") : null;
}
